/**
 * Checks what Polars does not: it fills short rows with nulls, takes a blank line for a row of
 * nulls, and passes over extra fields that no query asked for (measured, 0.26.1).
 */
import type { Dialect } from '../options.ts';
import {
  bytesInMemory,
  censusKernel,
  KERNEL_CHUNK_BYTES,
  type KernelScan,
} from './census-kernel.ts';
import { mayQuoteFields } from './first-quotes.ts';
import type { RecordStart } from './records.ts';

export type RowFault = 'blank' | 'short' | 'long' | 'after-quote' | 'stray-quote' | 'unterminated';

export interface FaultyRow {
  /** 'stray-quote' only where that is all: such a row has the right number of fields. */
  readonly fault: RowFault;
  /** A row of another number of fields has quotes within some. */
  readonly hasStray?: true;
  readonly line: number;
  /** Offsets of its first byte and of the first byte behind it. */
  readonly byte: number;
  readonly end: number;
  readonly fields: number;
}

export interface Census {
  /** Rows that are as they should be; undefined when they were not counted but taken to be so. */
  readonly rows: number | undefined;
  /** In file order. */
  readonly faulty: readonly FaultyRow[];
  /** There are quotes, and no field begins with one: they were counted as any other character. */
  readonly isUnquoted?: true;
}

export const UNCOUNTED: Census = { rows: undefined, faulty: [] };

const LF = 0x0a;
const CR = 0x0d;

/** Counts the rows from `from` on and lists those that do not have `fields` fields. */
export function census(
  bytes: Buffer,
  dialect: Dialect,
  fields: number,
  from: RecordStart = { byte: 0, line: 1 },
): Census {
  return new Counter(bytes, dialect, fields).count(from);
}

/** Below this, compiling the kernel costs more than it saves. */
const KERNEL_BYTES_MIN = 512 * 1024;

/** After a faulty row this many good ones are looked at here before the kernel goes on. */
const GOOD_ROWS_BEFORE_KERNEL = 64;

/** A census of the whole records at the start of a text that goes on. */
export interface OpenCensus extends Census {
  /** Offset behind the last whole record, and how many lines lie before it. */
  readonly end: number;
  readonly lines: number;
}

/**
 * As census, for a text that goes on behind `bytes`: the record that is cut there is left out. Where
 * records end is found by the rules they are counted by, so that a text cut anywhere has the same
 * records as the whole of it.
 */
export function openCensus(bytes: Buffer, dialect: Dialect, fields: number): OpenCensus {
  return new Counter(bytes, dialect, fields, true).countOpen();
}

class Counter {
  readonly #bytes: Buffer;
  readonly #fields: number;
  readonly #delimiter: number;
  /** -1 for none, also once it is known that no field begins with one. */
  #quote: number;
  readonly #lineEnd: number;
  readonly #comment: Buffer;
  readonly #dialect: Dialect;
  /** Whether fields are quoted was looked at. */
  #isQuoteSure = false;
  /** The text goes on behind the bytes. */
  readonly #goesOn: boolean;
  readonly #faulty: FaultyRow[] = [];
  #rows = 0;
  #line = 1;
  /** Behind the last record that was read. */
  #end = 0;

  constructor(bytes: Buffer, dialect: Dialect, fields: number, goesOn = false) {
    this.#bytes = bytes;
    this.#fields = fields;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote === '' ? -1 : dialect.quote.charCodeAt(0);
    this.#lineEnd = dialect.lineEnd.charCodeAt(0);
    this.#comment = Buffer.from(dialect.comment ?? '');
    this.#dialect = dialect;
    this.#goesOn = goesOn;
  }

