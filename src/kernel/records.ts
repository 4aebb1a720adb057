/**
 * Checks that every record of delimited text is plain, where it lies mapped, at the speed of
 * memory, and looks in some columns for values that a parser would misread: some 400 instructions
 * of machine code on a thread of libuv's pool. The WebAssembly kernels of formats/csv are the
 * fallback and the second opinion in the tests.
 *
 * The bytes are those of asm/records-x64.s; a test assembles it and compares.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { assert } from '../errors.ts';
import { MiB } from '../units.ts';
import { mmap, mprotect, munmap } from './calls.ts';
import { MAP } from './constants.ts';
import { KernelError } from './errno.ts';
import { CHECK_CODE } from './records-code.ts';
import { addressOf, type Fd, lend, type NativeCode, nativeCode, viewOf } from './syscall.ts';

/** Of processors without these the WebAssembly kernel does the work. */
const NEEDED = ['avx2', 'bmi1', 'bmi2', 'pclmulqdq', 'popcnt'];

/** AMD's before family 25 (Zen 3) carry PEXT out bit by bit. */
const AMD_FAMILY_MIN = 25;

/** The state of the check, in 64-bit words; see the source. */
const WORD = {
  at: 0,
  end: 1,
  phase: 2,
  rows: 3,
  patterns: 4,
  phasesAfter: 5,
  stop: 6,
  quoted: 8,
  mayOpen: 9,
  closed: 10,
  windowBytes: 11,
  windowStart: 12,
  mappingEnd: 15,
  numbers: 16,
  others: 17,
  watched: 18,
  found: 19,
  eightZeros: 20,
  aboveDigits: 21,
  highBits: 22,
} as const;
const STATE_WORDS = 64;
/** Bytes of the state: delimiter, line end, quote, whether quotes count, CR, point, and numbers. */
const BYTES_AT = 56;
/** What each byte is, in the state. */
const CLASSES_AT = 256;
const CLASS = { endsNumber: 1, isEmpty: 2, quote: 4 } as const;

const BLOCK_BYTES = 64;
/** What a block looks at behind itself: 128 bytes of a value that begins there, and a bit more. */
const LOOKAHEAD_BYTES = 256;
/** What is left of the text when less than a block and what it looks at is. */
const TAIL_BYTES = BLOCK_BYTES + LOOKAHEAD_BYTES;
/** As much of the file as is this process's memory at one time. */
const WINDOW_BYTES = 8 * MiB;
const PAGE_MASK = -4096n;

/** A phase and 64 more have to fit 16 bits, and the patterns a core's cache. */
const FIELDS_MAX = 4096;

const CR = 13;
const POINT = 46;
/** From the point to the nine; the slash among them is in no number, which its parser will say. */
const NUMBER_BYTES = 11;
const NINE = 57;
const PLAIN_SO_FAR = 0;

/** What can be looked for in a column; bits. See formats/csv/odd-values.ts. */
export const LOOKED_FOR = { number: 1, double: 2, micros: 4, unseen: 8 } as const;

export interface RecordRules {
  /** Where the first record starts. */
  readonly byte: number;
  readonly delimiter: number;
  readonly lineEnd: number;
  /** -1 for none. */
  readonly quote: number;
  readonly fields: number;
}

export interface RecordCheck {
  /** True when every record is plain; false also when it was told to stop. */
  readonly plain: Promise<boolean>;
  /** The bits of LOOKED_FOR that were found in each column, when all are plain. */
  readonly found: Promise<Uint8Array>;
  /** It ends within milliseconds; nothing waits for it. */
  stop(): void;
}

/**
 * Starts to check the file, and to look in its columns for what `watched` says of each: bits of
 * LOOKED_FOR. What is found may be a false alarm, what is not found is not there. undefined where
 * there is no code for the processor, or the records are too wide for it. A fault guard (sigbus.ts)
 * has to stand until the answer is there.
 */
export function checkRecords(
  fd: Fd,
  size: number,
  rules: RecordRules,
  watched: Uint8Array = new Uint8Array(rules.fields),
): RecordCheck | undefined {
  if (rules.fields > FIELDS_MAX || rules.byte >= size) return undefined;
  // Such a delimiter would pass for a part of a number.
  if (rules.delimiter >= POINT && rules.delimiter <= NINE) return undefined;
  const code = install();
  return code === undefined ? undefined : new Check(code, fd, size, rules, watched).start();
}

