/** What one pass learns of a column: raw counts, sums and samples, before any figure is derived. */
import type { Fraction } from './exact.ts';
import type { Multiset } from './multiset.ts';

/** How the values follow each other in the file, nulls left out. */
export interface Order {
  readonly rises: boolean;
  readonly falls: boolean;
  readonly repeats: boolean;
}

export interface DistinctFacts {
  readonly count: number;
  /** False: HyperLogLog's estimate, with a standard error of 0.81 %. */
  readonly exact: boolean;
  /** Every value with its count, when exact; unordered. */
  readonly values:
    | readonly (readonly [value: number | bigint | string, count: number])[]
    | undefined;
  /** Otherwise all finite values, if they were kept. */
  readonly kept?: Multiset | undefined;
  /** Otherwise the most frequent ones, if they were asked for. */
  readonly frequent?: Frequent | undefined;
  /** What keeping all values would have taken, when that was more than is allowed. */
  readonly lacksBytes?: number | undefined;
}

/** The most frequent of too many values to count. */
export interface Frequent {
  /** How often each came at least; at most `error` more often. Unordered. */
  readonly values: readonly (readonly [value: number | bigint | string, count: number])[];
  /** No value that came more often is missing. */
  readonly error: number;
}

/** Central moments in units of 2^scale: m2 is the sum of (x - mean)^2 / 4^scale. */
export interface MomentFacts {
  readonly n: number;
  readonly scale: number;
  readonly mean: number;
  readonly m2: number;
  readonly m3: number;
  readonly m4: number;
}

export interface TimeFacts {
  /** Nanoseconds in one tick of what follows. */
  readonly unitNs: number;
  readonly count: number;
  readonly min: bigint;
  readonly max: bigint;
  readonly forward: number;
  readonly back: number;
  readonly repeats: number;
  readonly longest: bigint;
  /** The timestamp before the longest step. */
  readonly longestAt: bigint;
  /** Steps forward with their counts; undefined when there were too many different ones. */
  readonly steps: readonly (readonly [step: bigint, count: number])[] | undefined;
}

interface Counts {
  readonly rows: number;
  readonly nulls: number;
}

export interface NumberFacts extends Counts {
  readonly is: 'number';
  readonly nan: number;
  readonly positiveInfinity: number;
  readonly negativeInfinity: number;
  readonly zeros: number;
  readonly negatives: number;
  /**
   * Of the finite values; undefined when there are none. Integers beyond 2^53 are bigints, decimals
   * that a double cannot tell apart are text.
   */
  readonly min: number | bigint | string | undefined;
  readonly max: number | bigint | string | undefined;
  readonly sum: Fraction;
  readonly moments: MomentFacts;
  readonly order: Order;
  readonly distinct: DistinctFacts;
  /** Values at regular places of the column: at most 8192. */
  readonly sample: Float64Array;
  /** When asked for: values with weights that stand for all of them. */
  readonly sketch: readonly (readonly [value: number, weight: number])[] | undefined;
  readonly times: TimeFacts | undefined;
}

export interface TextFacts extends Counts {
  readonly is: 'text';
  readonly empty: number;
  readonly bytes: number;
  readonly characters: number;
  /** In characters (code points). */
  readonly minLength: number;
  readonly maxLength: number;
  /** Values with a character beyond ASCII. */
  readonly wide: number;
  readonly leadingZeros: number;
  readonly min: string | undefined;
  readonly max: string | undefined;
  readonly order: Order;
  readonly distinct: DistinctFacts;
  /** When every value (empty ones apart) is an ISO 8601 timestamp. */
  readonly times: (TimeFacts & { readonly dateOnly: boolean; readonly zoned: boolean }) | undefined;
}

export interface OpaqueFacts extends Counts {
  readonly is: 'opaque';
}

export type Facts = NumberFacts | TextFacts | OpaqueFacts;
