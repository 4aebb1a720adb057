/** Starts the thread of odd-worker.ts. */
import { Worker } from 'node:worker_threads';
import { NairobiError } from '../../errors.ts';
import { threadEntry } from '../../thread-entry.ts';
import type { OddTask } from './odd-worker.ts';

export interface OddLook {
  /** The bits of ODD found in each column; none when it was told to stop. */
  readonly found: Promise<Uint8Array>;
  stop(): void;
}

/** Looks at the file behind the descriptor, which has to stay open until the answer is there. */
export function lookForOdd(task: OddTask): OddLook {
  const entry = threadEntry('odd', './odd-worker.ts', import.meta.url);
  const worker = new Worker(entry, { workerData: task });
  let stopped = false;
  const found = new Promise<Uint8Array>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => {
      if (stopped) resolve(new Uint8Array());
      else reject(new NairobiError('HOST', 'The thread that looks at values gave no answer'));
    });
  });
  // It is awaited when the work is done; until then a failure must not count as unhandled.
  found.catch(() => undefined);
  return {
    found,
    stop: () => {
      stopped = true;
      void worker.terminate();
    },
  };
}
