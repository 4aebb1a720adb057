/**
 * A process of the daemon: opens sources and computes, one task at a time. Polars, Vega and the
 * parser are loaded once and stay warm.
 */
import { statSync, writeFileSync } from 'node:fs';
import type { DataFrame } from '../compute/polars.ts';
import { Gate, useGate } from '../engine/inputs/gate.ts';
import type { Shelf } from '../engine/inputs/shelf.ts';
import { workForOthers } from '../engine/inputs/unfit.ts';
import { assert } from '../errors.ts';
import { exactJson } from '../exact-json.ts';
import { OwnMemory } from '../host/own-memory.ts';
import { returnFreeMemory } from '../kernel/arenas.ts';
import { close, duplicate } from '../kernel/calls.ts';
import { checked } from '../kernel/errno.ts';
import { endWithParent, runInTurn } from '../kernel/priority.ts';
import type { Fd } from '../kernel/syscall.ts';
import { MiB } from '../units.ts';
import { shelfFor } from './command-shelf.ts';
import { isBug, protocolError } from './failures.ts';
import { isFresh } from './files.ts';
import { ASLEEP_MS, Link } from './link.ts';
import { type Loaded, load } from './load.ts';
import { letGoOf, packTail, unpackHeld, unpackOpening } from './parcels.ts';
import { type Rows, StepRunner } from './steps.ts';
import {
  type CommandWish,
  type FromWorker,
  frameKey,
  type Held,
  type Opening,
  type TaskFailed,
  type TaskStale,
  type ToWorker,
  type WorkerDone,
  type WorkerSetup,
  type WorkerTask,
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

/** What the kernel ends first where memory runs out: the daemon itself holds what all need. */
const OOM_SCORE = 500;

/** So much more than when it was warm, and what is free goes back to the kernel. */
const IDLE_BYTES_MAX = 64 * MiB;

/** Does what comes over `fd`, in the order it comes, until the daemon, `daemonPid`, ends. */
export function serveTasks(
  fd: Fd,
  daemonPid: number,
  commandRunner: (setup: WorkerSetup) => RunCommand,
): void {
  endWithParent(daemonPid);
  // Signals to the group, such as ^C, are for the daemon to obey.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  writeFileSync('/proc/self/oom_score_adj', String(OOM_SCORE));
  workForOthers();
  // The daemon comes first when it is woken; this process computes.
  runInTurn();
  let worker: Worker | undefined;
  let last = Promise.resolve();
  const link = new Link(fd, {
    heard(message, fds) {
      last = last.then(async () => {
        const told = message as ToWorker;
        if ('setup' in told) worker = await begin(link, told.setup, commandRunner);
        else await worker?.obey(told, fds);
      });
    },
    rung: () => link.look(),
    ended: () => process.exit(),
  });
}

async function begin(
  link: Link,
  setup: WorkerSetup,
  commandRunner: (setup: WorkerSetup) => RunCommand,
): Promise<Worker> {
  if (setup.allowed.length > 0) useGate(new Gate(setup.allowed));
  const start = performance.now();
  await warmUp();
  const worker = new Worker(link, commandRunner(setup));
  link.send({ warmed: performance.now() - start } satisfies FromWorker);
  return worker;
}

/** What one process has and does. */
class Worker {
  readonly #link: Link;
  readonly #runCommand: RunCommand;
  readonly #memory = new OwnMemory('self');
  readonly #idleBytes = this.#memory.bytes + IDLE_BYTES_MAX;
  /** Rows it has descriptors of, by frameKey. */
  readonly #held = new Map<string, Held>();
  /** Of these, as Polars holds them: the datasets this process read itself. */
  readonly #frames = new Map<string, DataFrame>();

  constructor(link: Link, runCommand: RunCommand) {
    this.#link = link;
    this.#runCommand = runCommand;
  }

  async obey(told: Exclude<ToWorker, { setup: unknown }>, fds: readonly Fd[]): Promise<void> {
    if ('give' in told) {
      for (const held of told.give) this.#held.set(frameKey(held), unpackHeld(held, fds));
    } else if ('drop' in told) this.#drop(told.drop);
    else await this.#work(told.task, fds);
  }

  #drop(key: string): void {
    const held = this.#held.get(key);
    this.#held.delete(key);
    this.#frames.delete(key);
    if (held !== undefined) letGoOf(held);
  }

  async #work(task: WorkerTask, fds: readonly Fd[]): Promise<void> {
    const held = task.held.map((key) => {
      const found = this.#held.get(key);
      assert(found !== undefined, 'rows are given before they are named');
      return found;
    });
    const { open, ...rest } = task;
    const bench = new Bench({ ...rest, held }, this.#frames, () => this.#link.ring());
    try {
      if (open !== undefined) await this.#open(bench, unpackOpening(open, fds));
      const { steps } = task;
      const done = steps.command
        ? await bench.command(steps.command, this.#runCommand)
        : await bench.perform();
      this.#answer(done, bench.fds);
    } catch (thrown) {
      for (const fd of bench.fds) close(fd);
      const { exit, ...error } = protocolError(thrown);
      const stack = isBug(thrown) && thrown instanceof Error ? thrown.stack : undefined;
      this.#answer({ error, exit, ...(stack === undefined ? {} : { stack }) });
    }
    if (this.#memory.bytes > this.#idleBytes) returnFreeMemory();
  }

  /** The daemon has the rows at once, whatever becomes of the steps. */
  async #open(bench: Bench, open: Opening): Promise<void> {
    try {
      const { held, frame } = await bench.open(open);
      this.#held.set(frameKey(held), held);
      this.#frames.set(frameKey(held), frame);
      const { id: _id, version: _version, wish: _wish, fd, ...opened } = held;
      const second = checked(duplicate(fd as Fd), 'hand over rows') as Fd;
      this.#link.send({ opened } satisfies FromWorker, [second]);
    } catch (error) {
      if (open.wish.fd !== undefined) close(open.wish.fd as Fd);
      throw error;
    }
  }

  #answer(answer: WorkerDone | TaskStale | TaskFailed, fds: readonly Fd[] = []): void {
    this.#link.send({ answer } satisfies FromWorker, fds);
  }
}

