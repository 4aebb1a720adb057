/** A FlatBuffers table, which Arrow's metadata is made of: https://flatbuffers.dev/internals/ */
import { assert } from '../errors.ts';

export class Table {
  readonly #data: DataView;
  readonly #at: number;

  constructor(data: DataView, at: number) {
    this.#data = data;
    this.#at = at;
  }

  static root(data: DataView, at: number): Table {
    return new Table(data, at + data.getUint32(at, true));
  }

  /** Where field `id` is, or undefined when it has its default. */
  field(id: number): number | undefined {
    const vtable = this.#at - this.#data.getInt32(this.#at, true);
    const slot = 4 + 2 * id;
    if (slot >= this.#data.getUint16(vtable, true)) return undefined;
    const offset = this.#data.getUint16(vtable + slot, true);
    return offset === 0 ? undefined : this.#at + offset;
  }

  table(id: number): Table {
    const at = this.field(id);
    assert(at !== undefined, `Arrow metadata has table ${id}`);
    return new Table(this.#data, at + this.#data.getUint32(at, true));
  }

  /** A byte, 0 by default. */
  byte(id: number): number {
    const at = this.field(id);
    return at === undefined ? 0 : this.#data.getUint8(at);
  }

  long(id: number): number {
    const at = this.field(id);
    return at === undefined ? 0 : Number(this.#data.getBigInt64(at, true));
  }

  /** Start and length of a vector of structs. */
  vector(id: number): { readonly at: number; readonly length: number } {
    const at = this.field(id);
    if (at === undefined) return { at: 0, length: 0 };
    const start = at + this.#data.getUint32(at, true);
    return { at: start + 4, length: this.#data.getUint32(start, true) };
  }
}
