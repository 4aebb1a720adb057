/** A pass of the machine code of asm/records-x64.s over a mapped file: its state and its ends. */
import { assert } from '../errors.ts';
import { MiB } from '../units.ts';
import { mmap, munmap } from './calls.ts';
import { MAP } from './constants.ts';
import { KernelError } from './errno.ts';
import { type PickTables, pickTablesOf, type Tables, tablesOf } from './records-tables.ts';
import { addressOf, type Fd, lend, type NativeCode, viewOf } from './syscall.ts';

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
  runEnds: 23,
  runStarts: 24,
  runAt: 25,
  out: 26,
  outEnd: 27,
  runsLeft: 28,
  runs: 29,
  recordEnd: 30,
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

const CR = 13;
export const POINT = 46;
/** From the point to the nine; the slash among them is in no number, which its parser will say. */
const NUMBER_BYTES = 11;
/** What the code answers. */
const ANSWERS = ['plain', 'faulty', 'stopped', 'full'] as const;
/** A copy writes this many bytes at once. */
const COPY_BYTES = 32;

export interface RecordRules {
  /** Where the first record starts. */
  readonly byte: number;
  readonly delimiter: number;
  readonly lineEnd: number;
  /** -1 for none. */
  readonly quote: number;
  readonly fields: number;
}

/** Which columns are to be copied out, and where to. */
export interface Pick {
  /** For each column whether it is. */
  readonly columns: Uint8Array;
  /** Memory that lasts until the answer, and how much of it there is. */
  readonly address: bigint;
  readonly byteLength: number;
}

export interface Picked {
  /** 'full': what is picked does not fit, and nothing else is known. */
  readonly answer: (typeof ANSWERS)[number];
  /** See RecordCheck. */
  readonly found: Uint8Array;
  /** Of the columns that were picked: the records as they are, each with a line end. */
  readonly byteLength: number;
}

/** What was picked of a part of the text. */
export interface Window {
  readonly answer: Picked['answer'];
  /** Of the whole records that were copied. */
  readonly byteLength: number;
  /** True when it was the last part. */
  readonly isLast: boolean;
}

export class Check {
  readonly #code: NativeCode;
  readonly #rules: RecordRules;
  readonly #mapping: bigint;
  readonly #size: number;
  readonly #state = new BigUint64Array(STATE_WORDS);
  readonly #found: Uint8Array;
  /** Kept here because the state has only their addresses. */
  readonly #tables: Tables;
  #runs: PickTables | undefined;
  #outStart = 0n;
  /** Of a record that goes on behind the last window. */
  #carried = new Uint8Array();
  /** It begins with the line end before the first record: behind that the first value begins. */
  readonly #isBehindLine: boolean;

  constructor(code: NativeCode, fd: Fd, size: number, rules: RecordRules, watched: Uint8Array) {
    const address = mmap(size, { protection: MAP.PROT_READ, flags: MAP.MAP_SHARED, fd });
    if (address < 0) throw new KernelError(-address, 'map a file to check its records');
    this.#code = code;
    this.#rules = rules;
    this.#mapping = BigInt(address);
    this.#size = size;
    this.#found = new Uint8Array(rules.fields);
    this.#tables = tablesOf(rules.fields, watched);
    const first = this.#mapping + BigInt(rules.byte);
    this.#isBehindLine =
      rules.byte > 0 && new Uint8Array(viewOf(first - 1n, 1))[0] === rules.lineEnd;
    this.#setBytes();
    this.#setWords(this.#isBehindLine ? first - 1n : first);
  }