  countOpen(): OpenCensus {
    const counted = this.count({ byte: 0, line: 1 });
    return { ...counted, end: this.#end, lines: this.#line - 1 };
  }

  count(from: RecordStart): Census {
    this.#line = from.line;
    const isPlain = this.#comment.length === 0;
    const isLong = this.#bytes.length - from.byte >= KERNEL_BYTES_MIN;
    // The kernel takes a CR before the end for half a CRLF; here it is a character after a quote.
    const endsInCr = !this.#goesOn && this.#bytes.at(-1) === 13 && this.#lineEnd !== 13;
    if (isPlain && isLong && !endsInCr) this.#countFast(from.byte);
    else this.#countFrom(from.byte, Number.POSITIVE_INFINITY);
    const isUnquoted = this.#quote < 0 && this.#dialect.quote !== '';
    return { rows: this.#rows, faulty: this.#faulty, ...(isUnquoted ? { isUnquoted } : {}) };
  }

  /**
   * Reads records until `goodRows` good ones came in a row; gives the offset behind them, or the
   * length of the text when no whole one follows.
   */
  #countFrom(start: number, goodRows: number): number {
    const { length } = this.#bytes;
    let at = start;
    let good = 0;
    this.#end = at;
    while (at < length && good < goodRows) {
      const faults = this.#faulty.length;
      const line = this.#line;
      at = this.#isComment(at) ? this.#lineEndAfter(at) : this.#record(at);
      if (at < 0) {
        this.#line = line;
        return length;
      }
      this.#end = at;
      good = faults === this.#faulty.length ? good + 1 : 0;
    }
    return at;
  }

  /** The kernel counts good rows; at every other one it stops, and this class looks at it. */
  #countFast(from: number): void {
    const kernel = censusKernel();
    const source = bytesInMemory(this.#bytes);
    const rules = {
      delimiter: this.#delimiter,
      lineEnd: this.#lineEnd,
      quote: this.#quote,
      fields: this.#fields,
    };
    let at = from;
    let chunk = KERNEL_CHUNK_BYTES;
    while (at < this.#bytes.length) {
      const scan: KernelScan = kernel.scan(source, at, chunk, rules, this.#goesOn);
      this.#rows += scan.rows;
      this.#line += scan.lines;
      // Where faults are many, less is copied for each.
      const isFar = scan.stoppedAt - at > KERNEL_CHUNK_BYTES;
      at = this.#countFrom(scan.stoppedAt, GOOD_ROWS_BEFORE_KERNEL);
      chunk = isFar ? KERNEL_CHUNK_BYTES : Math.max(4096, chunk / 2);
    }
  }

  /** Reads the record at `start`; gives the offset behind it, or -1 when it is cut off. */
  #record(start: number): number {
    const bytes = this.#bytes;
    const delimiter = this.#delimiter;
    const lineEnd = this.#lineEnd;
    const quote = this.#quote;
    const { length } = bytes;
    const line = this.#line;
    let fields = 1;
    let fault: RowFault | undefined;
    let hasStray = false;
    let isFieldStart = true;
    let at = start;
    for (; at < length; at += 1) {
      const byte = bytes[at];
      if (byte === delimiter) {
        fields += 1;
        isFieldStart = true;
        continue;
      }
      if (byte === lineEnd) break;
      if (byte === quote) {
        if (isFieldStart) {
          at = this.#closingQuote(at + 1);
          if (at >= length) fault = 'unterminated';
          else if (!this.#endsField(at + 1)) fault ??= 'after-quote';
        } else if (!this.#ignoresQuotes()) hasStray = true;
      }
      isFieldStart = false;
    }
    if (at >= length && this.#goesOn) return -1;
    const end = Math.min(at + 1, length);
    this.#line += 1;
    fault ??= this.#lengthFault(fields, start, at) ?? (hasStray ? 'stray-quote' : undefined);
    const row = { line, byte: start, end, fields };
    const isLength = fault === 'short' || fault === 'long';
    if (fault === undefined) this.#rows += 1;
    else this.#faulty.push({ fault, ...row, ...(hasStray && isLength ? { hasStray } : {}) });
    return end;
  }

  /** At a quote within a field: true where no field of the text begins with one. */
  #ignoresQuotes(): boolean {
    const { quote } = this.#dialect;
    if (!this.#isQuoteSure && !mayQuoteFields(this.#bytes, quote, this.#dialect)) this.#quote = -1;
    this.#isQuoteSure = true;
    return this.#quote < 0;
  }

  #lengthFault(fields: number, start: number, end: number): RowFault | undefined {
    if (fields === this.#fields) return undefined;
    if (fields > this.#fields) return 'long';
    const isBlank = end === start || (end === start + 1 && this.#bytes[start] === CR);
    return isBlank ? 'blank' : 'short';
  }

  #endsField(at: number): boolean {
    const byte = this.#bytes[at];
    if (byte === undefined || byte === this.#delimiter || byte === this.#lineEnd) return true;
    return byte === CR && this.#bytes[at + 1] === LF;
  }

  /** Offset of the closing quote, or the length of the text when there is none. */
  #closingQuote(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === this.#lineEnd) this.#line += 1;
      else if (byte === this.#quote) {
        if (bytes[at + 1] !== this.#quote) return at;
        at += 1;
      }
    }
    return bytes.length;
  }

  #isComment(at: number): boolean {
    const { length } = this.#comment;
    return length > 0 && this.#bytes.subarray(at, at + length).equals(this.#comment);
  }

  #lineEndAfter(at: number): number {
    const end = this.#bytes.indexOf(this.#lineEnd, at);
    if (end < 0 && this.#goesOn) return -1;
    this.#line += 1;
    return end < 0 ? this.#bytes.length : end + 1;
  }
}
