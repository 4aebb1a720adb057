/**
 * The Thrift compact protocol, as far as a Parquet footer needs it: a struct becomes a map from
 * field number to value, so that a few numbers can be changed and everything else, also what we
 * do not know, is written back as it came.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { NairobiError } from '../../errors.ts';

const TYPE = {
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
} as const;

export type ThriftStruct = Map<number, ThriftValue>;
export type ThriftValue =
  | { readonly type: 1 | 2 }
  | { readonly type: 3; readonly value: number }
  | { readonly type: 4 | 5 | 6; readonly value: bigint }
  | { readonly type: 7 | 8; readonly value: Buffer }
  | { readonly type: 9 | 10; readonly element: number; readonly items: ThriftValue[] }
  | { readonly type: 12; readonly fields: ThriftStruct };

/** Deeper than any footer: against a crafted file that would exhaust the stack. */
const MAX_DEPTH = 32;

class Reader {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  byte(): number {
    const value = this.#data[this.#at];
    if (value === undefined) throw broken('it ends in the middle of a value');
    this.#at += 1;
    return value;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const next = this.byte();
      value |= BigInt(next & 0x7f) << shift;
      if (next < 0x80) return value;
    }
    throw broken('a number is longer than 64 bits');
  }

  zigzag(): bigint {
    const raw = this.varint();
    return (raw >> 1n) ^ -(raw & 1n);
  }

  bytes(count: number): Buffer {
    if (count > this.#data.length - this.#at) throw broken('a string is longer than the footer');
    this.#at += count;
    // A copy: a view would keep the whole file alive that the footer came with.
    return Buffer.from(this.#data.subarray(this.#at - count, this.#at));
  }

  struct(depth: number): ThriftStruct {
    if (depth > MAX_DEPTH) throw broken('it is nested too deeply');
    const fields: ThriftStruct = new Map();
    let id = 0;
    for (let head = this.byte(); head !== 0; head = this.byte()) {
      const delta = head >> 4;
      id = delta === 0 ? Number(this.zigzag()) : id + delta;
      fields.set(id, this.value(head & 0x0f, depth));
    }
    return fields;
  }

  value(type: number, depth: number): ThriftValue {
    switch (type) {
      case TYPE.true:
      case TYPE.false:
        return { type };
      case TYPE.i8:
        return { type, value: this.byte() };
      case TYPE.i16:
      case TYPE.i32:
      case TYPE.i64:
        return { type, value: this.zigzag() };
      case TYPE.double:
        return { type, value: this.bytes(8) };
      case TYPE.binary:
        return { type, value: this.bytes(Number(this.varint())) };
      case TYPE.list:
      case TYPE.set:
        return this.list(type, depth);
      case TYPE.struct:
        return { type, fields: this.struct(depth + 1) };
      default:
        throw broken(`it uses the unknown type ${type}`);
    }
  }

  private list(type: 9 | 10, depth: number): ThriftValue {
    const head = this.byte();
    const size = head >> 4 === 15 ? Number(this.varint()) : head >> 4;
    const element = head & 0x0f;
    const items: ThriftValue[] = [];
    for (let index = 0; index < size; index += 1) {
      // A boolean in a list is a byte of its own, unlike a boolean field.
      items.push(
        element === TYPE.true || element === TYPE.false
          ? { type: this.byte() === TYPE.true ? TYPE.true : TYPE.false }
          : this.value(element, depth + 1),
      );
    }
    return { type, element, items };
  }
}

class Writer {
  readonly #out: number[] = [];
  readonly #chunks: Buffer[] = [];

  finish(): Buffer {
    this.flush();
    return Buffer.concat(this.#chunks);
  }

  private flush(): void {
    this.#chunks.push(Buffer.from(this.#out));
    this.#out.length = 0;
  }

  private varint(value: bigint): void {
    let rest = value;
    while (rest > 0x7fn) {
      this.#out.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#out.push(Number(rest));
  }

  private zigzag(value: bigint): void {
    this.varint(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  private raw(data: Buffer): void {
    this.flush();
    this.#chunks.push(data);
  }

  struct(fields: ThriftStruct): void {
    let last = 0;
    for (const [id, value] of [...fields].sort(([a], [b]) => a - b)) {
      const delta = id - last;
      if (delta > 0 && delta < 16) this.#out.push((delta << 4) | value.type);
      else {
        this.#out.push(value.type);
        this.zigzag(BigInt(id));
      }
      last = id;
      this.value(value);
    }
    this.#out.push(0);
  }

  private value(value: ThriftValue): void {
    switch (value.type) {
      case 1:
      case 2:
        return;
      case 3:
        this.#out.push(value.value);
        return;
      case 4:
      case 5:
      case 6:
        this.zigzag(value.value);
        return;
      case 7:
        this.raw(value.value);
        return;
      case 8:
        this.varint(BigInt(value.value.length));
        this.raw(value.value);
        return;
      case 9:
      case 10:
        this.list(value.element, value.items);
        return;
      case 12:
        this.struct(value.fields);
    }
  }

  private list(element: number, items: readonly ThriftValue[]): void {
    if (items.length < 15) this.#out.push((items.length << 4) | element);
    else {
      this.#out.push(0xf0 | element);
      this.varint(BigInt(items.length));
    }
    for (const item of items) {
      if (item.type === 1 || item.type === 2) this.#out.push(item.type);
      else this.value(item);
    }
  }
}

export function decodeStruct(data: Buffer): ThriftStruct {
  return new Reader(data).struct(0);
}

export function encodeStruct(fields: ThriftStruct): Buffer {
  const writer = new Writer();
  writer.struct(fields);
  return writer.finish();
}

/** The integer in a field; undefined where the field is absent. */
export function integer(fields: ThriftStruct, id: number): bigint | undefined {
  const value = fields.get(id);
  return value?.type === 4 || value?.type === 5 || value?.type === 6 ? value.value : undefined;
}

/** The structs of a list field; empty where the field is absent. */
export function structs(fields: ThriftStruct, id: number): ThriftStruct[] {
  const value = fields.get(id);
  if (value?.type !== TYPE.list) return [];
  return value.items.flatMap((item) => (item.type === TYPE.struct ? [item.fields] : []));
}

export function child(fields: ThriftStruct, id: number): ThriftStruct | undefined {
  const value = fields.get(id);
  return value?.type === TYPE.struct ? value.fields : undefined;
}

function broken(reason: string): NairobiError {
  return new NairobiError('BAD_DATA', `Cannot read a Parquet footer: ${reason}`);
}
