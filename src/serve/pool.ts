/**
 * The processes that compute. What nobody waits for any more, and what takes too much, is ended
 * with its process, and another takes its place.
 */
import { assert, messageOf, NairobiError } from '../errors.ts';
import type { Fd } from '../kernel/syscall.ts';
import { type Asked, type Job, nextJob, Worker } from './jobs.ts';
import { ASLEEP_MS, LOOKING_PAYS } from './link.ts';
import { MemoryWatch } from './memory-watch.ts';
import { unpackTail } from './parcels.ts';
import {
  type FromWorker,
  frameKey,
  type Held,
  type TaskAnswer,
  type WorkerSetup,
} from './tasks.ts';
import { WorkerProcess } from './worker-process.ts';

export interface PoolOptions {
  readonly setup: WorkerSetup;
  readonly workers: number;
  /** Bytes the workers may take together, with the rows in memory files beside them. */
  readonly memoryLimit: number;
  /** How much the latter are now. */
  readonly heldBytes: () => number;
  readonly log: (text: string) => void;
}

/** What was given up mostly ends by itself within this; another process takes longer to start. */
const GRACE_MS = 250;

/** After a process that could not start. */
const RESTART_MS = 1000;

/** Of the workers, and of tasks that wait for one. */
interface Counts {
  readonly [what: string]: number;
  readonly all: number;
  readonly busy: number;
  readonly warm: number;
  readonly confined: number;
  readonly queued: number;
  /** Since the start. */
  readonly ended: number;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #workers = new Set<Worker>();
  readonly #watch: MemoryWatch;
  readonly #queue: Job[] = [];
  #closed = false;
  #lastTaskAt = 0;
  #ended = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#watch = new MemoryWatch(() => this.#workers, options.memoryLimit, options.heldBytes);
    for (let i = 0; i < options.workers; i += 1) this.#start();
  }

  get counts(): Counts {
    const workers = [...this.#workers];
    return {
      all: workers.length,
      busy: workers.filter(({ job }) => job !== undefined).length,
      warm: workers.filter(({ isWarm }) => isWarm).length,
      confined: workers.filter(({ isConfined }) => isConfined).length,
      queued: this.#queue.length,
      ended: this.#ended,
    };
  }

  /** Bytes of memory that are the workers' own. */
  get ownBytes(): number {
    return [...this.#workers].reduce((sum, { ownBytes }) => sum + ownBytes, 0);
  }

  get isBusy(): boolean {
    for (const { job } of this.#workers) if (job !== undefined) return true;
    return false;
  }

  /** Gives the task to a worker when one is free, rather one that holds its rows. */
  run(asked: Asked): Promise<TaskAnswer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...asked, resolve, reject, abandoned: false, startedAt: 0 });
      this.#turn();
    });
  }

  /** A task is about to come: who will do it wakes up in the meantime. */
  announce(): void {
    if (!LOOKING_PAYS || this.isBusy || performance.now() - this.#lastTaskAt < ASLEEP_MS) return;
    this.#choose([])?.process.wake();
  }

  /** Nobody waits for it any more: it has a moment left to end by itself. */
  abandon(id: number): void {
    const at = this.#queue.findIndex(({ task }) => task.id === id);
    const [queued] = at === -1 ? [] : this.#queue.splice(at, 1);
    queued?.reject(givenUp());
    for (const worker of this.#workers) {
      const { job } = worker;
      if (job?.task.id !== id || job.abandoned) continue;
      job.abandoned = true;
      setTimeout(() => {
        if (worker.job === job) worker.end(givenUp());
      }, GRACE_MS).unref();
    }
  }

  /** The rows of this version of a dataset are of no use any more. */
  drop(held: Held): void {
    for (const { process } of this.#workers) process.drop(held);
  }

  /** True when some worker has the rows of it as Polars holds them. */
  holds(held: Held): boolean {
    const key = frameKey(held);
    return [...this.#workers].some(({ process }) => process.frames.has(key));
  }

  /** No task is begun any more, and nobody gets an answer. */
  close(): void {
    this.#closed = true;
    this.#watch.stop();
    const ended = new NairobiError('TERMINATED', 'The daemon ends');
    for (const { reject } of this.#queue.splice(0)) reject(ended);
    for (const { job, process } of this.#workers) {
      job?.reject(ended);
      process.end(ended);
    }
  }

  #start(inPlaceFor?: unknown): void {
    if (this.#closed) return;
    try {
      const worker: Worker = new Worker(
        new WorkerProcess(this.#options.setup, {
          heard: (message, fds) => this.#hear(worker, message, fds),
          rung: () => this.#expect(worker),
          ended: (reason) => this.#lose(worker, reason),
        }),
        inPlaceFor,
      );
      this.#workers.add(worker);
    } catch (error) {
      this.#options.log(`a worker could not be started: ${messageOf(error)}`);
      this.#startLater();
    }
  }

  /** What could not even start will not do so at once either. */
  #startLater(): void {
    setTimeout(() => this.#start(), RESTART_MS).unref();
  }

  #hear(worker: Worker, message: FromWorker, fds: readonly Fd[]): void {
    if ('warmed' in message) {
      worker.isWarm = true;
      worker.isConfined = message.isConfined;
      this.#watch.meet(worker);
      this.#turn();
      return;
    }
    const { job } = worker;
    assert(job !== undefined, 'a worker says what it was asked');
    if ('opened' in message) {
      const { open } = job.task;
      const [fd] = fds;
      assert(open !== undefined && fd !== undefined, 'what was read was asked for');
      worker.process.opened(open);
      job.onOpened?.({ ...message.opened, fd });
      return;
    }
    worker.job = undefined;
    const taskMs = performance.now() - job.startedAt;
    // Once whoever waits has the answer.
    setImmediate(() => this.#watch.rested(worker, taskMs));
    const { answer } = message;
    if ('answers' in answer) {
      const { tail, ...done } = answer;
      const all = [...fds];
      if (tail === undefined) job.resolve({ ...done, fds: all });
      else
        unpackTail(tail, all).then(
          (bytes) => job.resolve({ ...done, fds: all, tail: bytes }),
          job.reject,
        );
    } else {
      if ('stack' in answer) this.#options.log(`a bug: ${answer.stack}`);
      job.resolve(answer);
    }
    this.#turn();
  }

  /** Its answer is about to come. */
  #expect(worker: Worker): void {
    const { job } = worker;
    if (job === undefined || job.abandoned || this.counts.busy > 1) return;
    job.onSoon?.();
    worker.process.look();
  }

  #lose(worker: Worker, reason: NairobiError): void {
    if (!this.#workers.delete(worker) || this.#closed) return;
    const { job, isWarm } = worker;
    this.#ended += 1;
    if (reason.code !== 'INTERRUPTED') this.#options.log(`a worker ended: ${reason.message}`);
    job?.reject(reason);
    if (isWarm) this.#start(job?.owner);
    else this.#startLater();
    this.#turn();
  }

  #turn(): void {
    const next = (): Job | undefined => nextJob(this.#queue, [...this.#workers]);
    for (let job = next(); job !== undefined; job = next()) {
      const worker = this.#choose(job.task.held);
      if (worker === undefined) return;
      this.#queue.splice(this.#queue.indexOf(job), 1);
      worker.job = job;
      job.startedAt = performance.now();
      this.#lastTaskAt = job.startedAt;
      worker.process.start(job.task);
      this.#watch.begin();
    }
  }

  /** `wanted`: the rows the task needs. One that is not warm yet begins when it is. */
  #choose(wanted: readonly Held[]): Worker | undefined {
    if (this.#closed) return undefined;
    const idle = [...this.#workers].filter(({ job, process }) => !job && !process.isEnding);
    const score = ({ process, isWarm }: Worker): number =>
      wanted.filter((held) => process.frames.has(frameKey(held))).length * 2 + (isWarm ? 1 : 0);
    return idle.sort((a, b) => score(b) - score(a))[0];
  }
}

const givenUp = (): NairobiError => new NairobiError('INTERRUPTED', 'The request was given up');