class Check {
  readonly #code: NativeCode;
  readonly #rules: RecordRules;
  readonly #mapping: bigint;
  readonly #size: number;
  readonly #state = new BigUint64Array(STATE_WORDS);
  readonly #found: Uint8Array;
  /** Kept here because the state has only their addresses. */
  readonly #tables: Tables;

  constructor(code: NativeCode, fd: Fd, size: number, rules: RecordRules, watched: Uint8Array) {
    const address = mmap(size, { protection: MAP.PROT_READ, flags: MAP.MAP_SHARED, fd });
    if (address < 0) throw new KernelError(-address, 'map a file to check its records');
    this.#code = code;
    this.#rules = rules;
    this.#mapping = BigInt(address);
    this.#size = size;
    this.#found = new Uint8Array(rules.fields);
    this.#tables = tablesOf(rules.fields, watched);
    this.#setBytes();
    this.#setWords(this.#firstByte());
  }

  start(): RecordCheck {
    const plain = this.#code
      .callAsync(addressOf(this.#state))
      .then((answer) => answer === PLAIN_SO_FAR && this.#finish())
      .finally(() => munmap(this.#mapping, this.#size));
    const found = plain.then(() => this.#found);
    return { plain, found, stop: () => void Atomics.store(this.#state, WORD.stop, 1n) };
  }

  #setBytes(): void {
    const { delimiter, lineEnd, quote } = this.#rules;
    const quotesCount = quote < 0 ? 0 : 0xff;
    const bytes = new Uint8Array(this.#state.buffer);
    const own = [delimiter, lineEnd, Math.max(0, quote), quotesCount, CR, POINT, NUMBER_BYTES];
    bytes.set(own, BYTES_AT);
    // Behind the text lie zeros.
    for (const byte of [delimiter, lineEnd, CR, 0])
      bytes[CLASSES_AT + byte] = CLASS.endsNumber | CLASS.isEmpty;
    if (quote >= 0) bytes[CLASSES_AT + quote] = CLASS.quote;
  }

  #setWords(start: bigint): void {
    const state = this.#state;
    const { patterns, phasesAfter, numbers, others, watched } = this.#tables;
    // The line end of the header comes first: behind it the first value begins.
    const isBehindLine = start < this.#mapping + BigInt(this.#rules.byte);
    state[WORD.phase] = isBehindLine ? BigInt(this.#rules.fields - 1) : 0n;
    state[WORD.mayOpen] = 1n;
    state[WORD.patterns] = addressOf(patterns);
    state[WORD.phasesAfter] = addressOf(phasesAfter);
    state[WORD.at] = start;
    state[WORD.end] = this.#mapping + BigInt(Math.max(0, this.#size - LOOKAHEAD_BYTES));
    state[WORD.windowBytes] = BigInt(WINDOW_BYTES);
    state[WORD.windowStart] = start & PAGE_MASK;
    state[WORD.mappingEnd] = this.#mapping + BigInt(this.#size);
    state[WORD.numbers] = addressOf(numbers);
    state[WORD.others] = addressOf(others);
    state[WORD.watched] = addressOf(watched);
    state[WORD.found] = addressOf(this.#found);
    state[WORD.eightZeros] = 0x3030303030303030n;
    state[WORD.aboveDigits] = 0x7676767676767676n;
    state[WORD.highBits] = 0x0080808080808080n;
  }

  /** That of the first record, or the line end before it. */
  #firstByte(): bigint {
    const { byte, lineEnd } = this.#rules;
    const first = this.#mapping + BigInt(byte);
    if (byte === 0) return first;
    const [before] = new Uint8Array(viewOf(first - 1n, 1));
    return before === lineEnd ? first - 1n : first;
  }

  /** The last bytes, from a copy with the line end that the last record may lack. */
  #finish(): boolean {
    const state = this.#state;
    const from = Number((state[WORD.at] ?? 0n) - this.#mapping);
    const rest = this.#size - from;
    assert(rest >= 0 && rest < TAIL_BYTES, `${rest} bytes were not checked`);
    const tail = new Uint8Array(TAIL_BYTES + BLOCK_BYTES + LOOKAHEAD_BYTES);
    if (rest > 0) tail.set(new Uint8Array(viewOf(state[WORD.at] ?? 0n, rest)));
    const { lineEnd } = this.#rules;
    const isOpen =
      state[WORD.phase] !== 0n || state[WORD.quoted] !== 0n || state[WORD.mayOpen] === 0n;
    const ends = rest > 0 ? tail[rest - 1] === lineEnd : !isOpen;
    if (!ends) tail[rest] = lineEnd;
    state[WORD.windowBytes] = 0n;
    return lend(tail, (address) => {
      state[WORD.at] = address;
      state[WORD.end] = address + BigInt(TAIL_BYTES + BLOCK_BYTES);
      if (this.#code.call(addressOf(state)) !== PLAIN_SO_FAR) return false;
      return state[WORD.phase] === 0n && state[WORD.quoted] === 0n;
    });
  }
}

/** What the code reads for each phase and for each column; see its source. */
interface Tables {
  readonly patterns: BigUint64Array;
  readonly phasesAfter: Uint16Array;
  readonly numbers: Uint32Array;
  readonly others: Uint32Array;
  readonly watched: Uint8Array;
}

function tablesOf(fields: number, columns: Uint8Array): Tables {
  const patterns = new BigUint64Array(fields + 1);
  for (let phase = 0; phase < fields; phase += 1) {
    let bits = 0n;
    for (let bit = fields - 1 - phase; bit < 64; bit += fields) bits |= 1n << BigInt(bit);
    patterns[phase] = bits;
  }
  const phasesAfter = Uint16Array.from({ length: fields + 65 }, (_, index) => index % fields);
  const isOther = LOOKED_FOR.micros | LOOKED_FOR.unseen;
  const numbers = columns.map((bits) => (bits !== 0 && (bits & isOther) === 0 ? 1 : 0));
  const others = columns.map((bits) => ((bits & isOther) === 0 ? 0 : 1));
  return {
    patterns,
    phasesAfter,
    numbers: beginnings(fields, numbers),
    others: beginnings(fields, others),
    watched: columns.slice(),
  };
}

/** For each phase which of the next 64 ends of fields have one of these columns behind them. */
function beginnings(fields: number, isWanted: Uint8Array): Uint32Array {
  const halves = new Uint32Array(2 * (fields + 1));
  for (const [column, wanted] of isWanted.entries()) {
    for (let bit = 0; wanted !== 0 && bit < 64; bit += 1) {
      const phase = (column - 1 - bit + 64 * fields) % fields;
      const half = 2 * phase + (bit >> 5);
      halves[half] = (halves[half] ?? 0) | (1 << (bit & 31));
    }
  }
  return halves;
}

let installed: NativeCode | undefined | 'refused';

function install(): NativeCode | undefined {
  if (installed === undefined) installed = isAble() ? (mapCode() ?? 'refused') : 'refused';
  return installed === 'refused' ? undefined : installed;
}

/** Writable or executable, never both; undefined where the host forbids even this. */
function mapCode(): NativeCode | undefined {
  const code = Buffer.from(CHECK_CODE, 'hex');
  const flags = MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS;
  const address = mmap(code.length, { protection: MAP.PROT_READ | MAP.PROT_WRITE, flags });
  if (address < 0) return undefined;
  new Uint8Array(viewOf(BigInt(address), code.length)).set(code);
  const executable = MAP.PROT_READ | MAP.PROT_EXEC;
  if (mprotect(BigInt(address), code.length, executable) < 0) return undefined;
  return nativeCode(BigInt(address));
}

/** The kernel lists only what both it and the processor can do. */
function isAble(): boolean {
  if (process.arch !== 'x64') return false;
  const first = Buffer.alloc(8192);
  try {
    const file = openSync('/proc/cpuinfo', 'r');
    readSync(file, first, 0, first.length, 0);
    closeSync(file);
  } catch {
    return false;
  }
  const text = first.toString('latin1');
  const value = (key: string): string =>
    new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? '';
  const flags = new Set(value('flags').split(' '));
  if (!NEEDED.every((flag) => flags.has(flag))) return false;
  return value('vendor_id') !== 'AuthenticAMD' || Number(value('cpu family')) >= AMD_FAMILY_MIN;
}
