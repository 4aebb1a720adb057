/** One task at work in a process of the daemon: reads what is to be opened, takes the steps. */
import { statSync } from 'node:fs';
import type { DataFrame } from '../compute/polars.ts';
import type { Shelf } from '../engine/inputs/shelf.ts';
import { NairobiError } from '../errors.ts';
import { exactJson } from '../exact-json.ts';
import { checked } from '../kernel/errno.ts';
import type { Fd } from '../kernel/syscall.ts';
import { formatBytes, MiB } from '../units.ts';
import { shelfFor } from './command-shelf.ts';
import { isFresh } from './files.ts';
import { ASLEEP_MS } from './link.ts';
import { type Loaded, load } from './load.ts';
import { packTail } from './parcels.ts';
import { type Rows, StepRunner } from './steps.ts';
import {
  type CommandWish,
  frameKey,
  type Held,
  type Opening,
  type TaskStale,
  type WorkerDone,
  type WorkerTask,
} from './tasks.ts';

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

export type RunCommand = (wish: CommandWish, shelf: Shelf) => Promise<CommandRun>;

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

/** Characters of an answer: clients take no more, and the daemon is busy with it meanwhile. */
const ANSWER_LENGTH_MAX = 32 * MiB;

const tooLong = (size: number): NairobiError =>
  new NairobiError('MEMORY_LIMIT', `The answer has ${formatBytes(size)} of JSON`, {
    hint: `at most ${formatBytes(ANSWER_LENGTH_MAX)} are given: ask for less, or for it by descriptor`,
  });

/** A task with its rows. */
type RunnableTask = Omit<WorkerTask, 'held' | 'open'> & { readonly held: readonly Held[] };

/** One task at work. */
export class TaskRun {
  readonly #task: RunnableTask;
  readonly #frames: ReadonlyMap<string, DataFrame>;
  readonly #onSoon: () => void;
  readonly #start = performance.now();
  readonly #ms: Record<string, number> = {};
  readonly #rows = new Map<string, Rows>();
  /** Of what was computed, and beside it what was printed. */
  readonly fds: Fd[] = [];

  constructor(task: RunnableTask, frames: ReadonlyMap<string, DataFrame>, onSoon: () => void) {
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
    const answers = await this.#steps(runner);
    const size = Object.values(answers).reduce((sum, { length }) => sum + length, 0);
    if (size > ANSWER_LENGTH_MAX) throw tooLong(size);
    return { answers, ms: this.#ms };
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
