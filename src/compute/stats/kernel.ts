/**
 * The WebAssembly kernel: an instance with its memory, the states in it, and the input area that
 * columns are copied to. Sources in kernels/stats.
 */
import { assert, NairobiError } from '../../errors.ts';
import type { ColumnBatch } from './arrow.ts';
import { KERNEL_CODE, LAYOUTS } from './kernel.generated.ts';
import { NUMBER_CODES, type NumberCode } from './kinds.ts';

interface Exports {
  start(base: number): void;
  take(size: number): number;
  wholeRows(at: number, size: number, quote: number): number;
  work(queue: number, plan: number): void;
  workOnce(queue: number, plan: number): number;
  numbers(
    whole: boolean,
    timed: boolean,
    distinctLimit: bigint,
    keep: bigint,
    sketch: boolean,
  ): number;
  sortKept(distinct: number, kind: number, to: number, spare: number): number;
  texts(distinctLimit: bigint, arenaRoom: bigint): number;
  addNumbers(state: number, type: number, values: number, validity: number, rows: number): void;
  addViews(state: number, views: number, buffers: number, validity: number, rows: number): void;
  finishNumbers(state: number): void;
  finishTexts(state: number): void;
}

/** Address of a state in the kernel's memory. */
export type State = number & { readonly brand: unique symbol };

/** WebAssembly addresses 4 GiB; of that the first 64 KiB are the module's own. */
const PAGE = 65_536;
const MAX_PAGES = 65_536;
const INPUT_AT = PAGE;

/**
 * Room for one batch of one column: 4 M text views, or 8 M doubles. Longer batches are cut. It is
 * address space: pages that no batch reaches are never touched.
 */
export const INPUT_BYTES = 96 * 1024 * 1024;

type LayoutName = keyof typeof LAYOUTS;
type FieldValue<Type> = Type extends 'f64' ? number : bigint;
export type Fields<Name extends LayoutName> = {
  readonly [Field in keyof (typeof LAYOUTS)[Name]]: FieldValue<(typeof LAYOUTS)[Name][Field]>;
};

/** What this file uses of WebAssembly, which TypeScript declares with the browser's types only. */
interface WebAssemblyApi {
  Memory: new (size: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
}
const wasm = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

let compiled: object | undefined;

/** What another thread needs to make its own instance over the same memory. */
export interface KernelShare {
  readonly module: object;
  readonly memory: WasmMemory;
}

export class Kernel {
  readonly share: KernelShare;
  readonly calls: Exports;
  readonly #memory: WasmMemory;
  #scratch: readonly number[] = [];
  #scratchSize = 0;

