/** Starts the thread of count-worker.ts. */
import { Worker } from 'node:worker_threads';
import { NairobiError } from '../errors.ts';
import type { PlainRecords } from '../formats/decoded.ts';
import type { CountAnswer, CountTask } from './count-worker.ts';

/** Checks the file behind `fd`, which has to stay open until the answer is there. */
export function countRecords(fd: number, records: PlainRecords): Promise<CountAnswer> {
  const bundled = !import.meta.url.endsWith('.ts');
  const entry = new URL(bundled ? '../count.js' : './count-worker.ts', import.meta.url);
  const task: CountTask = { fd, records };
  const worker = new Worker(entry, { workerData: task });
  const answer = new Promise<CountAnswer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () =>
      reject(new NairobiError('HOST', 'The thread that counts records ended without an answer')),
    );
  });
  // It is awaited when the work is done; until then a failure must not count as unhandled.
  answer.catch(() => undefined);
  return answer;
}
