/**
 * Takes work from asking to answer: brings the datasets it needs into memory, gives it to a
 * worker, reads again what changed meanwhile, and stops waiting when time is up.
 */
import { assert, NairobiError } from '../errors.ts';
import { close } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import type { Dataset } from './dataset.ts';
import { thrownOf } from './failures.ts';
import type { Asked } from './jobs.ts';
import type { Patience } from './patience.ts';
import type { Pool } from './pool.ts';
import type { Registry } from './registry.ts';
import type { Opened, Steps, Task, TaskAnswer, TaskDone, TaskStale } from './tasks.ts';

export interface Work {
  readonly steps: Steps;
  readonly cwd: string;
  readonly inlineMax: number;
  /** Who asks: see Pool. */
  readonly owner: unknown;
  /** Told when the answer is about to come. */
  readonly onSoon?: () => void;
}

/** Each time the source changed between looking and reading. */
const READ_AGAIN_MAX = 3;

/** Beside the rows held, what a task may take at least. */
const TASK_BYTES_MIN = 64 * 1024 * 1024;

export class Performer {
  readonly #pool: Pool;
  readonly #registry: Registry;
  readonly #taskBytesMax: number;
  #lastTask = 0;

  constructor(pool: Pool, registry: Registry, taskBytesMax: number) {
    this.#pool = pool;
    this.#registry = registry;
    this.#taskBytesMax = taskBytesMax;
  }

  async perform(work: Work, datasets: readonly Dataset[], patience: Patience): Promise<TaskDone> {
    for (let round = 0; round <= READ_AGAIN_MAX; round += 1) {
      const cold = datasets.filter(({ resident }) => resident === undefined);
      // What can begin does so in this very turn of the event loop.
      const isReady = cold.length < 2 && cold[0]?.loading === undefined;
      const first = isReady ? cold[0] : await this.#bring(datasets, { work, patience });
      const id = this.#nextTask();
      const answer = this.#task(id, work, datasets, { first, patience });
      const done = await patience.wait(answer, () => this.#abandon(id, first));
      if ('answers' in done) return done;
      const stale = datasets.find(({ id: one }) => one === done.stale);
      if (stale !== undefined) this.#registry.release(stale);
    }
    throw new NairobiError('BAD_DATA', 'The source changes faster than it can be read', {
      hint: 'query a copy of it',
    });
  }

  /** Reads what is not in memory; the last of them is left to the task itself. */
  async #bring(
    datasets: readonly Dataset[],
    { work, patience }: { work: Work; patience: Patience },
  ): Promise<Dataset | undefined> {
    for (;;) {
      const busy = datasets.find(({ resident, loading }) => resident === undefined && loading);
      // Whether it fails is for who asked first to say; here it is tried again.
      if (busy?.loading !== undefined) await this.#await(busy, busy.loading, patience);
      const cold = datasets.filter(({ resident }) => resident === undefined);
      if (cold.some(({ loading }) => loading !== undefined)) continue;
      const [first, second] = cold;
      if (first === undefined || second === undefined) return first;
      const id = this.#nextTask();
      const nothing = { steps: {}, cwd: first.wish.cwd, inlineMax: 0, owner: work.owner };
      const read = this.#task(id, nothing, [first], { first, patience });
      await patience.wait(read, () => this.#abandon(id, first));
    }
  }

  async #await(dataset: Dataset, loading: Promise<unknown>, patience: Patience): Promise<void> {
    dataset.awaited += 1;
    try {
      await patience.wait(loading.catch(() => undefined));
    } finally {
      dataset.awaited -= 1;
    }
  }

  /** Rows that others wait for are read to their end all the same. */
  #abandon(id: number, first: Dataset | undefined): void {
    const abandon = (): void => this.#pool.abandon(id);
    if (first?.loading === undefined || first.awaited === 0) abandon();
    else first.loading.then(abandon, abandon);
  }

  /** What was read is kept, whoever waits for the rest. */
  async #task(
    id: number,
    { steps, cwd, inlineMax, ...asker }: Work,
    datasets: readonly Dataset[],
    { first, patience }: { first: Dataset | undefined; patience: Patience },
  ): Promise<TaskDone | TaskStale> {
    if (steps.command === undefined) for (const one of datasets) this.#registry.touch(one);
    const inUse = datasets.flatMap((dataset) => this.#registry.use(dataset) ?? []);
    const task: Task = {
      id,
      held: inUse.map(({ held }) => held),
      steps,
      cwd,
      inlineMax,
      memoryLimit: Math.min(Math.max(this.#registry.room, TASK_BYTES_MIN), this.#taskBytesMax),
      ...(first === undefined
        ? {}
        : { open: { id: first.id, version: first.version + 1, wish: first.wish } }),
    };
    try {
      if (first === undefined) return await this.#run({ task, ...asker }, patience);
      return await this.#read({ task, ...asker }, first, patience);
    } finally {
      for (const resident of inUse) this.#registry.leave(resident);
    }
  }

  /** The rows of `first` are there before the steps over them are done. */
  async #read(asked: Asked, first: Dataset, patience: Patience): Promise<TaskDone | TaskStale> {
    const { id, open } = asked.task;
    assert(open !== undefined, 'there is something to read');
    const kept = Promise.withResolvers<void>();
    let refusal: unknown;
    const onOpened = (opened: Opened): void => {
      first.loading = undefined;
      try {
        first.version = open.version;
        this.#registry.keep(first, { ...open, ...opened });
        kept.resolve();
      } catch (error) {
        refusal = error;
        kept.reject(error);
        this.#pool.abandon(id);
      }
    };
    const running = this.#run({ ...asked, onOpened }, patience);
    const loading = Promise.race([running, kept.promise]);
    loading.catch(() => undefined);
    first.loading = loading;
    try {
      const done = await running;
      if (refusal !== undefined) closeAll(done);
      else return done;
    } catch (error) {
      if (refusal === undefined) throw error;
    } finally {
      if (first.loading === loading) first.loading = undefined;
      this.#registry.letGo(first);
    }
    throw refusal;
  }

  async #run(asked: Asked, patience: Patience): Promise<TaskDone | TaskStale> {
    const answer = await this.#pool.run(asked);
    if ('error' in answer) throw thrownOf({ ...answer.error, exit: answer.exit });
    if (patience.isOver) closeAll(answer);
    return answer;
  }

  #nextTask(): number {
    this.#lastTask += 1;
    return this.#lastTask;
  }
}

function closeAll(answer: TaskAnswer): void {
  if ('fds' in answer) for (const fd of answer.fds) close(fd as Fd);
}
