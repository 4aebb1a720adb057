/** All finite values of a column in order: as kept values, or as values with counts. */
import type { DistinctFacts, NumberFacts } from './facts.ts';

export interface Multiset {
  /** False: a sketch's estimate, ranks off by at most 0.2 %; runs are not real values' counts. */
  readonly exact: boolean;
  readonly n: number;
  /** The value of this rank, 0 the smallest. */
  at(rank: number): number | bigint;
  /** All values in order, in parts; each is valid until the next one is asked for. */
  sections(): Generator<Section>;
  /** How many values are smaller than `limit`. */
  below(limit: number): number;
}

/** Values in ascending order; no value is in two sections. */
export interface Section {
  readonly values: ArrayLike<number | bigint>;
  /** How often each comes; without it, equal values stand side by side. */
  readonly counts?: ArrayLike<number>;
}

/** Undefined when the values were neither counted nor kept. */
export function multisetOf(
  facts: Pick<NumberFacts, 'distinct'> & Partial<Pick<NumberFacts, 'sketch'>>,
): Multiset | undefined {
  const { distinct, sketch } = facts;
  if (distinct.values !== undefined) return counted(distinct.values, true);
  if (distinct.kept !== undefined) return distinct.kept;
  return sketch === undefined ? undefined : counted(sketch, false);
}

/** Visits equal values together, ascending. */
export function forEachRun(
  multiset: Multiset,
  visit: (value: number | bigint, count: number) => void,
): void {
  for (const { values, counts } of multiset.sections()) {
    const { length } = values;
    for (let from = 0; from < length; ) {
      const value = values[from] ?? Number.NaN;
      const to = counts === undefined ? runEnd(values, from) : from + 1;
      visit(value, counts?.[from] ?? to - from);
      from = to;
    }
  }
}

function runEnd(values: ArrayLike<number | bigint>, from: number): number {
  const value = values[from];
  let to = from + 1;
  while (to < values.length && values[to] === value) to += 1;
  return to;
}

/** Equal values together, ascending, one after the other. */
export class Runs {
  readonly #sections: Generator<Section>;
  #section: Section = { values: [] };
  #at = 0;
  /** Undefined behind the last. */
  value: number | bigint | undefined;
  count = 0;

  constructor(multiset: Multiset) {
    this.#sections = multiset.sections();
    this.next();
  }

  next(): void {
    while (this.#at >= this.#section.values.length) {
      const { value, done } = this.#sections.next();
      if (done === true) {
        this.value = undefined;
        return;
      }
      this.#section = value;
      this.#at = 0;
    }
    const { values, counts } = this.#section;
    this.value = values[this.#at];
    const to = counts === undefined ? runEnd(values, this.#at) : this.#at + 1;
    this.count = counts?.[this.#at] ?? to - this.#at;
    this.#at = to;
  }
}

function counted(values: NonNullable<DistinctFacts['values']>, exact: boolean): Multiset {
  const runs = values
    .map(([value, count]) => ({ value: value as number | bigint, count }))
    .sort((a, b) => (a.value < b.value ? -1 : 1));
  // ends[i]: how many values there are up to run i.
  const ends = new Float64Array(runs.length);
  let n = 0;
  for (const [i, { count }] of runs.entries()) {
    n += count;
    ends[i] = n;
  }
  const runAt = (rank: number): number => firstIndex(ends.length, (i) => (ends[i] ?? 0) > rank);
  return {
    exact,
    n,
    at: (rank) => runs[runAt(rank)]?.value ?? Number.NaN,
    *sections() {
      yield { values: runs.map(({ value }) => value), counts: runs.map(({ count }) => count) };
    },
    below(limit) {
      const i = firstIndex(runs.length, (at) => (runs[at]?.value ?? 0) >= limit);
      return i === 0 ? 0 : (ends[i - 1] ?? 0);
    },
  };
}

/**
 * The first index for which `holds`, where it holds for all later ones too; `length` if for none.
 */
function firstIndex(length: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = low + ((high - low) >>> 1);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The p-quantile, interpolated between neighbours: definition 7 of Hyndman and Fan (1996), that of
 * NumPy, R and DuckDB's quantile_cont.
 */
export function quantile(values: Multiset, p: number): number | bigint | null {
  if (values.n === 0) return null;
  const position = (values.n - 1) * p;
  const rank = Math.floor(position);
  const low = values.at(rank);
  const share = position - rank;
  if (share === 0) return plain(low);
  const high = values.at(rank + 1);
  if (low === high) return plain(low);
  const span = Number(high) - Number(low);
  // Two doubles may be farther apart than the largest one.
  return Number.isFinite(span)
    ? Number(low) + span * share
    : Number(low) * (1 - share) + Number(high) * share;
}

function plain(value: number | bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The median of the distances from `center`; null for no values. */
export function medianDistance(values: Multiset, center: number): number | null {
  const { n } = values;
  if (n === 0) return null;
  // Distances fall up to the first value not below the center and rise from there: two lists.
  const split = values.below(center);
  const distance = (rank: number): number => Math.abs(Number(values.at(rank)) - center);
  const left = { n: split, at: (i: number) => distance(split - 1 - i) };
  const right = { n: n - split, at: (i: number) => distance(split + i) };
  const upper = ofTwo(left, right, n >> 1);
  if (n % 2 === 1) return upper;
  const lower = ofTwo(left, right, (n >> 1) - 1);
  const sum = lower + upper;
  // Halved first only at the end of doubles: the half of a tiny number may not be one.
  return Number.isFinite(sum) ? sum / 2 : lower / 2 + upper / 2;
}

interface Ascending {
  readonly n: number;
  at(i: number): number;
}

/** The value of this rank in the union of two sorted lists. */
function ofTwo(a: Ascending, b: Ascending, rank: number): number {
  // How many of the rank + 1 smallest come from a: the first number whose next in a is too large.
  const least = Math.max(0, rank + 1 - b.n);
  const most = Math.min(a.n, rank + 1);
  const fromA = least + firstIndex(most - least, (i) => a.at(least + i) >= b.at(rank - least - i));
  const fromB = rank + 1 - fromA;
  const lastA = fromA > 0 ? a.at(fromA - 1) : -Infinity;
  const lastB = fromB > 0 ? b.at(fromB - 1) : -Infinity;
  return Math.max(lastA, lastB);
}
