/** --timeout: the process ends by itself when it has run too long. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { onUnfinished } from '../unfinished.ts';
import type { Milliseconds } from '../units.ts';
import type { DeadlineTask, UnfinishedNews } from './deadline-worker.ts';

/** Ends the process with `exitCode` and `message` on stderr after this long, unless disposed of. */
export function startDeadline(
  milliseconds: Milliseconds,
  message: string,
  exitCode: number,
): Disposable {
  const { port1, port2 } = new MessageChannel();
  const over = new SharedArrayBuffer(4);
  const bundled = !import.meta.url.endsWith('.ts');
  const entry = new URL(bundled ? '../deadline.js' : './deadline-worker.ts', import.meta.url);
  const task: DeadlineTask = { milliseconds, over, port: port2, message, exitCode };
  new Worker(entry, { workerData: task, transferList: [port2] }).unref();
  port1.unref();
  onUnfinished((path, present) => {
    const news: UnfinishedNews = { path, present };
    port1.postMessage(news);
  });
  return {
    [Symbol.dispose](): void {
      Atomics.store(new Int32Array(over), 0, 1);
      Atomics.notify(new Int32Array(over), 0);
      port1.close();
    },
  };
}