  async run(): Promise<Picked> {
    try {
      const answer = await this.#advance(this.#lastEnd);
      const byteLength = Number((this.#state[WORD.out] ?? 0n) - this.#outStart);
      return { answer, found: this.#found, byteLength };
    } finally {
      this.close();
    }
  }

  /** The bits of LOOKED_FOR that were found in each column so far. */
  get found(): Uint8Array {
    return this.#found;
  }

  /** Goes on for about so many bytes, and copies to this memory: a line end, then whole records. */
  async window(memory: Omit<Pick, 'columns'>, bytes: number): Promise<Window> {
    if (this.#outStart !== memory.address) this.#moveOut(memory);
    const lastEnd = this.#lastEnd;
    const at = (this.#state[WORD.at] ?? 0n) + BigInt(bytes);
    const isLast = at >= lastEnd;
    const answer = await this.#advance(isLast ? lastEnd : at);
    const { recordEnd, out } = this.#goesTo;
    this.#carried = new Uint8Array(viewOf(recordEnd, Number(out - recordEnd) + 1)).slice(0, -1);
    return { answer, byteLength: Number(recordEnd - memory.address), isLast };
  }

  get #goesTo(): { readonly recordEnd: bigint; readonly out: bigint } {
    return { recordEnd: this.#state[WORD.recordEnd] ?? 0n, out: this.#state[WORD.out] ?? 0n };
  }

  close(): void {
    munmap(this.#mapping, this.#size);
  }

  get #lastEnd(): bigint {
    return this.#mapping + BigInt(Math.max(0, this.#size - LOOKAHEAD_BYTES));
  }

  async #advance(end: bigint): Promise<Picked['answer']> {
    this.#state[WORD.end] = end;
    const first = await this.#code.callAsync(addressOf(this.#state));
    const code = first === 0 && end === this.#lastEnd ? this.#finish() : first;
    return ANSWERS[code] ?? 'faulty';
  }

  #moveOut({ address, byteLength }: Omit<Pick, 'columns'>): void {
    const state = this.#state;
    const carried = this.#carried.subarray(0, byteLength - 1);
    const memory = new Uint8Array(viewOf(address, carried.length + 1));
    memory[0] = this.#rules.lineEnd;
    memory.set(carried, 1);
    this.#outStart = address;
    // What does not fit is found to be so by the next copy.
    state[WORD.out] = address + BigInt(this.#carried.length + 1);
    state[WORD.outEnd] = address + BigInt(byteLength - COPY_BYTES);
    state[WORD.recordEnd] = address + 1n;
  }

  stop(): void {
    Atomics.store(this.#state, WORD.stop, 1n);
  }

  /** To be said before it runs. */
  pick({ columns, address, byteLength }: Pick): void {
    const state = this.#state;
    const runs = pickTablesOf(columns);
    this.#runs = runs;
    this.#outStart = address;
    state[WORD.runEnds] = addressOf(runs.ends);
    state[WORD.runStarts] = addressOf(runs.starts);
    state[WORD.outEnd] = address + BigInt(byteLength - COPY_BYTES);
    state[WORD.runs] = BigInt(runs.count);
    state[WORD.runsLeft] = BigInt(runs.count);
    // The line end comes first. Where it is the first byte that is read, and ends the last column,
    // it is a run by itself.
    const isRun = this.#isBehindLine && columns.at(-1) === 1;
    state[WORD.out] = isRun ? address : address + 1n;
    state[WORD.recordEnd] = address + 1n;
    if (isRun) state[WORD.runsLeft] = 1n;
    else new Uint8Array(viewOf(address, 1))[0] = this.#rules.lineEnd;
    if (isRun || (!this.#isBehindLine && columns[0] === 1))
      state[WORD.runAt] = state[WORD.at] ?? 0n;
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
    state[WORD.phase] = this.#isBehindLine ? BigInt(this.#rules.fields - 1) : 0n;
    state[WORD.mayOpen] = 1n;
    state[WORD.patterns] = addressOf(patterns);
    state[WORD.phasesAfter] = addressOf(phasesAfter);
    state[WORD.at] = start;
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

  /** The last bytes, from a copy with the line end that the last record may lack. */
  #finish(): number {
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
      if (!this.#moveRun(address)) return ANSWERS.indexOf('full');
      state[WORD.at] = address;
      state[WORD.end] = address + BigInt(TAIL_BYTES + BLOCK_BYTES);
      const code = this.#code.call(addressOf(state));
      const isWhole = state[WORD.phase] === 0n && state[WORD.quoted] === 0n;
      return code === 0 && !isWhole ? ANSWERS.indexOf('faulty') : code;
    });
  }

  /** What of the present run lies before the last bytes; false when it does not fit. */
  #moveRun(tail: bigint): boolean {
    const state = this.#state;
    const { runAt = 0n, out = 0n } = { runAt: state[WORD.runAt], out: state[WORD.out] };
    if (this.#runs === undefined || runAt === 0n) return true;
    const length = Number((state[WORD.at] ?? 0n) - runAt);
    if (out + BigInt(length) > (state[WORD.outEnd] ?? 0n)) return false;
    if (length > 0) new Uint8Array(viewOf(out, length)).set(new Uint8Array(viewOf(runAt, length)));
    state[WORD.runAt] = tail;
    state[WORD.out] = out + BigInt(length);
    return true;
  }
}
