/**
 * Walks the records of delimited text and knows where each one is. Used on samples and to find the
 * place of an error; the data itself is parsed by Polars. The grammar is RFC 4180 with LF, CRLF or
 * CR: a quote means something only as the first byte of a field, "" inside is one quote.
 */
import type { Dialect } from '../options.ts';

const LF = 0x0a;
const CR = 0x0d;

export interface RecordStart {
  /** Offset of the first byte to read. */
  readonly byte: number;
  /** Line number of that byte, from 1. */
  readonly line: number;
}

/** What is wrong with the text of the record last read, where nothing else would notice. */
export type Flaw = 'unterminated' | 'after-quote' | 'stray-quote';

export class Records {
  readonly bytes: Buffer;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #lineEnd: number;
  readonly #comment: Buffer | undefined;
  #next: number;
  #nextLine: number;
  /** Offsets of the fields' first bytes and of the bytes after their last, quotes left out. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly quoted: boolean[] = [];
  /** Fields of the record. */
  count = 0;
  /** Offset of the record's first byte. */
  byte = 0;
  /** Line of the record's first byte, from 1. */
  line = 0;
  /** True for a line with nothing on it. */
  blank = false;
  flaw: Flaw | undefined;

  constructor(bytes: Buffer, dialect: Dialect, from: RecordStart = { byte: 0, line: 1 }) {
    this.bytes = bytes;
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote === '' ? -1 : dialect.quote.charCodeAt(0);
    this.#lineEnd = dialect.lineEnd === '\r' ? CR : LF;
    this.#comment = dialect.comment ? Buffer.from(dialect.comment) : undefined;
    this.#next = from.byte;
    this.#nextLine = from.line;
  }

  /** Offset and line of the record after this one. */
  get end(): RecordStart {
    return { byte: this.#next, line: this.#nextLine };
  }

  /** Goes to the next record, comment lines left out; false at the end. */
  next(): boolean {
    while (this.#comment !== undefined && this.#isComment(this.#comment)) this.#skipLine();
    if (this.#next >= this.bytes.length) return false;
    this.byte = this.#next;
    this.line = this.#nextLine;
    this.count = 0;
    this.flaw = undefined;
    let more = true;
    while (more) more = this.#field();
    this.blank = this.count === 1 && this.starts[0] === this.ends[0] && this.quoted[0] !== true;
    return true;
  }

  /** The field's text: quotes taken off, "" made ". */
  text(index: number): string {
    const start = this.starts[index] ?? 0;
    const text = this.bytes.toString('utf8', start, this.ends[index] ?? start);
    if (this.quoted[index] !== true) return text;
    const quote = String.fromCharCode(this.#quote);
    return text.includes(quote) ? text.replaceAll(quote + quote, quote) : text;
  }

  #isComment(comment: Buffer): boolean {
    const end = this.#next + comment.length;
    return (
      end <= this.bytes.length &&
      this.bytes.compare(comment, 0, comment.length, this.#next, end) === 0
    );
  }

  #skipLine(): void {
    const end = this.bytes.indexOf(this.#lineEnd, this.#next);
    this.#next = end < 0 ? this.bytes.length : end + 1;
    this.#nextLine += 1;
  }

  /** Reads one field; true when another follows in the record. */
  #field(): boolean {
    const bytes = this.bytes;
    const index = this.count;
    this.count += 1;
    let at = this.#next;
    const isQuoted = bytes[at] === this.#quote && this.#quote >= 0;
    this.quoted[index] = isQuoted;
    if (isQuoted) {
      this.starts[index] = at + 1;
      at = this.#closingQuote(at + 1);
      this.ends[index] = at;
      if (at < bytes.length) at += 1;
      const after = bytes[at];
      const endsHere =
        after === undefined ||
        after === this.#delimiter ||
        after === this.#lineEnd ||
        (after === CR && bytes[at + 1] === LF);
      if (!endsHere) this.flaw = 'after-quote';
    } else {
      this.starts[index] = at;
    }
    at = this.#fieldEnd(at, isQuoted);
    if (!isQuoted) this.ends[index] = at;
    const end = bytes[at];
    this.#next = at + 1;
    if (end === this.#delimiter) return true;
    if (at >= bytes.length) this.#next = bytes.length;
    else this.#nextLine += 1;
    const crlf = this.#lineEnd === LF && end === LF && bytes[at - 1] === CR;
    if (crlf && !isQuoted && at - 1 >= (this.starts[index] ?? 0)) this.ends[index] = at - 1;
    return false;
  }

  #fieldEnd(from: number, isQuoted: boolean): number {
    const bytes = this.bytes;
    let at = from;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === this.#delimiter || byte === this.#lineEnd) break;
      if (byte === this.#quote && !isQuoted) this.flaw ??= 'stray-quote';
    }
    return at;
  }

  /** Offset of the quote that closes the field, counting the lines inside it. */
  #closingQuote(from: number): number {
    const bytes = this.bytes;
    let at = from;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === this.#lineEnd) this.#nextLine += 1;
      else if (byte === this.#quote) {
        if (bytes[at + 1] !== this.#quote) return at;
        at += 1;
      }
    }
    this.flaw = 'unterminated';
    return at;
  }
}
