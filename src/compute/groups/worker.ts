/** A thread of a group-by. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.ts';
import { GroupKernel } from './kernel.ts';
import { newState } from './leaves.ts';
import { CELL, type ThreadAnswer, type ThreadOrder, workThrough } from './task.ts';

const { share, task } = workerData as ThreadOrder;

function work(): ThreadAnswer {
  try {
    const kernel = new GroupKernel(share);
    const state = newState(kernel, task.leaves);
    workThrough(kernel, state, task);
    return { state };
  } catch (error) {
    Atomics.store(task.cells, CELL.failed, 1);
    return { failure: messageOf(error) };
  }
}

parentPort?.postMessage(work());
