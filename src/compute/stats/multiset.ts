/** All finite values of a column in order: as sorted values, or as values with counts. */
import type { DistinctFacts, KeptValues, NumberFacts } from './facts.ts';

export interface Multiset {
  /** False: a sketch's estimate, ranks off by at most 0.2 %; runs are not real values' counts. */
  readonly exact: boolean;
  readonly n: number;
  /** The value of this rank, 0 the smallest. */
  at(rank: number): number | bigint;
  /** Visits equal values together, ascending. */
  forEachRun(visit: (value: number | bigint, count: number) => void): void;
  /** How many values are smaller than `limit`. */
  below(limit: number): number;
}

/** Undefined when the values were neither counted nor kept. */
export function multisetOf(
  facts: Pick<NumberFacts, 'distinct'> & Partial<Pick<NumberFacts, 'sketch'>>,
): Multiset | undefined {
  const { distinct, sketch } = facts;
  if (distinct.values !== undefined) return counted(distinct.values, true);
  if (distinct.kept !== undefined) return sorted(distinct.kept());
  return sketch === undefined ? undefined : counted(sketch, false);
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
    forEachRun: (visit) => {
      for (const { value, count } of runs) visit(value, count);
    },
    below(limit) {
      const i = firstIndex(runs.length, (at) => (runs[at]?.value ?? 0) >= limit);
      return i === 0 ? 0 : (ends[i - 1] ?? 0);
    },
  };
}

function sorted(values: KeptValues): Multiset {
  return {
    exact: true,
    n: values.length,
    at: (rank) => values[rank] ?? Number.NaN,
    forEachRun(visit) {
      for (let from = 0; from < values.length; ) {
        const value = values[from] ?? Number.NaN;
        let to = from + 1;
        while (to < values.length && values[to] === value) to += 1;
        visit(value, to - from);
        from = to;
      }
    },
    below: (limit) => firstIndex(values.length, (i) => (values[i] ?? 0) >= limit),
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
  return Number(low) + (Number(high) - Number(low)) * share;
}

function plain(value: number | bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The median of the distances from `center`; null for no values. */
export function medianDistance(values: Multiset, center: number): number | null {
  const { n } = values;
  if (n === 0) return null;
  // Distances fall up to the first value not below the center and rise from there: merge the sides.
  let right = values.below(center);
  let left = right - 1;
  const distance = (rank: number): number =>
    rank < 0 || rank >= n ? Infinity : Math.abs(Number(values.at(rank)) - center);
  const upper = n >> 1;
  let last = 0;
  let before = 0;
  for (let taken = 0; taken <= upper; taken += 1) {
    before = last;
    const onLeft = distance(left);
    const onRight = distance(right);
    if (onLeft < onRight) {
      last = onLeft;
      left -= 1;
    } else {
      last = onRight;
      right += 1;
    }
  }
  return n % 2 === 1 ? last : (before + last) / 2;
}
