/** The threads that decode stretches of a text, and who waits for them. */
import { Worker } from 'node:worker_threads';
import { threadEntry } from '../../thread-entry.ts';
import { Unreadable } from '../groups/refusal.ts';
import type { KernelShare } from '../stats/kernel.ts';
import { CELL, type ColumnTask, cellOf, countOf, SLOT } from './column-slots.ts';

/** A thread that died says so only when the event loop turns. */
const TURN_MS = 1000;

export class ColumnThreads {
  readonly #task: ColumnTask;
  readonly #workers: readonly Worker[];
  #failure: string | undefined;

  /** For the second stretch and those behind it. */
  constructor(share: KernelShare, task: ColumnTask, most: number) {
    this.#task = task;
    this.release(0);
    Atomics.store(task.cells, CELL.next, 1);
    const count = Math.min(most, countOf(task) - 1);
    const entry = threadEntry('columns', './column-worker.ts', import.meta.url);
    this.#workers = Array.from({ length: count }, () => {
      const worker = new Worker(entry, { workerData: { share, task } });
      worker.once('error', ({ message }) => {
        this.#failure ??= message;
      });
      return worker;
    });
  }

  /** Waits until a stretch is in its slot. Unreadable where its thread failed. */
  async done(stretch: number): Promise<void> {
    const { cells } = this.#task;
    const cell = cellOf(this.#task, stretch, SLOT.done);
    for (;;) {
      if (this.#failure !== undefined) throw new Unreadable(this.#failure);
      const now = Atomics.load(cells, cell);
      if (now === stretch + 1) return;
      const wait = Atomics.waitAsync(cells, cell, now, TURN_MS);
      if (wait.async) await wait.value;
    }
  }

  /** Its slot may be used again. */
  release(stretch: number): void {
    const { cells } = this.#task;
    Atomics.store(cells, CELL.released, stretch + 1);
    Atomics.notify(cells, CELL.released);
  }

  /** When this resolves nobody reads the file any more. */
  async close(): Promise<void> {
    const { cells } = this.#task;
    Atomics.store(cells, CELL.isOver, 1);
    Atomics.notify(cells, CELL.released);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
