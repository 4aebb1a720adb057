/** Text of another encoding made UTF-8, block by block: where blocks end does not matter. */
import type { Encoding } from './options.ts';

export type OtherEncoding = Exclude<Encoding, 'utf8'>;

const BYTE_ORDER_MARK = 0xfeff;
const NOTHING = Buffer.alloc(0);

/**
 * Latin-1, or UTF-16 with or without a byte-order mark, which is left out. As everywhere in Node, a
 * surrogate without its other half becomes U+FFFD; an odd byte at the end is left out.
 */
export class Transcoder {
  readonly #encoding: OtherEncoding;
  /** Of UTF-16: the first bytes of a character whose others are still to come. */
  #begun: Buffer = NOTHING;
  #isStart = true;
  #out: Buffer = NOTHING;

  constructor(encoding: OtherEncoding) {
    this.#encoding = encoding;
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
