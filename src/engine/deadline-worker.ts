/**
 * The thread behind --timeout. It ends the whole process, because the main thread may be inside a
 * native call of any length; nothing is half-written then but files that still have other names.
 */
import { rmSync, writeSync } from 'node:fs';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { exitGroup } from '../kernel/calls.ts';

export interface DeadlineTask {
  readonly milliseconds: number;
  /** One word; not 0 when the run is over. */
  readonly over: SharedArrayBuffer;
  /** Told of files that are being written. */
  readonly port: MessagePort;
  /** What stderr gets. */
  readonly message: string;
  readonly exitCode: number;
}

export interface UnfinishedNews {
  readonly path: string;
  readonly present: boolean;
}

function wait(task: DeadlineTask): void {
  const woken = Atomics.wait(new Int32Array(task.over), 0, 0, task.milliseconds);
  if (woken !== 'timed-out') return;
  const paths = new Set<string>();
  for (let news = receiveMessageOnPort(task.port); news; news = receiveMessageOnPort(task.port)) {
    const { path, present } = news.message as UnfinishedNews;
    if (present) paths.add(path);
    else paths.delete(path);
  }
  for (const path of paths) rmSync(path, { force: true });
  writeSync(2, task.message);
  exitGroup(task.exitCode);
}

wait(workerData as DeadlineTask);
