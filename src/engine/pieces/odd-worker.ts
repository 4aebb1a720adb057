/** A thread that looks for odd values in a file while Polars computes on it: odd-values.ts. */
import { fstatSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { oddColumns, type Watch } from '../../formats/csv/odd-values.ts';

/** What the thread is given: an open descriptor, where the records begin, what to look for. */
export interface OddTask {
  readonly fd: number;
  readonly from: number;
  readonly watch: Watch;
}

function look({ fd, from, watch }: OddTask): Uint8Array {
  const source = {
    length: fstatSync(fd).size,
    read: (into: Uint8Array, at: number) => readSync(fd, into, 0, into.length, at),
  };
  return oddColumns(source, from, watch);
}

parentPort?.postMessage(look(workerData as OddTask));
