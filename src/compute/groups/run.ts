/** Groups on all threads: each has a state of its own, which this thread adds to its own. */
import { Worker } from 'node:worker_threads';
import { threadEntry } from '../../thread-entry.ts';
import type { DataFrame } from '../polars.ts';
import { checkSeams } from '../text/text-work.ts';
import { GroupKernel, type State, settled } from './kernel.ts';
import { newState } from './leaves.ts';
import type { GroupPlan } from './plan.ts';
import { isForPolars } from './refusal.ts';
import { frameOf } from './result.ts';
import {
  CELL,
  CELLS,
  type GroupTask,
  type ThreadAnswer,
  type ThreadOrder,
  unitCount,
  workThrough,
} from './task.ts';

/**
 * The groups, a column for each key and each measure, named "k0", "k1", "m0"; undefined where the
 * rows turn out not to be for the kernel: Polars then tells what is wrong with them, if anything.
 */
export async function runGroups(plan: GroupPlan): Promise<DataFrame | undefined> {
  const { leaves, units, threads } = plan;
  const kernel = new GroupKernel();
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * 4));
  const task: GroupTask = { leaves, units, cells };
  const others = Array.from({ length: threads - 1 }, () =>
    startThread({ share: kernel.share, task }),
  );
  try {
    const state = newState(kernel, leaves);
    const done = workThrough(kernel, state, task);
    // A thread that is still starting has nothing to say then.
    const isAll = done === unitCount(units);
    for (const { answer } of isAll ? [] : others) {
      const other = await answer;
      if ('failure' in other) return undefined;
      settled(kernel.calls.merge(state, other.state));
    }
    if (units.kind === 'text') checkSeams(units);
    return frameOf(kernel, state as State, plan);
  } catch (error) {
    if (!isForPolars(error)) throw error;
    return undefined;
  } finally {
    Atomics.store(cells, CELL.failed, 1);
    for (const { worker } of others) void worker.terminate();
  }
}

interface Thread {
  readonly worker: Worker;
  readonly answer: Promise<ThreadAnswer>;
}

function startThread(workerData: ThreadOrder): Thread {
  const worker = new Worker(threadEntry('groups', './worker.ts', import.meta.url), { workerData });
  const answer = new Promise<ThreadAnswer>((resolve) => {
    worker.once('message', resolve);
    worker.once('error', (error) => resolve({ failure: error.message }));
    worker.once('exit', () => resolve({ failure: 'a thread ended early' }));
  });
  return { worker, answer };
}
