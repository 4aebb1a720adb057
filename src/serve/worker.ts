/**
 * A process of the daemon: opens sources and computes, one task at a time. Polars, Vega and the
 * parser are loaded once and stay warm.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import type { DataFrame } from '../compute/polars.ts';
import { Gate, useGate } from '../engine/inputs/gate.ts';
import { workForOthers } from '../engine/inputs/unfit.ts';
import { assert } from '../errors.ts';
import { OwnMemory } from '../host/own-memory.ts';
import { returnFreeMemory } from '../kernel/arenas.ts';
import { close, duplicate } from '../kernel/calls.ts';
import { checked } from '../kernel/errno.ts';
import { confine } from '../kernel/landlock.ts';
import { endWithParent, runInTurn } from '../kernel/priority.ts';
import type { Fd } from '../kernel/syscall.ts';
import { MiB } from '../units.ts';
import { isBug, protocolError } from './failures.ts';
import { Link } from './link.ts';
import { letGoOf, unpackHeld, unpackOpening } from './parcels.ts';
import { type RunCommand, TaskRun } from './task-run.ts';
import {
  type FromWorker,
  frameKey,
  type Held,
  type Opening,
  type Steps,
  type TaskFailed,
  type TaskStale,
  type ToWorker,
  type WorkerDone,
  type WorkerSetup,
  type WorkerTask,
} from './tasks.ts';
import { warmUp } from './warm-up.ts';

type CommandRunner = (setup: WorkerSetup) => RunCommand;

/** What the kernel ends first where memory runs out: the daemon itself holds what all need. */
const OOM_SCORE = 500;

/** So much more than when it was warm, and what is free goes back to the kernel. */
const IDLE_BYTES_MAX = 64 * MiB;

/** Does what comes over `fd`, in the order it comes, until the daemon, `daemonPid`, ends. */
export function serveTasks(fd: Fd, daemonPid: number, commandRunner: CommandRunner): void {
  endWithParent(daemonPid);
  // Signals to the group, such as ^C, are for the daemon to obey.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  endFirst();
  const isConfined = confine(writableDevices()) > 0;
  workForOthers();
  // The daemon comes first when it is woken; this process computes.
  runInTurn();
  let worker: Worker | undefined;
  let last = Promise.resolve();
  const link = new Link(fd, {
    heard(message, fds) {
      last = last.then(async () => {
        const told = message as ToWorker;
        if ('setup' in told) worker = await begin(link, told.setup, { commandRunner, isConfined });
        else await worker?.obey(told, fds);
      });
    },
    rung: () => link.look(),
    ended: () => process.exit(),
  });
}

function endFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', String(OOM_SCORE));
  } catch {
    // A container may forbid it.
  }
}

/** What drawing by a GPU writes to, and where the rest goes. */
function writableDevices(): readonly string[] {
  const gpu = /^(nvidia.*|dxg|kfd|dri)$/;
  const gpus = existsSync('/dev') ? readdirSync('/dev').filter((name) => gpu.test(name)) : [];
  return ['null', ...gpus].map((name) => `/dev/${name}`);
}

async function begin(
  link: Link,
  setup: WorkerSetup,
  { commandRunner, isConfined }: { commandRunner: CommandRunner; isConfined: boolean },
): Promise<Worker> {
  if (setup.allowed.length > 0) useGate(new Gate(setup.allowed));
  const start = performance.now();
  await warmUp();
  const worker = new Worker(link, commandRunner(setup));
  const warmed = performance.now() - start;
  link.send({ warmed, isConfined } satisfies FromWorker);
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
  /** Tells the daemon of rows that were read, which it was not told of yet. */
  #untold: (() => void) | undefined;

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
    const run = new TaskRun({ ...rest, held }, this.#frames, () => this.#link.ring());
    try {
      const { steps } = task;
      if (open !== undefined) await this.#open(run, unpackOpening(open, fds), beginsAside(steps));
      const done = steps.command
        ? await run.command(steps.command, this.#runCommand)
        : await run.perform();
      this.#answer(done, run.fds);
    } catch (thrown) {
      for (const fd of run.fds) close(fd);
      const { exit, ...error } = protocolError(thrown);
      const stack = isBug(thrown) && thrown instanceof Error ? thrown.stack : undefined;
      this.#answer({ error, exit, ...(stack === undefined ? {} : { stack }) });
    }
    this.#link.rest();
    if (this.#memory.bytes > this.#idleBytes) returnFreeMemory();
  }

  /**
   * The daemon has the rows at once, whatever becomes of the steps: `aside` while the first of them
   * is computed, which takes nothing from who waits for it.
   */
  async #open(run: TaskRun, open: Opening, aside: boolean): Promise<void> {
    try {
      const { held, frame } = await run.open(open);
      this.#held.set(frameKey(held), held);
      this.#frames.set(frameKey(held), frame);
      const { id: _id, version: _version, wish: _wish, fd, ...opened } = held;
      const second = checked(duplicate(fd as Fd), 'hand over rows') as Fd;
      this.#untold = () => this.#link.send({ opened } satisfies FromWorker, [second]);
      if (aside) setImmediate(() => this.#tellOpened());
      else this.#tellOpened();
    } catch (error) {
      if (open.wish.fd !== undefined) close(open.wish.fd as Fd);
      throw error;
    }
  }

  #tellOpened(): void {
    const tell = this.#untold;
    this.#untold = undefined;
    tell?.();
  }

  #answer(answer: WorkerDone | TaskStale | TaskFailed, fds: readonly Fd[] = []): void {
    this.#tellOpened();
    this.#link.send({ answer } satisfies FromWorker, fds);
  }
}

/** True where Polars computes the first step on its own threads, and this one waits. */
const beginsAside = ({ query, stats, column }: Steps): boolean =>
  query === undefined && stats === undefined && column !== undefined;
