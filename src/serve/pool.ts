/**
 * The threads that compute. A thread inside a native call cannot be interrupted: who gave up is
 * answered at once, and another thread takes its place until it comes back.
 */
import { MessageChannel, type MessagePort, SHARE_ENV, Worker } from 'node:worker_threads';
import { assert, NairobiError } from '../errors.ts';
import { threadEntry } from '../thread-entry.ts';
import { Bell, type BellRope, hangBell } from './bell.ts';
import { ASLEEP_MS, LOOKING_PAYS, lookAt } from './port-look.ts';
import { type FromWorker, frameKey, type Held, type Task, type TaskAnswer } from './tasks.ts';

/** What a thread is told when it starts. */
export interface WorkerSetup {
  /** The program as package.json has it: see commands/program.ts. */
  readonly program: object;
  /** Directories below which it may read; everywhere when there are none. */
  readonly allowed: readonly string[];
}

/** A thread's own: they wake who is about to get a message. */
export interface Bells {
  readonly coming: BellRope;
  readonly soon: BellRope;
}

export interface WorkerData extends WorkerSetup {
  readonly bells: Bells;
  /** Where its messages go. */
  readonly answers: MessagePort;
}

export interface PoolOptions {
  readonly setup: WorkerSetup;
  readonly threads: number;
  /** Threads beyond `threads` that may stand in for those nobody waits for any more. */
  readonly spares: number;
  readonly log: (text: string) => void;
}

/** After a thread that could not start. */
const RESTART_MS = 1000;

/** A task, and for whom. */
export interface Asked {
  readonly task: Task;
  /** Who asked: nobody's requests wait behind all of somebody else's. */
  readonly owner: unknown;
  /** Told when the answer is about to come. */
  readonly onSoon?: () => void;
}

interface Job extends Asked {
  readonly resolve: (answer: TaskAnswer) => void;
  readonly reject: (error: unknown) => void;
  abandoned: boolean;
}

class Thread {
  readonly worker: Worker;
  /** Its messages come here, where they can be looked for. */
  readonly port: MessagePort;
  job: Job | undefined;
  isWarm = false;
  /** Rung when a task is about to come to it. */
  readonly coming: Bell;
  /** Rung by it when its answer is about to come. */
  readonly soon: Bell;
  /** Datasets whose rows Polars holds in this thread: see frameKey. */
  readonly frames = new Set<string>();

