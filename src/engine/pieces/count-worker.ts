/** A thread that checks whether every record of a file is plain while Polars computes on it. */
import { fstatSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { CensusKernel, KERNEL_CHUNK_BYTES } from '../../formats/csv/census-kernel.ts';
import type { PlainRecords } from '../../formats/decoded.ts';

/** What the thread is given: an open descriptor, and what is to be checked. */
export interface CountTask {
  readonly fd: number;
  readonly records: PlainRecords;
}

export interface CountAnswer {
  /** True when every record is plain. */
  readonly plain: boolean;
  readonly rows: number;
}

function count({ fd, records }: CountTask): CountAnswer {
  const { byte, delimiter, quote, lineEnd, fields } = records;
  const source = {
    length: fstatSync(fd).size,
    read: (into: Uint8Array, at: number) => readSync(fd, into, 0, into.length, at),
  };
  const { rows, stoppedAt } = new CensusKernel().scan(source, byte, KERNEL_CHUNK_BYTES, {
    delimiter: delimiter.charCodeAt(0),
    lineEnd: lineEnd.charCodeAt(0),
    quote: quote === '' ? -1 : quote.charCodeAt(0),
    fields,
  });
  return { plain: stoppedAt === source.length, rows };
}

parentPort?.postMessage(count(workerData as CountTask));
