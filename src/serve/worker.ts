/**
 * A thread of the daemon: opens sources and computes, one task at a time. Polars, Vega and the
 * parser are loaded once and stay warm.
 */
import { parentPort } from 'node:worker_threads';
import type { DataFrame } from '../compute/polars.ts';
import { close } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import { ownDirectory } from '../kernel/thread-directory.ts';
import { isBug, protocolError } from './failures.ts';
import { isFresh } from './files.ts';
import { load } from './load.ts';
import { type Rows, StepRunner } from './steps.ts';
import {
  type FromWorker,
  frameKey,
  type Held,
  type Task,
  type TaskAnswer,
  type TaskDone,
  type ToWorker,
} from './tasks.ts';
import { warmUp } from './warm-up.ts';

const port = parentPort;
const changeDirectory = ownDirectory();

/** Rows as Polars holds them: of the datasets this thread read itself. */
const frames = new Map<string, DataFrame>();

async function perform(task: Task): Promise<TaskAnswer> {
  const ms: Record<string, number> = {};
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    ms[name] = performance.now() - start;
    return result;
  };
  const rows = new Map<string, Rows>();
  for (const held of task.held) {
    changeDirectory(held.wish.cwd);
    if (!isFresh(held)) return { id: task.id, stale: held.id };
    rows.set(held.id, { held, frame: frames.get(frameKey(held)) });
  }
  const { open, steps } = task;
  let opened: Held | undefined;
  let runner: StepRunner | undefined;
  try {
    if (open !== undefined) {
      changeDirectory(open.wish.cwd);
      const loaded = await timed('open', () => load(open, task.memoryLimit));
      opened = loaded.held;
      frames.set(frameKey(opened), loaded.frame);
      rows.set(opened.id, loaded);
    }
    changeDirectory(task.cwd);
    const steady = new StepRunner(rows, task);
    runner = steady;
    const answers: Record<string, string> = {};
    const { query, stats, column, plot } = steps;
    if (query) answers['query'] = await timed('query', () => steady.query(query));
    if (stats) answers['stats'] = await timed('stats', () => steady.stats(stats));
    if (column) answers['column'] = await timed('column', () => steady.column(column));
    if (plot) answers['plot'] = await timed('plot', () => steady.plot(plot));
    const done: TaskDone = { id: task.id, answers, fds: runner.fds, ms };
    return opened === undefined ? done : { ...done, opened };
  } catch (error) {
    for (const fd of runner?.fds ?? []) close(fd as Fd);
    if (opened !== undefined) {
      frames.delete(frameKey(opened));
      close(opened.fd as Fd);
    }
    throw error;
  }
}

async function answer(task: Task): Promise<TaskAnswer> {
  try {
    return await perform(task);
  } catch (thrown) {
    const { exit, ...error } = protocolError(thrown);
    const stack = isBug(thrown) && thrown instanceof Error ? thrown.stack : undefined;
    return { id: task.id, error, exit, ...(stack === undefined ? {} : { stack }) };
  }
}

const tell = (message: FromWorker): void => port?.postMessage(message);

port?.on('message', async (message: ToWorker) => {
  if ('drop' in message) {
    frames.delete(message.drop);
  } else if ('warm' in message) {
    const start = performance.now();
    await warmUp();
    tell({ warmed: performance.now() - start });
  } else {
    tell(await answer(message));
  }
});
