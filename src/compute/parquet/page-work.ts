/** Row groups on their way into the state of a thread, one after the other. */
import { type GroupKernel, type State, settled } from '../groups/kernel.ts';
import type { LeafPlan } from '../groups/leaves.ts';
import { readAt } from './file.ts';
import type { Chunk } from './footer.ts';
import { ChunkPages } from './pages.ts';

/** A row group; its chunks are in the order of the leaves. */
export interface PageUnit {
  readonly fd: number;
  readonly size: number;
  readonly rows: number;
  readonly chunks: readonly Chunk[];
  /** Of each leaf, whether its column has levels. */
  readonly optional: readonly boolean[];
}

export class PageWork {
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
  take(unit: PageUnit): void {
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

  #read(unit: PageUnit, leaf: number): void {
    const chunk = unit.chunks[leaf] as Chunk;
    if (chunk.size > this.#buffer.length) {
      this.#buffer = Buffer.allocUnsafeSlow(Math.ceil(chunk.size * 1.25));
    }
    const bytes = readAt(unit, chunk.at, chunk.size, this.#buffer);
    this.#pages.take(leaf, chunk, unit.optional[leaf] === true, unit.rows, bytes);
  }
}