  constructor() {
    const initial = INPUT_AT / PAGE + INPUT_BYTES / PAGE + 16;
    try {
      this.#memory = new wasm.Memory({ initial, maximum: MAX_PAGES, shared: true });
    } catch (cause) {
      throw new NairobiError('MEMORY_LIMIT', 'Cannot reserve address space for the statistics', {
        cause,
        hint: 'raise the limit on virtual memory (ulimit -v)',
      });
    }
    compiled ??= new wasm.Module(Buffer.from(KERNEL_CODE, 'base64'));
    this.share = { module: compiled, memory: this.#memory };
    const abort = (): never => {
      throw new Error('the statistics kernel aborted');
    };
    // The text may not be decoded in place: the memory is shared.
    const slowDouble = (at: number, size: number): number =>
      Number(Buffer.from(new Uint8Array(this.#memory.buffer, at, size)).toString('latin1'));
    const env = { memory: this.#memory, abort, slowDouble };
    this.calls = new wasm.Instance(compiled, { env }).exports as Exports;
    this.calls.start(INPUT_AT + INPUT_BYTES);
  }

  /** `count` pieces of this many bytes each, the same at every call: for one use at a time. */
  scratch(count: number, size: number): readonly number[] {
    if (this.#scratch.length < count || this.#scratchSize < size) {
      this.#scratchSize = size;
      this.#scratch = Array.from({ length: count }, () => this.calls.take(size));
    }
    return this.#scratch;
  }

  /** All of the memory, as it is now; it may have grown the next time. */
  get memory(): SharedArrayBuffer {
    return this.#memory.buffer;
  }

  /** The input area, for who brings its own layout. */
  get input(): { readonly at: number; readonly bytes: number } {
    return { at: INPUT_AT, bytes: INPUT_BYTES };
  }

  /** A struct of 8-byte fields with these values and zeros. */
  struct<Name extends LayoutName>(
    name: Name,
    fields: Partial<Record<keyof (typeof LAYOUTS)[Name], number | bigint>>,
  ): number {
    const names = Object.keys(LAYOUTS[name]);
    const at = this.calls.take(names.length * 8);
    this.write(name, at, fields);
    return at;
  }

  write<Name extends LayoutName>(
    name: Name,
    at: number,
    fields: Partial<Record<keyof (typeof LAYOUTS)[Name], number | bigint>>,
  ): void {
    const names = Object.keys(LAYOUTS[name]);
    const view = new DataView(this.#memory.buffer, at);
    for (const [field, value] of Object.entries(fields)) {
      view.setBigInt64(names.indexOf(field) * 8, BigInt(value as number | bigint), true);
    }
  }

  /** Address of one field of a struct. */
  place<Name extends LayoutName>(
    name: Name,
    at: number,
    field: keyof (typeof LAYOUTS)[Name],
  ): number {
    return at + Object.keys(LAYOUTS[name]).indexOf(field as string) * 8;
  }

  numbers(options: {
    whole: boolean;
    timed: boolean;
    distinctLimit: number;
    keep: number;
    sketch: boolean;
  }): State {
    const { whole, timed, distinctLimit, keep, sketch } = options;
    return this.calls.numbers(whole, timed, BigInt(distinctLimit), BigInt(keep), sketch) as State;
  }

  texts(options: { distinctLimit: number; distinctBytes: number }): State {
    const { distinctLimit, distinctBytes } = options;
    return this.calls.texts(BigInt(distinctLimit), BigInt(distinctBytes)) as State;
  }

  /** Takes in the rows of a batch of numbers, in order. */
  addNumbers(state: State, code: NumberCode, batch: ColumnBatch): void {
    const width = code === 'bit' ? 1 / 8 : Number(/\d+/.exec(code)?.[0]) / 8;
    // A whole number of bytes of every bitmap.
    const step = Math.floor(INPUT_BYTES / (width + 1 / 8) / 64 - 8) * 64;
    for (let row = 0; row < batch.rows; row += step) {
      const rows = Math.min(step, batch.rows - row);
      let at = INPUT_AT;
      const put = (bytes: Uint8Array): number => {
        const start = at;
        new Uint8Array(this.#memory.buffer, start, bytes.byteLength).set(bytes);
        at = (start + bytes.byteLength + 63) & ~63;
        return start;
      };
      const values = put(batch.values.subarray(row * width, Math.ceil((row + rows) * width)));
      const validity = batch.validity === undefined ? 0 : put(bits(batch.validity, row, rows));
      this.calls.addNumbers(state, NUMBER_CODES.indexOf(code), values, validity, rows);
    }
  }

  /** Takes in the rows of a batch of text, in order. */
  addTexts(state: State, batch: ColumnBatch): void {
    const heap = batch.buffers.reduce((sum, buffer) => sum + buffer.byteLength + 64, 0);
    const table = INPUT_AT;
    let at = (table + 4 * batch.buffers.length + 63) & ~63;
    const memory = new Uint8Array(this.#memory.buffer);
    if (heap + 64 * 17 > INPUT_BYTES - (at - table)) {
      throw new NairobiError('NOT_SUPPORTED', 'A piece of the text column is too long to analyse', {
        hint: 'choose a smaller --memory-limit, so that the file is read in smaller pieces',
      });
    }
    const addresses = new Uint32Array(this.#memory.buffer, table, batch.buffers.length);
    for (const [index, buffer] of batch.buffers.entries()) {
      memory.set(buffer, at);
      addresses[index] = at;
      at = (at + buffer.byteLength + 63) & ~63;
    }
    const room = INPUT_AT + INPUT_BYTES - at;
    const step = Math.floor(room / 17 / 64) * 64;
    assert(step > 0, 'there is room for 64 views');
    for (let row = 0; row < batch.rows; row += step) {
      const rows = Math.min(step, batch.rows - row);
      memory.set(batch.values.subarray(row * 16, (row + rows) * 16), at);
      let validity = 0;
      if (batch.validity !== undefined) {
        validity = at + rows * 16;
        memory.set(bits(batch.validity, row, rows), validity);
      }
      this.calls.addViews(state, at, table, validity, rows);
    }
  }

  finishNumbers(state: State): void {
    this.calls.finishNumbers(state);
  }

  finishTexts(state: State): void {
    this.calls.finishTexts(state);
  }

  /** The fields of a state, as they are now. */
  read<Name extends LayoutName>(name: Name, address: number | bigint): Fields<Name> {
    const layout: Readonly<Record<string, string>> = LAYOUTS[name];
    const view = new DataView(this.#memory.buffer, Number(address));
    const fields: Record<string, number | bigint> = {};
    for (const [index, [field, type]] of Object.entries(layout).entries()) {
      const at = 8 * index;
      if (type === 'f64') fields[field] = view.getFloat64(at, true);
      else
        fields[field] = type === 'i64' ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
    }
    return fields as Fields<Name>;
  }

  /** A copy of `length` bytes at `address`. */
  bytes(address: number | bigint, length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(new Uint8Array(this.#memory.buffer, Number(address), length));
  }
}

function bits(bitmap: Uint8Array, row: number, rows: number): Uint8Array {
  return bitmap.subarray(row / 8, Math.ceil((row + rows) / 8));
}
