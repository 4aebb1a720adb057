/**
 * The WebAssembly kernel that groups rows of Parquet pages and of delimited text: one instance for
 * each thread over one memory. Sources in kernels/groups.
 */
import { NairobiError } from '../../errors.ts';
import { moduleOf, type WasmMemory, wasm } from '../../wasm.ts';
import { exactDouble } from '../text/fields.ts';
import { KERNEL_CODE, LAYOUTS } from './kernel.generated.ts';
import { TooMany, Unreadable } from './refusal.ts';

/** Kinds of values, as kernels/groups/state.ts numbers them. */
export const KIND = {
  text: 1,
  int32: 2,
  uint32: 3,
  int64: 4,
  float32: 5,
  float64: 6,
  boolean: 7,
} as const;

/** What can be asked of a column; bits, squares with the sum. Its nulls are always counted. */
export const ASKED = { sum: 1, min: 2, max: 4, squares: 8 } as const;

/** Address of a thread's state. */
export type State = number & { readonly brand: unique symbol };

interface Exports {
  start(base: number): void;
  newState(leaves: number): State;
  key(state: State, kind: number): void;
  column(state: State, kind: number, asked: number): void;
  condition(state: State, kind: number, ranges: number, negated: boolean, nullsPass: boolean): void;
  setRange(state: State, leaf: number, index: number, low: bigint, high: bigint): void;
  addText(state: State, leaf: number, size: number): void;
  alive(state: State): number;
  begin(state: State, rows: number): void;
  page(state: State, size: number): number;
  packed(state: State, size: number): number;
  inflate(state: State, isLz4: boolean, packed: number, offset: number, size: number): number;
  chunk(state: State, leaf: number): void;
  dictionary(state: State, leaf: number, size: number, count: number): number;
  data(
    state: State,
    leaf: number,
    size: number,
    rows: number,
    from: number,
    encoding: number,
    levels: number,
  ): number;
  group(state: State): number;
  end(state: State): void;
  merge(state: State, other: State): number;
  sumOf(state: State, leaf: number, group: number): number;
  squaresOf(state: State, leaf: number, group: number): number;
  setText(state: State, fields: number, delimiter: number, quote: number): void;
  setField(
    state: State,
    leaf: number,
    place: number,
    kind: number,
    separator: number,
    seconds: number,
    zone: number,
    unseen: boolean,
    nullSize: number,
  ): void;
  inputAt(state: State, size: number): number;
  takeText(state: State, size: number, limit: number, isEnd: boolean): number;
  least(state: State, leaf: number, group: number): bigint;
  most(state: State, leaf: number, group: number): bigint;
}

const PAGE = 65_536;
/** WebAssembly addresses 4 GiB. */
const MAX_PAGES = 65_536;

/** What another thread needs to make its own instance over the same memory. */
export interface KernelShare {
  readonly module: object;
  readonly memory: WasmMemory;
}

type LayoutName = keyof typeof LAYOUTS;

export class GroupKernel {
  readonly share: KernelShare;
  readonly calls: Exports;

  constructor(share?: KernelShare) {
    this.share = share ?? newShare();
    const abort = (): never => {
      throw new Error('the kernel of groups aborted');
    };
    // The text may not be decoded in place: the memory is shared.
    const slowDouble = (at: number, size: number): number =>
      exactDouble(Buffer.from(new Uint8Array(this.memory, at, size)).toString('latin1'));
    const env = { memory: this.share.memory, abort, slowDouble };
    this.calls = new wasm.Instance(this.share.module, { env }).exports as Exports;
    if (share === undefined) this.calls.start(PAGE);
  }

  /** All of the memory, as it is now; it may have grown the next time. */
  get memory(): SharedArrayBuffer {
    return this.share.memory.buffer;
  }

  /** A field of a struct: a count or an address. */
  field<Name extends LayoutName>(
    name: Name,
    at: number,
    field: keyof (typeof LAYOUTS)[Name],
  ): number {
    const index = Object.keys(LAYOUTS[name]).indexOf(field as string);
    return Number(new DataView(this.memory).getBigUint64(at + index * 8, true));
  }

  /** The address of the leaf `index` of a state. */
  leaf(state: State, index: number): number {
    const size = Object.keys(LAYOUTS.Leaf).length * 8;
    return this.field('State', state, 'leavesAt') + index * size;
  }
}

function newShare(): KernelShare {
  try {
    const memory = new wasm.Memory({ initial: 2, maximum: MAX_PAGES, shared: true });
    return { module: moduleOf(KERNEL_CODE), memory };
  } catch (cause) {
    throw new NairobiError('MEMORY_LIMIT', 'Cannot reserve address space for groups', {
      cause,
      hint: 'raise the limit on virtual memory (ulimit -v)',
    });
  }
}

/** Throws for what a call of the kernel answered if it is not success. */
export function settled(answer: number): void {
  if (answer === -2) throw new TooMany('there are too many groups');
  if (answer !== 0) throw new Unreadable('a page is damaged, or a text not plain');
}
