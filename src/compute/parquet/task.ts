/** What the threads of a group-by do: one row group after the other, each into its own state. */
import { readAt } from './file.ts';
import type { Chunk } from './footer.ts';
import { type GroupKernel, type KernelShare, type State, settled } from './kernel.ts';
import { ChunkPages } from './pages.ts';

/** A column in one role; those without `asked` are keys, and come first. */
export interface LeafPlan {
  readonly name: string;
  readonly kind: number;
  readonly asked?: number;
}

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
  for (const { kind, asked } of leaves) {
    if (asked === undefined) kernel.calls.key(state, kind);
    else kernel.calls.column(state, kind, asked);
  }
  return state;
}

/**
 * Works until no unit is left, or some thread has failed; gives how many it did. Throws Unreadable
 * and TooMany.
 */
export function workThrough(kernel: GroupKernel, state: State, task: GroupTask): number {
  const pages = new ChunkPages(kernel, state);
  let buffer = Buffer.alloc(0);
  for (let done = 0; ; done += 1) {
    if (Atomics.load(task.cells, CELL.failed) !== 0) return done;
    const unit = task.units[Atomics.add(task.cells, CELL.next, 1)];
    if (unit === undefined) return done;
    kernel.calls.begin(state, unit.rows);
    let isGrouped = false;
    for (const [leaf, { asked }] of task.leaves.entries()) {
      if (asked !== undefined && !isGrouped) {
        settled(kernel.calls.group(state));
        isGrouped = true;
      }
      const chunk = unit.chunks[leaf] as Chunk;
      if (chunk.size > buffer.length) buffer = Buffer.allocUnsafeSlow(chunk.size * 1.25);
      const bytes = readAt(unit, chunk.at, chunk.size, buffer);
      pages.take(leaf, chunk, unit.optional[leaf] === true, unit.rows, bytes);
    }
    if (!isGrouped) settled(kernel.calls.group(state));
    kernel.calls.end(state);
  }
}
