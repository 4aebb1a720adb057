/**
 * Checks that every record of delimited text is plain, where it lies mapped, at the speed of
 * memory: some 200 instructions of machine code on a thread of libuv's pool. A gigabyte takes 0.06
 * seconds of one processor; the WebAssembly kernel of formats/csv, which is the fallback and the
 * second opinion in the tests, needs 0.27 with the copying and the thread around it.
 *
 * The bytes are those of asm/records-x64.s; a test assembles it and compares.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { assert } from '../errors.ts';
import { MiB } from '../units.ts';
import { mmap, mprotect, munmap } from './calls.ts';
import { MAP } from './constants.ts';
import { KernelError } from './errno.ts';
import { addressOf, type Fd, lend, type NativeCode, nativeCode, viewOf } from './syscall.ts';

export const CHECK_CODE =
  '53554154415541564157c4e27d784738c4e27d784f39c4e27d78573ac4e27d785f3bc4627d787f3c488b374c8b47' +
  '104c8b4f204c8b57284c8b5f18488b5f40488b6f484c8b67504c8b770848837f58007419ba16000000e80e020000' +
  '488b4760480347584c39f04c0f42f0488d46404c39f00f87a0000000c5fe6f26c5fe6f6e20c5dd74f0c5d574f8c5' +
  'fdd7c6c5fdd7cf48c1e1204809c8c5dd74f1c5d574f9c5fdd7d6c5fdd7cf48c1e1204809cac5dd74f2c5d574fac5' +
  'cddbf3c5c5dbfbc54debc7c4427d17c00f85a20000004885db0f85990000004531e44889c14809d14889cd48c1ed' +
  '3ff34c0fb8e9c462eaf5f94b8b04c1c4e290f5c04c39f87543f3480fb8d24901d34d01e8470fb704424883c640e9' +
  '53ffffff4c3b7708742bba04000000e842010000488b47584801476048837f30000f840cffffffb802000000eb09' +
  'b801000000eb0231c04889374c8947104c895f1848895f4048896f484c896750c5f877415f415e415d415c5d5bc3' +
  'c57dd7eec5fdd7cf48c1e1204909cdc441f96ec5c4413174c9c4433944c100c441f97ec74931df4889c14809d148' +
  '894f684801c94809e9c4c280f2ed488d5c2d004809d94c09e14d89ec4d21fcc4c2f0f2cc48894f70c4c15d74f7c4' +
  'c15574ffc57dd7e6c5fdd7cf48c1e1204909cc31db0fb64e403a4f390f94c348d1cb4889d148d1e94809d94921cc' +
  '4d09e54c0b6f6849d1ed4909dd0fb64e4031db3a4f380f94c34531e43a4f3a410f94c44c09e3440fb766408a6f39' +
  'b10d664139cc0f94c10fb6c94809cb48d1cb4909ddc46290f2ed4c0b6f700f85f6feffff4c89fb48c1fb3f4989ec' +
  '49c1ec3fc4e280f2d2c4e280f24f68e976feffff57564153488b7778482b7760483b7758480f477758488b7f60b8' +
  '1c0000000f05415b5e5fc3';

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
} as const;
const STATE_WORDS = 16;
/** Bytes of the state: delimiter, line end, quote, whether quotes count, CR. */
const BYTES_AT = 56;

const BLOCK_BYTES = 64;
/** What a block looks at behind itself. */
const LOOKAHEAD_BYTES = 2;
/** As much of the file as is this process's memory at one time. */
const WINDOW_BYTES = 8 * MiB;
const PAGE_MASK = -4096n;

/** A phase and 64 more have to fit 16 bits, and the patterns a core's cache. */
const FIELDS_MAX = 4096;

const CR = 13;
const PLAIN_SO_FAR = 0;

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
  /** It ends within milliseconds; nothing waits for it. */
  stop(): void;
}

/**
 * Starts to check the file; undefined where there is no code for the processor, or the records
 * are too wide for it. A fault guard (sigbus.ts) has to stand until the answer is there.
 */
