/**
 * Reads the Thrift compact protocol forward, taking what is wanted and skipping the rest: footers
 * of many row groups have a hundred thousand fields. src/ingest/parquet/thrift.ts keeps everything
 * instead.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { Unreadable } from '../groups/refusal.ts';

const TYPE = {
  true: 1,
  false: 2,
  i8: 3,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;

/** Deeper than any footer: against a crafted file that would exhaust the stack. */
const MAX_DEPTH = 32;

/** Visits a field; what it does not read is skipped. */
export type Visit = (id: number, type: number) => boolean;

export class Cursor {
  readonly #data: Uint8Array;
  at: number;

  constructor(data: Uint8Array, at = 0) {
    this.#data = data;
    this.at = at;
  }

  byte(): number {
    const value = this.#data[this.at];
    if (value === undefined) throw new Unreadable('it ends in the middle of a value');
    this.at += 1;
    return value;
  }

  /** Beyond 2^53 a number is not exact; nothing of a file is so large. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 70; scale *= 128) {
      const next = this.byte();
      value += (next & 0x7f) * scale;
      if (next < 0x80) return value;
    }
    throw new Unreadable('a number is longer than 64 bits');
  }

  integer(): number {
    const raw = this.varint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  /** Of field type `type`; a boolean field has its value in its type. */
  static boolean(type: number): boolean {
    return type === TYPE.true;
  }

  bytes(): Uint8Array {
    const length = this.varint();
    if (length > this.#data.length - this.at) throw new Unreadable('a string is too long');
    this.at += length;
    return this.#data.subarray(this.at - length, this.at);
  }

  /** Calls `visit` for every field: it reads the value and answers true, or leaves it. */
  struct(visit: Visit, depth = 0): void {
    if (depth > MAX_DEPTH) throw new Unreadable('it is nested too deeply');
    let id = 0;
    for (let head = this.byte(); head !== 0; head = this.byte()) {
      id = head >> 4 === 0 ? this.integer() : id + (head >> 4);
      const type = head & 0x0f;
      if (!visit(id, type)) this.skip(type, depth);
    }
  }

  /** Calls `item` for every element of a list. */
  list(item: () => void): void {
    const head = this.byte();
    const size = head >> 4 === 15 ? this.varint() : head >> 4;
    for (let index = 0; index < size; index += 1) item();
  }

  skip(type: number, depth = 0): void {
    if (type === TYPE.true || type === TYPE.false) return;
    if (type === TYPE.i8) this.at += 1;
    else if (type > TYPE.i8 && type <= TYPE.i64) this.varint();
    else if (type === TYPE.double) this.at += 8;
    else if (type === TYPE.binary) this.bytes();
    else if (type === TYPE.struct) this.struct(() => false, depth + 1);
    else if (type === TYPE.list || type === TYPE.set) this.#skipList(depth + 1);
    else throw new Unreadable(`it uses the unknown type ${type}`);
  }

  #skipList(depth: number): void {
    if (depth > MAX_DEPTH) throw new Unreadable('it is nested too deeply');
    const head = this.byte();
    const size = head >> 4 === 15 ? this.varint() : head >> 4;
    const element = head & 0x0f;
    // A boolean in a list is a byte of its own, unlike a boolean field.
    const isBoolean = element === TYPE.true || element === TYPE.false;
    for (let index = 0; index < size; index += 1) {
      if (isBoolean) this.byte();
      else this.skip(element, depth);
    }
  }
}
