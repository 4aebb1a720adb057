/**
 * Looks for what is about to come before the event loop sleeps: to be woken takes 20 to 100 µs,
 * which is longer than a small call (docs/serve.md, bench/serve/round-trip.ts). Where looking did
 * not pay lately, it is left out more and more often.
 */
import { availableParallelism } from 'node:os';

/** So long the event loop may be kept from its turn by looks that pay. */
const STREAK_MS_MAX = 1;

/** Turns left out after looks in vain: 1, 2, 4 and so on up to this. */
const SKIPPED_MAX = 64;

export class Spin {
  readonly #lookMs: number;
  /** Whoever it paid to look for, or answered last. */
  #who: object | undefined;
  #misses = 0;
  #skip = 0;
  /** When the first look of this turn of the event loop began. */
  #since: number | undefined;

  /** `lookMs`: how long a look may last. Never on one CPU: there, looking is in the way. */
  constructor(lookMs: number) {
    this.#lookMs = availableParallelism() > 1 ? lookMs : 0;
  }

  /**
   * Calls `look` until it says true or time is up. `who` is what it looks at: nobody waits for one
   * while others are served in between.
   */
  until(who: object, look: () => boolean): void {
    const isOther = this.#who !== who;
    this.#who = who;
    if (isOther || this.#lookMs === 0 || this.#isLeftOut()) return;
    const start = performance.now();
    if (start - this.#turnStart(start) > STREAK_MS_MAX) return;
    const end = start + this.#lookMs;
    let found = look();
    while (!found && performance.now() < end) found = look();
    this.#misses = found ? 0 : Math.min(this.#misses + 1, Math.log2(SKIPPED_MAX));
    this.#skip = found ? 0 : 2 ** this.#misses;
  }

  #isLeftOut(): boolean {
    if (this.#skip === 0) return false;
    this.#skip -= 1;
    return true;
  }

  #turnStart(now: number): number {
    if (this.#since === undefined) {
      this.#since = now;
      setImmediate(() => {
        this.#since = undefined;
      });
    }
    return this.#since;
  }
}
