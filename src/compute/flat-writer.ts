/**
 * Writes FlatBuffers front to back: a table, then what it refers to
 * (https://flatbuffers.dev/internals/). For metadata of some hundred bytes.
 */

/** A field of a table; an object is written behind it, and tells where. Undefined: the default. */
export type FlatField =
  | { readonly byte: number }
  | { readonly short: number }
  | { readonly int: number }
  | { readonly long: number }
  | { readonly object: () => number }
  | undefined;

const sizeOf = (field: NonNullable<FlatField>): number =>
  'byte' in field ? 1 : 'short' in field ? 2 : 'long' in field ? 8 : 4;

export class FlatWriter {
  #bytes = Buffer.alloc(1024);
  /** The first four bytes say where the root is. */
  #size = 4;
  #hasRoot = false;

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  /** Like all that write an object it gives its place. The first one is the root. */
  table(fields: readonly FlatField[]): number {
    const [places, size] = layoutOf(fields);
    const vtableSize = 4 + 2 * fields.length;
    // The table itself begins at a multiple of eight.
    this.#take((8 - ((this.#size + vtableSize) % 8)) % 8);
    const vtable = this.#take(vtableSize);
    const table = this.#take(size);
    if (!this.#hasRoot) this.#bytes.writeUInt32LE(table, 0);
    this.#hasRoot = true;
    this.#bytes.writeUInt16LE(vtableSize, vtable);
    this.#bytes.writeUInt16LE(size, vtable + 2);
    this.#bytes.writeInt32LE(table - vtable, table);
    for (const [index, field] of fields.entries()) {
      const place = places[index] ?? 0;
      this.#bytes.writeUInt16LE(place, vtable + 4 + 2 * index);
      if (field !== undefined && !('object' in field)) this.#put(field, table + place);
    }
    for (const [index, field] of fields.entries()) {
      if (field !== undefined && 'object' in field)
        this.#refer(table + (places[index] ?? 0), field.object);
    }
    return table;
  }

  /** Of objects. */
  vector(objects: readonly (() => number)[]): number {
    const at = this.#vector(objects.length, 4, 4);
    for (const [index, write] of objects.entries()) this.#refer(at + 4 * index, write);
    return at - 4;
  }

  /** Of structs of `each` 64-bit numbers. */
  longs(values: readonly number[], each: number): number {
    const at = this.#vector(values.length / each, 8 * each, 8);
    for (const [index, value] of values.entries())
      this.#bytes.writeBigInt64LE(BigInt(value), at + 8 * index);
    return at - 4;
  }

  text(value: string): number {
    const bytes = Buffer.from(value);
    const at = this.#vector(bytes.length, 1, 4);
    // A zero ends it.
    this.#take(1);
    this.#bytes.set(bytes, at);
    return at - 4;
  }

  #put(field: Exclude<NonNullable<FlatField>, { object: () => number }>, at: number): void {
    if ('byte' in field) this.#bytes.writeUInt8(field.byte, at);
    else if ('short' in field) this.#bytes.writeInt16LE(field.short, at);
    else if ('int' in field) this.#bytes.writeInt32LE(field.int, at);
    else this.#bytes.writeBigInt64LE(BigInt(field.long), at);
  }

  /** Writes an object and notes at `from` how far behind it is. */
  #refer(from: number, write: () => number): void {
    this.#bytes.writeUInt32LE(write() - from, from);
  }

  /** Where the elements begin; their number stands before them. */
  #vector(length: number, width: number, alignment: number): number {
    this.#take((alignment - ((this.#size + 4) % alignment)) % alignment);
    const at = this.#take(4);
    this.#bytes.writeUInt32LE(length, at);
    return this.#take(length * width);
  }

  /** `size` zeros. */
  #take(size: number): number {
    const at = this.#size;
    this.#size += size;
    if (this.#size > this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#size + 1024)]);
    }
    return at;
  }
}

/** Where each field is in its table, large ones first; and its size. */
function layoutOf(fields: readonly FlatField[]): readonly [readonly number[], number] {
  const places = fields.map(() => 0);
  let size = 4;
  for (const width of [4, 8, 2, 1]) {
    for (const [index, field] of fields.entries()) {
      if (field === undefined || sizeOf(field) !== width) continue;
      size = Math.ceil(size / width) * width;
      places[index] = size;
      size += width;
    }
  }
  return [places, size];
}
