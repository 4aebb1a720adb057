/**
 * The WebAssembly kernel: an instance with its memory, the states in it, and the input area that
 * columns are copied to. Sources in kernels/stats.
 */
import { NairobiError } from '../../errors.ts';
import { moduleOf, type WasmMemory, wasm } from '../../wasm.ts';
import { exactDouble } from '../text/fields.ts';
import type { ColumnBatch } from './arrow.ts';
import { KERNEL_CODE, LAYOUTS } from './kernel.generated.ts';
import type { Exports } from './kernel-exports.ts';
import { bytesOf, INPUT_AT, INPUT_BYTES, InputArea, PAGE } from './kernel-input.ts';
import { NUMBER_CODES, type NumberCode } from './kinds.ts';

/** Address of a state in the kernel's memory. */
export type State = number & { readonly brand: unique symbol };

/** What kernels/stats/kept.ts takes at once. */
export const KEPT_CHUNK_BYTES = 512 * 1024;

/** WebAssembly addresses 4 GiB. */
const MAX_PAGES = 65_536;

type LayoutName = keyof typeof LAYOUTS;
type FieldValue<Type> = Type extends 'f64' ? number : bigint;
export type Fields<Name extends LayoutName> = {
  readonly [Field in keyof (typeof LAYOUTS)[Name]]: FieldValue<(typeof LAYOUTS)[Name][Field]>;
};

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
  #budget = 0;

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
    compiled ??= moduleOf(KERNEL_CODE);
    this.share = { module: compiled, memory: this.#memory };
    const abort = (): never => {
      throw new Error('the statistics kernel aborted');
    };
    // The text may not be decoded in place: the memory is shared.
    const slowDouble = (at: number, size: number): number =>
      exactDouble(Buffer.from(new Uint8Array(this.#memory.buffer, at, size)).toString('latin1'));
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

  /** Bytes of state so far. */
  get stateBytes(): number {
    return (this.calls.top() >>> 0) - INPUT_AT - INPUT_BYTES;
  }

  /** `keepBytes`: of all columns together, what the first caller says. */
  numbers(options: {
    whole: boolean;
    unsigned: boolean;
    timed: boolean;
    distinctLimit: number;
    keepBytes: number;
    sketch: boolean;
  }): State {
    const { whole, unsigned, timed, distinctLimit, keepBytes, sketch } = options;
    const budget = keepBytes === 0 ? 0 : this.#keepBudget(keepBytes);
    const limit = BigInt(distinctLimit);
    return this.calls.numbers(whole, unsigned, timed, limit, budget, sketch) as State;
  }

  #keepBudget(keepBytes: number): number {
    if (this.#budget === 0) {
      this.#budget = this.calls.take(4);
      const chunks = Math.floor(keepBytes / KEPT_CHUNK_BYTES);
      new DataView(this.#memory.buffer).setInt32(this.#budget, chunks, true);
    }
    return this.#budget;
  }

  texts(options: { distinctLimit: number; distinctBytes: number; frequent: boolean }): State {
    const { distinctLimit, distinctBytes, frequent } = options;
    return this.calls.texts(BigInt(distinctLimit), BigInt(distinctBytes), frequent) as State;
  }

  /**
   * Takes in the rows of a batch of numbers, in order: all to one state, or each to that of its
   * row.
   */
  addNumbers(to: State | Uint32Array, code: NumberCode, batch: ColumnBatch): void {
    const width = code === 'bit' ? 1 / 8 : Number(/\d+/.exec(code)?.[0]) / 8;
    const perRow = width + 1 / 8 + (typeof to === 'number' ? 0 : 4);
    // A whole number of bytes of every bitmap.
    const step = Math.floor(INPUT_BYTES / perRow / 64 - 8) * 64;
    const type = NUMBER_CODES.indexOf(code);
    for (let row = 0; row < batch.rows; row += step) {
      const rows = Math.min(step, batch.rows - row);
      const input = new InputArea(this.#memory.buffer);
      const values = input.put(batch.values.subarray(row * width, Math.ceil((row + rows) * width)));
      const validity =
        batch.validity === undefined ? 0 : input.put(bits(batch.validity, row, rows));
      if (typeof to === 'number') {
        this.calls.addNumbers(to, type, values, validity, 0, rows);
      } else {
        const states = input.put(bytesOf(to.subarray(row, row + rows)));
        this.calls.addNumbersBy(states, type, values, validity, rows);
      }
    }
  }

  /** Like addNumbers. */
  addTexts(to: State | Uint32Array, batch: ColumnBatch): void {
    const heap = batch.buffers.reduce((sum, buffer) => sum + buffer.byteLength + 64, 0);
    const perRow = 17 + (typeof to === 'number' ? 0 : 4);
    const left = INPUT_BYTES - heap - 4 * batch.buffers.length - 4 * 64;
    const step = Math.floor(left / perRow / 64) * 64;
    if (step <= 0) {
      throw new NairobiError('NOT_SUPPORTED', 'A piece of the text column is too long to analyse', {
        hint: 'choose a smaller --memory-limit, so that the file is read in smaller pieces',
      });
    }
    const common = new InputArea(this.#memory.buffer);
    const table = common.put(bytesOf(Uint32Array.from(batch.buffers, (one) => common.put(one))));
    for (let row = 0; row < batch.rows; row += step) {
      const rows = Math.min(step, batch.rows - row);
      const input = common.fork();
      const views = input.put(batch.values.subarray(row * 16, (row + rows) * 16));
      const validity =
        batch.validity === undefined ? 0 : input.put(bits(batch.validity, row, rows));
      if (typeof to === 'number') {
        this.calls.addViews(to, views, table, validity, rows);
      } else {
        const states = input.put(bytesOf(to.subarray(row, row + rows)));
        this.calls.addViewsBy(states, views, table, validity, rows);
      }
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

/** What states may grow by from now on; a single column's always has room. */
export class StateRoom {
  readonly #kernel: Kernel;
  readonly #most: number;

  constructor(kernel: Kernel, columns: number, byteLength: number) {
    this.#kernel = kernel;
    this.#most = columns > 1 ? kernel.stateBytes + byteLength : Number.POSITIVE_INFINITY;
  }

  get isFull(): boolean {
    return this.#kernel.stateBytes > this.#most;
  }
}

function bits(bitmap: Uint8Array, row: number, rows: number): Uint8Array {
  return bitmap.subarray(row / 8, Math.ceil((row + rows) / 8));
}
