/** How long somebody waits for a request. */
import { NairobiError } from '../errors.ts';
import { formatDuration, milliseconds } from '../units.ts';

/** setTimeout takes no more: 25 days. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** One request while somebody waits for it. */
export class Patience {
  readonly #ended: Promise<never>;
  #end: (reason: unknown) => void = () => undefined;
  readonly #timeoutMs: number;
  /** By performance.now(). */
  readonly endsAt: number;
  /** True once nobody waits any more. */
  isOver = false;

  constructor(timeoutMs: number) {
    this.#ended = new Promise<never>((_resolve, reject) => {
      this.#end = reject;
    });
    this.#ended.catch(() => undefined);
    this.#timeoutMs = Math.min(timeoutMs, TIMER_MS_MAX);
    this.endsAt = performance.now() + this.#timeoutMs;
    deadlines.add(this);
  }

  giveUp(reason: unknown): void {
    this.isOver = true;
    this.#end(reason);
  }

  /** Its time has passed. */
  expire(): void {
    const duration = formatDuration(milliseconds(this.#timeoutMs));
    const hint = 'ask for less, or pass a longer "timeoutMs"';
    this.giveUp(new NairobiError('TIMEOUT', `The request took longer than ${duration}`, { hint }));
  }

  /** What `work` gives, or the reason why nobody waits for it; it goes on all the same. */
  async wait<T>(work: Promise<T>, onGivenUp: () => void = () => undefined): Promise<T> {
    try {
      return await Promise.race([work, this.#ended]);
    } catch (error) {
      if (this.isOver) {
        work.catch(() => undefined);
        onGivenUp();
      }
      throw error;
    }
  }

  end(): void {
    deadlines.delete(this);
  }
}

/**
 * One timer for all that wait, set for the earliest and left alone when that one is answered: a
 * timer for each request is 50 µs of the daemon's thread after a sleep.
 */
class Deadlines {
  readonly #waiting = new Set<Patience>();
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  add(patience: Patience): void {
    this.#waiting.add(patience);
    if (patience.endsAt < this.#firesAt) this.#fireAt(patience.endsAt);
  }

  delete(patience: Patience): void {
    this.#waiting.delete(patience);
  }

  #fireAt(time: number): void {
    clearTimeout(this.#timer);
    this.#firesAt = time;
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, Math.ceil(time - performance.now())));
    this.#timer.unref();
  }

  #fire(): void {
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const patience of this.#waiting) {
      if (patience.endsAt > now) next = Math.min(next, patience.endsAt);
      else {
        this.#waiting.delete(patience);
        patience.expire();
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#fireAt(next);
  }
}

const deadlines = new Deadlines();
