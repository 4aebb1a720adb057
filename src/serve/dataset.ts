/** A source the daemon knows, and its rows while they are in memory. */
import type { Held, SourceWish } from './tasks.ts';

/** Rows in memory, and who reads them now. */
export interface Resident {
  readonly held: Held;
  /** Tasks that read them: the memory stays until there is none. */
  uses: number;
  /** Nobody will use them any more: they go with their last task. */
  isRetired: boolean;
}

export class Dataset {
  readonly id: string;
  readonly wish: SourceWish;
  /** Equal for equal sources; undefined for what was handed over. */
  readonly key: string | undefined;
  /** Undefined while its rows are not in memory. */
  resident: Resident | undefined;
  /** While some task reads its source. */
  loading: Promise<unknown> | undefined;
  /** Requests that wait for it, beside the one that reads. */
  awaited = 0;
  version = 0;
  lastUsed = 0;
  requests = 0;
  /** Clients that opened it and did not close it. */
  readonly holders = new Set<object>();
  /** Requests that are about it now. */
  asked = 0;

  constructor(id: string, wish: SourceWish, key?: string) {
    this.id = id;
    this.wish = wish;
    this.key = key;
  }

  /** Nobody holds it, and no request is about it. */
  get isLeft(): boolean {
    return this.holders.size === 0 && this.asked === 0 && this.loading === undefined;
  }
}
