/** Brings into memory, behind the scenes, what command lines ask for more than once. */

import { sourceKey } from './identity.ts';
import { Patience } from './patience.ts';
import type { Performer } from './perform.ts';
import type { Registry } from './registry.ts';
import type { SourceWish } from './tasks.ts';

/** The first time may be the only time: reading all of a file costs more than one answer. */
const ASKED_MIN = 2;

/** Sources remembered; the oldest is forgotten. */
const SOURCES_MAX = 1_000;

const READ_MS_MAX = 600_000;

export class Heat {
  readonly #registry: Registry;
  readonly #performer: Performer;
  /** How often each was asked for and not there; Infinity once it did not fit. */
  readonly #missed = new Map<string, number>();

  constructor(registry: Registry, performer: Performer) {
    this.#registry = registry;
    this.#performer = performer;
  }

  missed(wish: SourceWish): void {
    const key = sourceKey(wish);
    const count = (this.#missed.get(key) ?? 0) + 1;
    this.#missed.delete(key);
    this.#missed.set(key, count);
    const [oldest] = this.#missed.keys();
    if (this.#missed.size > SOURCES_MAX && oldest !== undefined) this.#missed.delete(oldest);
    if (count >= ASKED_MIN && Number.isFinite(count)) void this.#bring(key, wish);
  }

  async #bring(key: string, wish: SourceWish): Promise<void> {
    const dataset = this.#registry.of(wish);
    if (dataset.loading !== undefined) return;
    // What is there and was not good enough has changed: it is read again.
    this.#registry.release(dataset);
    const patience = new Patience(READ_MS_MAX);
    try {
      const nothing = { steps: {}, cwd: wish.cwd, inlineMax: 0, owner: this };
      await this.#performer.perform(nothing, [dataset], patience);
    } catch {
      this.#missed.set(key, Number.POSITIVE_INFINITY);
      this.#registry.forget(dataset);
    } finally {
      patience.end();
    }
  }
}