/** True where the name of the directory leads the client to another one. */
function isElsewhere({ place }: CommandWish): boolean {
  if (place === undefined) return false;
  const { dev, ino } = statSync('.', { bigint: true });
  return place !== `${dev}:${ino}`;
}

/** Each time: the same name may be a new directory by now. */
function changeDirectory(directory: string): void {
  try {
    process.chdir(directory);
  } catch (error) {
    const { errno = -1 } = error as NodeJS.ErrnoException;
    checked(errno, `go to ${directory}`, { file: directory });
  }
}

/** A task with its rows. */
type BenchTask = Omit<WorkerTask, 'held' | 'open'> & { readonly held: readonly Held[] };

/** One task at work. */
class Bench {
  readonly #task: BenchTask;
  readonly #frames: ReadonlyMap<string, DataFrame>;
  readonly #onSoon: () => void;
  readonly #start = performance.now();
  readonly #ms: Record<string, number> = {};
  readonly #rows = new Map<string, Rows>();
  /** Of what was computed, and beside it what was printed. */
  readonly fds: Fd[] = [];

  constructor(task: BenchTask, frames: ReadonlyMap<string, DataFrame>, onSoon: () => void) {
    this.#task = task;
    this.#frames = frames;
    this.#onSoon = onSoon;
  }

  async open(open: Opening): Promise<Loaded> {
    changeDirectory(open.wish.cwd);
    const loaded = await this.#timed('open', () => load(open, this.#task.memoryLimit));
    this.#rows.set(loaded.held.id, loaded);
    return loaded;
  }

  async perform(): Promise<WorkerDone | TaskStale> {
    const task = this.#task;
    for (const held of task.held) {
      changeDirectory(held.wish.cwd);
      if (!isFresh(held)) return { stale: held.id };
      this.#rows.set(held.id, { held, frame: this.#frames.get(frameKey(held)) });
    }
    changeDirectory(task.cwd);
    const runner = new StepRunner(this.#rows, { ...task, fds: this.fds }, (step) => {
      const isLast = Object.keys(task.steps).at(-1) === step;
      if (isLast && performance.now() - this.#start > ASLEEP_MS) this.#onSoon();
    });
    return { answers: await this.#steps(runner), ms: this.#ms };
  }

  async command(wish: CommandWish, runCommand: RunCommand): Promise<WorkerDone> {
    const { cwd, held } = this.#task;
    changeDirectory(cwd);
    const shelf = shelfFor(held, (one) => this.#frames.get(frameKey(one)), { cwd, wish });
    const run = await this.#timed('command', async () =>
      isElsewhere(wish)
        ? { instead: 'its directory is another one' }
        : runCommand(wish, shelf.find),
    );
    const done = { ms: this.#ms, cold: shelf.cold, used: shelf.used };
    if ('instead' in run) return { ...done, answers: { command: exactJson(run) } };
    const { tail, ...said } = run;
    const packed = packTail(tail, this.fds);
    return { ...done, answers: { command: exactJson(said) }, tail: packed };
  }

  async #steps(runner: StepRunner): Promise<Record<string, string>> {
    const { query, stats, column, plot } = this.#task.steps;
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
