/** A thread that decodes stretches of a text into columns. */
import { workerData } from 'node:worker_threads';
import type { KernelShare } from '../stats/kernel.ts';
import { columnDecoder } from './column-decoder.ts';
import { type ColumnTask, workThrough } from './column-slots.ts';

const { share, task } = workerData as { share: KernelShare; task: ColumnTask };

workThrough(columnDecoder(share), task);
