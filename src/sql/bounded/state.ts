/** What pieces have contributed so far: merged now and then, and never more than fits. */
import { bytesOf } from '../../compute/frame-bytes.ts';
import { collect, type DataFrame, type LazyFrame } from '../../compute/polars.ts';
import { NairobiError } from '../../errors.ts';
import { formatBytes, MiB } from '../../units.ts';
import type { Plan } from '../ir.ts';
import { concat } from '../lower/concat.ts';

/** Contributions waiting to be merged: enough to make merging cheap, few enough to stay small. */
const PENDING = 16;

/** While they are merged there are the old ones, their rows in groups, and the new ones. */
const MERGE_FACTOR = 3;

export class State {
  readonly #merge: (all: LazyFrame) => LazyFrame;
  readonly #breaker: Plan | undefined;
  readonly #roomBytes: number;
  #pending: DataFrame[] = [];
  #bytes = 0;

  /** `roomBytes`: what may be taken in all, merging included. */
  constructor(merge: (all: LazyFrame) => LazyFrame, breaker: Plan | undefined, roomBytes: number) {
    this.#merge = merge;
    this.#breaker = breaker;
    this.#roomBytes = roomBytes;
  }

  get rows(): number {
    return this.#pending.reduce((sum, { height }) => sum + height, 0);
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** Throws MEMORY_LIMIT when what has to be kept leaves no room to go on. */
  add(frame: DataFrame): void {
    this.#pending.push(frame);
    this.#bytes += Number.isFinite(this.#roomBytes) ? bytesOf(frame) : 0;
    const isFull = this.#isTooMuch() && this.#pending.length > 1;
    if (this.#pending.length < PENDING && !isFull) return;
    this.#pending = [collect(this.#merged())];
    if (Number.isFinite(this.#roomBytes)) this.#bytes = this.#pending.reduce(addBytes, 0);
    if (this.#isTooMuch()) throw this.#tooMuch();
  }

  /** All of it. */
  merged(): DataFrame {
    return collect(this.#merged());
  }

  #merged(): LazyFrame {
    return this.#merge(concat(this.#pending.map((each) => each.lazy())));
  }

  #isTooMuch(): boolean {
    return this.#bytes * MERGE_FACTOR > this.#roomBytes;
  }

  #tooMuch(): NairobiError {
    const needed = this.#bytes * MERGE_FACTOR;
    const what = contentOf(this.#breaker);
    return new NairobiError(
      'MEMORY_LIMIT',
      `${what} grow with what is read: ${formatBytes(this.#bytes)} so far, which take ` +
        `${formatBytes(needed)} to merge, and ${formatBytes(this.#roomBytes)} may be used`,
      {
        hint:
          `pass --memory-limit ${Math.ceil((2 * needed) / MiB)}MiB or more, or ask for fewer groups; ` +
          'approx_count_distinct() takes a fixed amount a group',
      },
    );
  }
}

const addBytes = (sum: number, frame: DataFrame): number => sum + bytesOf(frame);

function contentOf(breaker: Plan | undefined): string {
  if (breaker?.kind === 'distinct') return 'The different rows of DISTINCT';
  const distinct =
    breaker?.kind === 'aggregate'
      ? breaker.aggregates.find(({ expression }) => expression.distinct)
      : undefined;
  if (distinct !== undefined)
    return `The different values of ${distinct.expression.name}(DISTINCT)`;
  return breaker?.kind === 'aggregate' ? 'The groups of GROUP BY' : 'The rows of the result';
}