export function checkRecords(fd: Fd, size: number, rules: RecordRules): RecordCheck | undefined {
  if (rules.fields > FIELDS_MAX || rules.byte >= size) return undefined;
  const code = install();
  return code === undefined ? undefined : new Check(code, fd, size, rules).start();
}

class Check {
  readonly #code: NativeCode;
  readonly #rules: RecordRules;
  readonly #mapping: bigint;
  readonly #size: number;
  readonly #state = new BigUint64Array(STATE_WORDS);
  /** Kept here because the state has only their addresses. */
  readonly #tables: readonly [BigUint64Array, Uint16Array];

  constructor(code: NativeCode, fd: Fd, size: number, rules: RecordRules) {
    const address = mmap(size, { protection: MAP.PROT_READ, flags: MAP.MAP_SHARED, fd });
    if (address < 0) throw new KernelError(-address, 'map a file to check its records');
    this.#code = code;
    this.#rules = rules;
    this.#mapping = BigInt(address);
    this.#size = size;
    this.#tables = tablesOf(rules.fields);
    const { delimiter, lineEnd, quote } = rules;
    const quotesCount = quote < 0 ? 0 : 0xff;
    new Uint8Array(this.#state.buffer, BYTES_AT).set([
      delimiter,
      lineEnd,
      Math.max(0, quote),
      quotesCount,
      CR,
    ]);
    const start = this.#mapping + BigInt(rules.byte);
    this.#state[WORD.mayOpen] = 1n;
    this.#state[WORD.patterns] = addressOf(this.#tables[0]);
    this.#state[WORD.phasesAfter] = addressOf(this.#tables[1]);
    this.#state[WORD.at] = start;
    this.#state[WORD.end] = this.#mapping + BigInt(Math.max(0, size - LOOKAHEAD_BYTES));
    this.#state[WORD.windowBytes] = BigInt(WINDOW_BYTES);
    this.#state[WORD.windowStart] = start & PAGE_MASK;
    this.#state[WORD.mappingEnd] = this.#mapping + BigInt(size);
  }

  start(): RecordCheck {
    const plain = this.#code
      .callAsync(addressOf(this.#state))
      .then((answer) => answer === PLAIN_SO_FAR && this.#finish())
      .finally(() => munmap(this.#mapping, this.#size));
    return { plain, stop: () => void Atomics.store(this.#state, WORD.stop, 1n) };
  }

  /** The last bytes, from a copy with the line end that the last record may lack. */
  #finish(): boolean {
    const state = this.#state;
    const from = Number((state[WORD.at] ?? 0n) - this.#mapping);
    const rest = this.#size - from;
    assert(rest >= 0 && rest < BLOCK_BYTES + LOOKAHEAD_BYTES, `${rest} bytes were not checked`);
    const tail = new Uint8Array(3 * BLOCK_BYTES);
    if (rest > 0) tail.set(new Uint8Array(viewOf(state[WORD.at] ?? 0n, rest)));
    const { lineEnd } = this.#rules;
    const isOpen =
      state[WORD.phase] !== 0n || state[WORD.quoted] !== 0n || state[WORD.mayOpen] === 0n;
    const ends = rest > 0 ? tail[rest - 1] === lineEnd : !isOpen;
    if (!ends) tail[rest] = lineEnd;
    state[WORD.windowBytes] = 0n;
    return lend(tail, (address) => {
      state[WORD.at] = address;
      state[WORD.end] = address + BigInt(2 * BLOCK_BYTES);
      if (this.#code.call(addressOf(state)) !== PLAIN_SO_FAR) return false;
      return state[WORD.phase] === 0n && state[WORD.quoted] === 0n;
    });
  }
}

/** What the code calls patterns and phasesAfter. */
function tablesOf(fields: number): readonly [BigUint64Array, Uint16Array] {
  const patterns = new BigUint64Array(fields + 1);
  for (let phase = 0; phase < fields; phase += 1) {
    let bits = 0n;
    for (let bit = fields - 1 - phase; bit < 64; bit += fields) bits |= 1n << BigInt(bit);
    patterns[phase] = bits;
  }
  const phasesAfter = Uint16Array.from({ length: fields + 65 }, (_, index) => index % fields);
  return [patterns, phasesAfter];
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
