/**
 * Sees to it that what is computed takes no more memory than there is for it: looks at the workers
 * while they are at work, and ends the one that takes too much.
 */
import { NairobiError } from '../errors.ts';
import { LOOK_EVERY_MS, SLACK_BYTES } from '../host/own-memory.ts';
import { formatBytes } from '../units.ts';

export interface Watched {
  /** Bytes of memory that are its own now. */
  readonly ownBytes: number;
  /** What its task may take, in bytes; undefined while it has none. */
  readonly taskBytesMax: number | undefined;
  end(reason: NairobiError): void;
}

/** So long a worker that rests has to give back what its task left free. */
const TRIM_MS = 500;

interface Seen {
  /** What it had when it was ready for its first task. */
  readonly base: number;
  /** What it had when it last rested. */
  rest: number;
  /** Since when it rests, by performance.now(). */
  restsSince: number;
}

export class MemoryWatch {
  readonly #workers: () => Iterable<Watched>;
  readonly #limit: number;
  readonly #heldBytes: () => number;
  readonly #seen = new WeakMap<Watched, Seen>();
  #timer: NodeJS.Timeout | undefined;

  /** `limit`: bytes of all workers and of `heldBytes`, the rows in memory files, together. */
  constructor(workers: () => Iterable<Watched>, limit: number, heldBytes: () => number) {
    this.#workers = workers;
    this.#limit = limit;
    this.#heldBytes = heldBytes;
  }

  /** A worker is ready for its first task. */
  meet(worker: Watched): void {
    const base = worker.ownBytes;
    this.#seen.set(worker, { base, rest: base, restsSince: 0 });
  }

  /** There is something to watch, until there is no more. */
  begin(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  /** Its task is over, after so long. */
  rested(worker: Watched, taskMs: number): void {
    const seen = this.#seen.get(worker);
    if (seen === undefined || taskMs <= LOOK_EVERY_MS) return;
    seen.rest = worker.ownBytes;
    seen.restsSince = performance.now();
  }

  look(): void {
    let total = this.#heldBytes();
    let most = { grown: SLACK_BYTES, worker: undefined as Watched | undefined };
    let isAnyBusy = false;
    for (const worker of this.#workers()) {
      const own = worker.ownBytes;
      const seen = this.#seen.get(worker);
      const { taskBytesMax } = worker;
      if (seen === undefined) continue;
      const isTrimming =
        taskBytesMax === undefined && performance.now() - seen.restsSince < TRIM_MS;
      if (!isTrimming) total += Math.max(0, own - seen.base);
      if (taskBytesMax === undefined) {
        seen.rest = own;
        continue;
      }
      isAnyBusy = true;
      const grown = own - seen.rest;
      if (grown > taskBytesMax + SLACK_BYTES) worker.end(tooMuch(taskBytesMax));
      else if (grown > most.grown) most = { grown, worker };
    }
    if (total > this.#limit + SLACK_BYTES) most.worker?.end(tooMuch(most.grown));
    if (!isAnyBusy) this.stop();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

const tooMuch = (bytes: number): NairobiError =>
  new NairobiError(
    'MEMORY_LIMIT',
    `The request needs more than ${formatBytes(bytes)} of memory, which is what there is for it`,
    {
      hint: 'ask for fewer rows, groups or columns, or pass a larger --memory-limit to the daemon',
    },
  );
