/** What the threads of a group-by do: one row group after the other, each into its own state. */
import { addTest, type Test } from './conditions.ts';
import { readAt } from './file.ts';
import type { Chunk } from './footer.ts';
import { type GroupKernel, type KernelShare, type State, settled } from './kernel.ts';
import { ChunkPages } from './pages.ts';

/** A column in one role: keys come first, then what is aggregated, then conditions. */
export type LeafPlan = { readonly name: string; readonly kind: number } & (
  | { readonly role: 'key' }
  | { readonly role: 'column'; readonly asked: number }
  | { readonly role: 'condition'; readonly test: Test }
);

/** A row group; its chunks are in the order of the leaves. */
export interface Unit {
  readonly fd: number;
  readonly size: number;
  readonly rows: number;
  readonly chunks: readonly Chunk[];
  /** Of each leaf, whether its column has levels. */
  readonly optional: readonly boolean[];
}

export interface GroupTask {
  readonly leaves: readonly LeafPlan[];
  readonly units: readonly Unit[];
  /** The next unit, and whether some thread failed: see CELL. */
  readonly cells: Int32Array;
}

/** What a thread is started with. */
export interface ThreadOrder {
  readonly share: KernelShare;
  readonly task: GroupTask;
}

/** What it answers: its state, or why there is none. */
export type ThreadAnswer = { readonly state: State } | { readonly failure: string };

export const CELL = { next: 0, failed: 1 } as const;
export const CELLS = 2;

export function newState(kernel: GroupKernel, leaves: readonly LeafPlan[]): State {
  const state = kernel.calls.newState(leaves.length);
  for (const [index, leaf] of leaves.entries()) {
    const { kind } = leaf;
    if (leaf.role === 'key') kernel.calls.key(state, kind);
    else if (leaf.role === 'column') kernel.calls.column(state, kind, leaf.asked);
    else addTest(kernel, state, { kind, leaf: index, test: leaf.test });
  }
  return state;
}

/**
 * Works until no unit is left, or some thread has failed; gives how many it did. Throws Unreadable
 * and TooMany.
 */
export function workThrough(kernel: GroupKernel, state: State, task: GroupTask): number {
  const work = new UnitWork(kernel, state, task.leaves);
  for (let done = 0; ; done += 1) {
    if (Atomics.load(task.cells, CELL.failed) !== 0) return done;
    const unit = task.units[Atomics.add(task.cells, CELL.next, 1)];
    if (unit === undefined) return done;
    work.take(unit);
  }
}

class UnitWork {
  readonly #kernel: GroupKernel;
  readonly #state: State;
  readonly #leaves: readonly LeafPlan[];
  readonly #pages: ChunkPages;
  #buffer = Buffer.alloc(0);

  constructor(kernel: GroupKernel, state: State, leaves: readonly LeafPlan[]) {
    this.#kernel = kernel;
    this.#state = state;
    this.#leaves = leaves;
    this.#pages = new ChunkPages(kernel, state);
  }

  /** Conditions first: where no row passes nothing else is read. */
  take(unit: Unit): void {
    const { calls } = this.#kernel;
    calls.begin(this.#state, unit.rows);
    for (const role of ['condition', 'key', 'column'] as const) {
      for (const [index, leaf] of this.#leaves.entries()) {
        if (leaf.role === role) this.#read(unit, index);
        if (calls.alive(this.#state) === 0) return;
      }
      if (role === 'key') settled(calls.group(this.#state));
    }
    calls.end(this.#state);
  }

  #read(unit: Unit, leaf: number): void {
    const chunk = unit.chunks[leaf] as Chunk;
    if (chunk.size > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.ceil(chunk.size * 1.25));
    }
    const bytes = readAt(unit, chunk.at, chunk.size, this.#buffer);
    this.#pages.take(leaf, chunk, unit.optional[leaf] === true, unit.rows, bytes);
  }
}
