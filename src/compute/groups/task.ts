/** What the threads of a group-by do: part after part of the rows, each into its own state. */
import { type PageUnit, PageWork } from '../parquet/page-work.ts';
import { type TextUnits, TextWork } from '../text/text-work.ts';
import type { GroupKernel, KernelShare, State } from './kernel.ts';
import type { LeafPlan } from './leaves.ts';

/** Row groups of Parquet files, or stretches of a text. */
export type Units = { readonly kind: 'pages'; readonly pages: readonly PageUnit[] } | TextUnits;

export interface GroupTask {
  readonly leaves: readonly LeafPlan[];
  readonly units: Units;
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

export const unitCount = (units: Units): number =>
  units.kind === 'pages' ? units.pages.length : units.count;

/**
 * Works until no unit is left, or some thread has failed; gives how many it did. Throws Unreadable
 * and TooMany.
 */
export function workThrough(kernel: GroupKernel, state: State, task: GroupTask): number {
  const { cells, units } = task;
  const take = taking(kernel, state, task);
  for (let done = 0; ; done += 1) {
    if (Atomics.load(cells, CELL.failed) !== 0) return done;
    const unit = Atomics.add(cells, CELL.next, 1);
    if (unit >= unitCount(units)) return done;
    take(unit);
  }
}

function taking(kernel: GroupKernel, state: State, task: GroupTask): (unit: number) => void {
  const { units, leaves } = task;
  if (units.kind === 'text') {
    const work = new TextWork(kernel, state, units);
    return (unit) => work.take(unit);
  }
  const work = new PageWork(kernel, state, leaves);
  return (unit) => {
    const page = units.pages[unit];
    if (page !== undefined) work.take(page);
  };
}
