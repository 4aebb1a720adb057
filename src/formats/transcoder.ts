/** Text of another encoding made UTF-8, block by block: where blocks end does not matter. */
import type { Encoding } from './options.ts';

export type OtherEncoding = Exclude<Encoding, 'utf8'>;

const BYTE_ORDER_MARK = 0xfeff;

/** Bytes that `detectEncoding` can make use of. */
export const ENCODING_BYTES = 4;

/** By byte-order mark, or by the zero bytes that ASCII has in UTF-16 without one. */
export function detectEncoding(head: Uint8Array): Encoding {
  const [first, second, third, fourth] = head;
  if (first === 0xff && second === 0xfe) return 'utf16le';
  if (first === 0xfe && second === 0xff) return 'utf16be';
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf16le';
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return 'utf16be';
  return 'utf8';
}

/** The beginning of a text as UTF-8, for a look at it; the same bytes where they are so already. */
export function utf8Head(head: Buffer, encoding: Encoding = detectEncoding(head)): Buffer {
  return encoding === 'utf8' ? head : new Transcoder(encoding).push(head, false);
}

/** Bytes of the byte-order mark that the Transcoder leaves out of a text which begins so. */
export function markBytes(head: Uint8Array, encoding: OtherEncoding): number {
  if (encoding === 'latin1') return 0;
  const [low, high] = encoding === 'utf16le' ? [head[0], head[1]] : [head[1], head[0]];
  return low === 0xff && high === 0xfe ? 2 : 0;
}

/** How many bytes whole characters that are UTF-8 now had in their own encoding. */
export function bytesIn(encoding: OtherEncoding, text: Buffer): number {
  // A string has a unit for each of UTF-16, and of a character of Latin-1.
  return text.toString('utf8').length * (encoding === 'latin1' ? 1 : 2);
}
const NOTHING = Buffer.alloc(0);

/**
 * Latin-1, or UTF-16 with or without a byte-order mark, which is left out. As everywhere in Node, a
 * surrogate without its other half becomes U+FFFD; an odd byte at the end is left out.
 */
export class Transcoder {
  readonly #encoding: OtherEncoding;
  /** Of UTF-16: the first bytes of a character whose others are still to come. */
  #begun: Buffer = NOTHING;
  #isStart: boolean;
  #out: Buffer = NOTHING;

  /** `isStart` false: the text goes on here, and a mark is a character like any other. */
  constructor(encoding: OtherEncoding, isStart = true) {
    this.#encoding = encoding;
    this.#isStart = isStart;
  }

  /** The characters that are whole by now; what it answers holds until the next call. */
  push(bytes: Buffer, isEnd: boolean): Buffer {
    const text = this.#encoding === 'latin1' ? bytes.toString('latin1') : this.#units(bytes, isEnd);
    const length = Buffer.byteLength(text, 'utf8');
    // The same memory again and again: the collector would be late.
    if (this.#out.length < length) this.#out = Buffer.allocUnsafeSlow(length);
    this.#out.write(text, 0, length, 'utf8');
    return this.#out.subarray(0, length);
  }

  #units(bytes: Buffer, isEnd: boolean): string {
    const all = this.#begun.length === 0 ? bytes : Buffer.concat([this.#begun, bytes]);
    const isBig = this.#encoding === 'utf16be';
    let end = all.length - (all.length % 2);
    const last = end === 0 ? 0 : (all[end - (isBig ? 2 : 1)] ?? 0);
    if (!isEnd && isHighSurrogate(last)) end -= 2;
    this.#begun = Buffer.from(all.subarray(end));
    const even = all.subarray(0, end);
    const text = (isBig ? Buffer.from(even).swap16() : even).toString('utf16le');
    const isMarked = this.#isStart && text.charCodeAt(0) === BYTE_ORDER_MARK;
    this.#isStart &&= text === '';
    return isMarked ? text.slice(1) : text;
  }
}

/** By the upper byte of a unit. */
const isHighSurrogate = (upper: number): boolean => (upper & 0xfc) === 0xd8;
