/** Threads that decode and encode batches; answers come in the order of the questions. */
import { Worker } from 'node:worker_threads';
import { assert, type ErrorJson, NairobiError } from '../../errors.ts';
import type { CsvColumn } from '../../formats/csv/sniff.ts';
import { threadEntry } from '../../thread-entry.ts';
import { Widening } from '../decode/widen.ts';
import type { BatchAnswer, BatchDone, BatchJob, BatchTask } from './batch-worker.ts';

interface Waiting {
  readonly resolve: (done: BatchDone) => void;
  readonly reject: (error: unknown) => void;
}

export class BatchPool implements AsyncDisposable {
  readonly #idle: Worker[] = [];
  readonly #workers: Worker[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  constructor(task: BatchTask, threads: number) {
    const entry = threadEntry('batch', './batch-worker.ts', import.meta.url);
    for (let index = 0; index < threads; index += 1) {
      const worker = new Worker(entry, { workerData: task });
      worker.on('message', (answer: BatchAnswer) => this.settle(worker, answer));
      worker.on('error', (error) => this.fail(error));
      this.#workers.push(worker);
      this.#idle.push(worker);
    }
  }

  get threads(): number {
    return this.#workers.length;
  }

  /** Gives a batch to an idle thread; the caller keeps to `threads` at a time. */
  run(job: Omit<BatchJob, 'id'>): Promise<BatchDone> {
    const worker = this.#idle.pop();
    assert(worker !== undefined, 'no more batches are given out than there are threads');
    this.#next += 1;
    const id = this.#next;
    const answer = new Promise<BatchDone>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    // It is awaited in its turn; until then a failure must not count as unhandled.
    answer.catch(() => undefined);
    worker.postMessage({ ...job, id });
    return answer;
  }

  private settle(worker: Worker, answer: BatchAnswer): void {
    this.#idle.push(worker);
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('pieces' in answer) {
      // A Buffer crosses as a Uint8Array.
      const pieces = answer.pieces.map((piece) => ({
        ...piece,
        parquet: Buffer.from(
          piece.parquet.buffer,
          piece.parquet.byteOffset,
          piece.parquet.byteLength,
        ),
      }));
      waiting?.resolve({ ...answer, pieces });
    } else if (answer.error === undefined) waiting?.reject(answer.thrown);
    else waiting?.reject(asThrown(answer.error, answer.wider));
  }

  private fail(error: unknown): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** The error as it was thrown in its thread. */
function asThrown(error: ErrorJson, wider: CsvColumn | undefined): NairobiError {
  const cause = wider === undefined ? {} : { cause: new Widening(wider) };
  return new NairobiError(error.code, error.message, { ...error, ...cause });
}
