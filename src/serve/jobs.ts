/** What waits for a worker, who works on what, and whose turn is next. */
import type { NairobiError } from '../errors.ts';
import type { Watched } from './memory-watch.ts';
import type { Opened, Task, TaskAnswer } from './tasks.ts';
import type { WorkerProcess } from './worker-process.ts';

/** A task, and for whom. */
export interface Asked {
  readonly task: Task;
  /** Who asked: nobody's requests wait behind all of somebody else's. */
  readonly owner: unknown;
  /** Told when the answer is about to come. */
  readonly onSoon?: () => void;
  /** Told when what was to be opened is there; the descriptor is the hearer's. */
  readonly onOpened?: (opened: Opened) => void;
}

export interface Job extends Asked {
  readonly resolve: (answer: TaskAnswer) => void;
  readonly reject: (error: unknown) => void;
  abandoned: boolean;
  /** By performance.now(); 0 while it waits for its turn. */
  startedAt: number;
}

/** A process and what it does. */
export class Worker implements Watched {
  readonly process: WorkerProcess;
  job: Job | undefined;
  isWarm = false;
  /** The kernel refuses what no request may do: see landlock.ts. */
  isConfined = false;
  /** Whose request made it necessary to start this one. */
  readonly inPlaceFor: unknown;

  constructor(process: WorkerProcess, inPlaceFor: unknown) {
    this.process = process;
    this.inPlaceFor = inPlaceFor;
  }

  get ownBytes(): number {
    return this.process.ownBytes;
  }

  get taskBytesMax(): number | undefined {
    return this.job?.task.memoryLimit;
  }

  end(reason: NairobiError): void {
    this.process.end(reason);
  }
}

/**
 * The oldest request of whoever has the fewest at work. Who made it necessary to end a process
 * waits until another is ready: the rest are for the others.
 */
export function nextJob(queue: readonly Job[], workers: readonly Worker[]): Job | undefined {
  const working = workers.flatMap(({ job }) => job ?? []);
  const owned = ({ owner }: Job): number => working.filter((job) => job.owner === owner).length;
  const replaced = new Set(
    workers.flatMap(({ isWarm, inPlaceFor }) => (isWarm ? [] : [inPlaceFor])),
  );
  let best: Job | undefined;
  for (const job of queue) {
    if (replaced.has(job.owner)) continue;
    if (best === undefined || owned(job) < owned(best)) best = job;
  }
  return best;
}