  constructor(worker: Worker, port: MessagePort, { coming, soon }: Bells) {
    this.worker = worker;
    this.port = port;
    this.coming = new Bell(coming);
    this.soon = new Bell(soon);
  }
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #threads = new Set<Thread>();
  readonly #queue: Job[] = [];
  #closed = false;
  #lastTaskAt = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    for (let i = 0; i < options.threads; i += 1) this.#start();
  }

  get counts(): { threads: number; busy: number; stuck: number; queued: number; warm: number } {
    const threads = [...this.#threads];
    return {
      threads: threads.length,
      busy: threads.filter(({ job }) => job !== undefined).length,
      stuck: this.#stuck,
      queued: this.#queue.length,
      warm: threads.filter(({ isWarm }) => isWarm).length,
    };
  }

  get isBusy(): boolean {
    for (const { job } of this.#threads) if (job !== undefined) return true;
    return false;
  }

  /** Gives the task to a thread when one is free, rather one that holds its rows. */
  run(asked: Asked): Promise<TaskAnswer> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...asked, resolve, reject, abandoned: false });
      this.#turn();
    });
  }

  /** A task is about to come: who will do it wakes up in the meantime. */
  announce(): void {
    if (!LOOKING_PAYS || this.isBusy || performance.now() - this.#lastTaskAt < ASLEEP_MS) return;
    this.#choose([])?.coming.ring();
  }

  /** Nobody waits for it any more. One that runs goes on to its end; its answer still comes. */
  abandon(id: number): void {
    const at = this.#queue.findIndex(({ task }) => task.id === id);
    const [queued] = at === -1 ? [] : this.#queue.splice(at, 1);
    queued?.reject(new NairobiError('INTERRUPTED', 'The request was given up before it began'));
    for (const { job } of this.#threads) {
      if (job?.task.id !== id || job.abandoned) continue;
      job.abandoned = true;
      if (this.#threads.size < this.#options.threads + this.#options.spares) {
        if (this.#threads.size - this.#stuck < this.#options.threads) this.#start();
      }
      this.#turn();
    }
  }

  /** The rows of this version of a dataset are of no use any more. */
  drop(held: Held): void {
    const key = frameKey(held);
    for (const thread of this.#threads) {
      if (thread.frames.delete(key)) thread.worker.postMessage({ drop: key });
    }
  }

  /** True when some thread has the rows of it as Polars holds them. */
  holds(held: Held): boolean {
    const key = frameKey(held);
    return [...this.#threads].some(({ frames }) => frames.has(key));
  }

  /** No task is begun any more, and nobody gets an answer; the threads end with the process. */
  close(): void {
    this.#closed = true;
    const ended = new NairobiError('TERMINATED', 'The daemon ends');
    for (const { reject } of this.#queue.splice(0)) reject(ended);
    for (const { job } of this.#threads) job?.reject(ended);
  }

  get #stuck(): number {
    return [...this.#threads].filter(({ job }) => job?.abandoned).length;
  }

  #start(): void {
    if (this.#closed) return;
    const entry = threadEntry('serve', '../commands/serve-worker.ts', import.meta.url);
    // Polars, fontconfig and GL read the process's environment, not a copy of it.
    const { port1, port2 } = new MessageChannel();
    const bells: Bells = { coming: hangBell(), soon: hangBell() };
    const workerData: WorkerData = { ...this.#options.setup, bells, answers: port2 };
    const thread = new Thread(
      new Worker(entry, { env: SHARE_ENV, workerData, transferList: [port2] }),
      port1,
      bells,
    );
    this.#threads.add(thread);
    port1.on('message', (message: FromWorker) => this.#hear(thread, message));
    thread.soon.listen(() => this.#expect(thread));
    thread.worker.on('error', (error) => this.#lose(thread, error));
    thread.worker.postMessage({ warm: true });
  }

  #hear(thread: Thread, message: FromWorker): void {
    if ('warmed' in message) {
      thread.isWarm = true;
      return;
    }
    thread.soon.hush();
    const { job } = thread;
    assert(job?.task.id === message.id, 'a thread answers what it was asked');
    thread.job = undefined;
    const { open } = job.task;
    if (open !== undefined && 'opened' in message) thread.frames.add(frameKey(open));
    job.resolve(message);
    this.#turn();
  }

  /** Its answer is about to come. */
  #expect(thread: Thread): void {
    const { job } = thread;
    if (job === undefined || job.abandoned || !LOOKING_PAYS || this.counts.busy > 1) return;
    job.onSoon?.();
    const next = lookAt(thread.port);
    if (next !== undefined) this.#hear(thread, next as FromWorker);
  }

  #lose(thread: Thread, error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined;
    this.#options.log(`a thread ended: ${stack ?? String(error)}`);
    this.#threads.delete(thread);
    thread.soon.close();
    thread.coming.close();
    const reason = new NairobiError('MEMORY_LIMIT', 'The request ended the thread it ran in', {
      hint: 'it needs too much memory: ask for fewer rows at a time',
      cause: error,
    });
    thread.job?.reject(reason);
    // One that could not even start will not do so at once either.
    if (thread.isWarm) this.#start();
    else setTimeout(() => this.#start(), RESTART_MS).unref();
    this.#turn();
  }

  #turn(): void {
    for (let job = this.#next(); job !== undefined; job = this.#next()) {
      const thread = this.#choose(job.task.held);
      if (thread === undefined) return;
      this.#queue.splice(this.#queue.indexOf(job), 1);
      thread.job = job;
      this.#lastTaskAt = performance.now();
      thread.worker.postMessage(job.task);
    }
  }

  /**
   * The oldest request of whoever has the fewest at work. Who left as many threads stuck as there
   * are waits for them: the spare ones are for the others.
   */
  #next(): Job | undefined {
    const working = [...this.#threads].flatMap(({ job }) => job ?? []);
    const of = ({ owner }: Job): readonly Job[] => working.filter((job) => job.owner === owner);
    const mayRun = (job: Job): boolean =>
      of(job).filter(({ abandoned }) => abandoned).length < this.#options.threads;
    let best: Job | undefined;
    for (const job of this.#queue) {
      if (mayRun(job) && (best === undefined || of(job).length < of(best).length)) best = job;
    }
    return best;
  }

  /** `wanted`: the rows the task needs. */
  #choose(wanted: readonly Held[]): Thread | undefined {
    // A spare one is for when another is stuck, and stays: ending a thread would end what native
    // code it has loaded, and not all of that survives it (measured: a crash).
    const working = [...this.#threads].filter(({ job }) => job && !job.abandoned).length;
    if (this.#closed || working >= this.#options.threads) return undefined;
    const idle = [...this.#threads].filter(({ job }) => job === undefined);
    const score = ({ frames, isWarm }: Thread): number =>
      wanted.filter((held) => frames.has(frameKey(held))).length * 2 + (isWarm ? 1 : 0);
    return idle.sort((a, b) => score(b) - score(a))[0];
  }
}
