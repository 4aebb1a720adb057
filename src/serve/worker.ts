/**
 * A thread of the daemon: opens sources and computes, one task at a time. Polars, Vega and the
 * parser are loaded once and stay warm.
 */
import { statSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DataFrame } from '../compute/polars.ts';
import { Gate, useGate } from '../engine/inputs/gate.ts';
import type { Shelf } from '../engine/inputs/shelf.ts';
import { workForOthers } from '../engine/inputs/unfit.ts';
import { assert } from '../errors.ts';
import { exactJson } from '../exact-json.ts';
import { close } from '../kernel/calls.ts';
import { runInTurn } from '../kernel/priority.ts';
import type { Fd } from '../kernel/syscall.ts';
import { ownDirectory } from '../kernel/thread-directory.ts';
import { Bell } from './bell.ts';
import { shelfFor } from './command-shelf.ts';
import { isBug, protocolError } from './failures.ts';
import { isFresh } from './files.ts';
import { load } from './load.ts';
import type { WorkerData } from './pool.ts';
import { ASLEEP_MS, lookAt } from './port-look.ts';
import { type Rows, StepRunner } from './steps.ts';
import {
  type CommandWish,
  type FromWorker,
  frameKey,
  type Held,
  type Task,
  type TaskAnswer,
  type TaskDone,
  type ToWorker,
} from './tasks.ts';
import { warmUp } from './warm-up.ts';

/** What a command printed; or why the client has to run it itself. */
export type CommandRun =
  | { readonly instead: string }
  | {
      readonly exit: number;
      readonly stderr: string;
      /** Bytes of it at the end of `tail`, behind those of the files. */
      readonly stdout: number;
      readonly files: readonly { readonly path: string; readonly bytes: number }[];
      readonly tail: Uint8Array;
    };

type RunCommand = (wish: CommandWish, shelf: Shelf) => Promise<CommandRun>;

/** Rows as Polars holds them: of the datasets this thread read itself. */
const frames = new Map<string, DataFrame>();

/** Does what the daemon sends, in the order it comes. */
export function serveTasks(
  { allowed, answers, bells }: Pick<WorkerData, 'allowed' | 'answers' | 'bells'>,
  runCommand: RunCommand,
): void {
  workForOthers();
  if (allowed.length > 0) useGate(new Gate(allowed));
  const port = parentPort;
  assert(port !== null, 'this runs in a thread');
  // The daemon's thread comes first when it is woken; this one and those of Polars compute.
  runInTurn();
  const changeDirectory = ownDirectory();
  const [coming, soon] = [new Bell(bells.coming), new Bell(bells.soon)];
  const tell = (message: FromWorker): void => {
    const tail = 'tail' in message ? message.tail : undefined;
    answers.postMessage(message, tail === undefined ? [] : [tail.buffer as ArrayBuffer]);
  };
  let last = Promise.resolve();
  const hear = (message: ToWorker): void => {
    coming.hush();
    last = last.then(async () => {
      if ('drop' in message) {
        frames.delete(message.drop);
      } else if ('warm' in message) {
        const start = performance.now();
        await warmUp();
        tell({ warmed: performance.now() - start });
      } else {
        tell(await answer(new Bench(message, changeDirectory, () => soon.ring()), runCommand));
      }
    });
  };
  coming.listen(() => {
    const next = lookAt(port);
    if (next !== undefined) hear(next as ToWorker);
  });
  port.on('message', hear);
}

/** True where the name of the directory leads the client to another one. */
function isElsewhere({ place }: CommandWish): boolean {
  if (place === undefined) return false;
  const { dev, ino } = statSync('.', { bigint: true });
  return place !== `${dev}:${ino}`;
}

async function answer(bench: Bench, runCommand: RunCommand): Promise<TaskAnswer> {
  const { task } = bench;
  try {
    return task.steps.command === undefined
      ? await bench.perform()
      : await bench.command(task.steps.command, runCommand);
  } catch (thrown) {
    const { exit, ...error } = protocolError(thrown);
    const stack = isBug(thrown) && thrown instanceof Error ? thrown.stack : undefined;
    return { id: task.id, error, exit, ...(stack === undefined ? {} : { stack }) };
  }
}

/** One task at work. */
class Bench {
  readonly task: Task;
  readonly #changeDirectory: (directory: string) => void;
  readonly #onSoon: () => void;
  readonly #start = performance.now();
  readonly #ms: Record<string, number> = {};

  constructor(task: Task, changeDirectory: (directory: string) => void, onSoon: () => void) {
    this.task = task;
    this.#onSoon = onSoon;
    this.#changeDirectory = changeDirectory;
  }

  async perform(): Promise<TaskAnswer> {
    const { task } = this;
    const rows = new Map<string, Rows>();
    for (const held of task.held) {
      this.#changeDirectory(held.wish.cwd);
      if (!isFresh(held)) return { id: task.id, stale: held.id };
      rows.set(held.id, { held, frame: frames.get(frameKey(held)) });
    }
    const { open } = task;
    const steps = new StepRunner(rows, task, (step) => {
      const isLast = Object.keys(task.steps).at(-1) === step;
      if (isLast && performance.now() - this.#start > ASLEEP_MS) this.#onSoon();
    });
    let opened: Held | undefined;
    try {
      if (open !== undefined) {
        this.#changeDirectory(open.wish.cwd);
        const loaded = await this.#timed('open', () => load(open, task.memoryLimit));
        opened = loaded.held;
        frames.set(frameKey(opened), loaded.frame);
        rows.set(opened.id, loaded);
      }
      this.#changeDirectory(task.cwd);
      const answers = await this.#steps(steps);
      const done: TaskDone = { id: task.id, answers, fds: steps.fds, ms: this.#ms };
      if (opened === undefined) return done;
      const { id: _id, version: _version, wish: _wish, ...found } = opened;
      return { ...done, opened: found };
    } catch (error) {
      for (const fd of steps.fds) close(fd as Fd);
      if (opened !== undefined) {
        frames.delete(frameKey(opened));
        close(opened.fd as Fd);
      }
      throw error;
    }
  }

  async command(wish: CommandWish, runCommand: RunCommand): Promise<TaskDone> {
    const { id, cwd, held } = this.task;
    this.#changeDirectory(cwd);
    const shelf = shelfFor(held, (one) => frames.get(frameKey(one)), { cwd, wish });
    const run = await this.#timed('command', async () =>
      isElsewhere(wish)
        ? { instead: 'its directory is another one' }
        : runCommand(wish, shelf.find),
    );
    const done = { id, fds: [], ms: this.#ms, cold: shelf.cold, used: shelf.used };
    if ('instead' in run) return { ...done, answers: { command: exactJson(run) } };
    const { tail, ...said } = run;
    return { ...done, answers: { command: exactJson(said) }, tail };
  }

  async #steps(runner: StepRunner): Promise<Record<string, string>> {
    const { query, stats, column, plot } = this.task.steps;
    const answers: Record<string, string> = {};
    if (query) answers['query'] = await this.#timed('query', () => runner.query(query));
    if (stats) answers['stats'] = await this.#timed('stats', () => runner.stats(stats));
    if (column) answers['column'] = await this.#timed('column', () => runner.column(column));
    if (plot) answers['plot'] = await this.#timed('plot', () => runner.plot(plot));
    return answers;
  }

  async #timed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    this.#ms[name] = performance.now() - start;
    return result;
  }
}
