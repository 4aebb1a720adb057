/** What one client waits for, by its own numbers. */
import { NairobiError } from '../errors.ts';
import { Patience } from './patience.ts';

/** Requests of one client that may be in flight at a time. */
const IN_FLIGHT_MAX = 256;

export class InFlight {
  readonly #waiting = new Map<number, Patience>();

  /** Runs `work` as the request `id`, for at most `timeoutMs`. LOCKED when there are too many. */
  async run<T>(
    id: number,
    timeoutMs: number,
    work: (patience: Patience) => Promise<T>,
  ): Promise<T> {
    if (this.#waiting.has(id)) {
      throw new NairobiError('USAGE', `The request ${id} is in flight already`);
    }
    if (this.#waiting.size >= IN_FLIGHT_MAX) {
      throw new NairobiError('LOCKED', `${IN_FLIGHT_MAX} requests are in flight already`, {
        hint: 'wait for some of them to be answered',
      });
    }
    const patience = new Patience(timeoutMs);
    this.#waiting.set(id, patience);
    try {
      return await work(patience);
    } finally {
      this.#waiting.delete(id);
      patience.end();
    }
  }

  /** False when there is no such request, or no more. */
  cancel(id: number): boolean {
    const found = this.#waiting.get(id);
    found?.giveUp(new NairobiError('INTERRUPTED', 'The request was cancelled'));
    return found !== undefined;
  }

  /** The client is gone. */
  giveUp(): void {
    const reason = new NairobiError('INTERRUPTED', 'The client is gone');
    for (const patience of this.#waiting.values()) patience.giveUp(reason);
  }
}
