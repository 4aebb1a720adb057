/** How two tables differ, column by column. */

import { nextUp } from './deep.ts';
import { toDouble } from './exact.ts';
import type { NumberFacts, TextFacts } from './facts.ts';
import { sdOf } from './figures.ts';
import { type Multiset, multisetOf, quantile, Runs } from './multiset.ts';
import type { ColumnFacts } from './survey.ts';

export interface Drift {
  readonly column: string;
  readonly change: 'same' | 'type' | 'added' | 'removed';
  readonly type_before: string | null;
  readonly type_after: string | null;
  /** Share of rows without a value. */
  readonly nulls_before: number | null;
  readonly nulls_after: number | null;
  /** Difference of the means in standard deviations of the baseline. */
  readonly mean_shift: number | null;
  /** Population stability index: below 0.1 little, above 0.25 much. */
  readonly psi: number | null;
  /** Kolmogorov and Smirnov's: the largest distance of the two distribution functions. */
  readonly ks: number | null;
}

/** One entry for each column of either, the baseline's first. */
export function driftOf(
  before: readonly ColumnFacts[],
  after: readonly ColumnFacts[],
): readonly Drift[] {
  const later = new Map(after.map((one) => [one.column.name, one]));
  const earlier = new Set(before.map(({ column }) => column.name));
  return [
    ...before.map((one) => columnDrift(one, later.get(one.column.name))),
    ...after
      .filter(({ column }) => !earlier.has(column.name))
      .map((one) => columnDrift(undefined, one)),
  ];
}

function columnDrift(before: ColumnFacts | undefined, after: ColumnFacts | undefined): Drift {
  const rate = (one: ColumnFacts | undefined): number | null =>
    one === undefined || one.facts.rows === 0 ? null : one.facts.nulls / one.facts.rows;
  const isSame = before?.column.type === after?.column.type;
  return {
    column: before?.column.name ?? after?.column.name ?? '',
    change:
      before === undefined ? 'added' : after === undefined ? 'removed' : isSame ? 'same' : 'type',
    type_before: before?.column.type ?? null,
    type_after: after?.column.type ?? null,
    nulls_before: rate(before),
    nulls_after: rate(after),
    ...distances(before?.facts, after?.facts),
  };
}

type Distances = Pick<Drift, 'mean_shift' | 'psi' | 'ks'>;
const NONE: Distances = { mean_shift: null, psi: null, ks: null };

function distances(
  before: ColumnFacts['facts'] | undefined,
  after: ColumnFacts['facts'] | undefined,
): Distances {
  if (before?.is === 'text' && after?.is === 'text') {
    return { ...NONE, psi: categoryPsi(before, after) };
  }
  if (before?.is !== 'number' || after?.is !== 'number') return NONE;
  const a = multisetOf(before);
  const b = multisetOf(after);
  if (a === undefined || b === undefined || a.n === 0 || b.n === 0) return NONE;
  return { mean_shift: meanShift(before, after), psi: quantilePsi(a, b), ks: ksDistance(a, b) };
}

function meanShift(before: NumberFacts, after: NumberFacts): number | null {
  const mean = ({ sum, moments }: NumberFacts): number =>
    toDouble({ numerator: sum.numerator, denominator: sum.denominator * BigInt(moments.n) });
  const sd = sdOf(before.moments);
  const shift = mean(after) - mean(before);
  if (shift === 0) return 0;
  return sd === null || sd === 0 ? null : shift / sd;
}

/** An empty bin would make the index infinite: it counts as half a value. */
function psi(
  shares: readonly (readonly [before: number, after: number])[],
  n: number,
  m: number,
): number {
  let sum = 0;
  for (const [before, after] of shares) {
    const p = Math.max(before, 0.5 / n);
    const q = Math.max(after, 0.5 / m);
    sum += (q - p) * Math.log(q / p);
  }
  return sum;
}

/** Over the deciles of the baseline. */
function quantilePsi(a: Multiset, b: Multiset): number {
  const cuts = Array.from({ length: 9 }, (_, i) => Number(quantile(a, (i + 1) / 10)));
  const edges = [...new Set(cuts)];
  const shares = (one: Multiset): number[] => {
    const ends = [...edges.map((edge) => one.below(nextUp(edge))), one.n];
    return ends.map((end, i) => (end - (ends[i - 1] ?? 0)) / one.n);
  };
  const after = shares(b);
  return psi(
    shares(a).map((share, i) => [share, after[i] ?? 0]),
    a.n,
    b.n,
  );
}

function categoryPsi(before: TextFacts, after: TextFacts): number | null {
  const a = before.distinct.values;
  const b = after.distinct.values;
  const n = before.rows - before.nulls;
  const m = after.rows - after.nulls;
  if (a === undefined || b === undefined || n === 0 || m === 0) return null;
  const counts = new Map<unknown, [number, number]>(
    a.map(([value, count]) => [value, [count / n, 0]]),
  );
  for (const [value, count] of b) counts.set(value, [counts.get(value)?.[0] ?? 0, count / m]);
  const ordered = [...counts].sort(([x], [y]) => (String(x) < String(y) ? -1 : 1));
  return psi(
    ordered.map(([, shares]) => shares),
    n,
    m,
  );
}

/** Both functions are steps: the largest distance is behind one of the values. */
export function ksDistance(a: Multiset, b: Multiset): number {
  const [runsA, runsB] = [new Runs(a), new Runs(b)];
  let [upToA, upToB] = [0, 0];
  let largest = 0;
  while (runsA.value !== undefined || runsB.value !== undefined) {
    const isA = runsB.value === undefined || (runsA.value ?? Infinity) <= runsB.value;
    const isB = runsA.value === undefined || (runsB.value ?? Infinity) <= runsA.value;
    if (isA && runsA.value !== undefined) {
      upToA += runsA.count;
      runsA.next();
    }
    if (isB && runsB.value !== undefined) {
      upToB += runsB.count;
      runsB.next();
    }
    largest = Math.max(largest, Math.abs(upToA / a.n - upToB / b.n));
  }
  return largest;
}

/** "psi>0.2" as it is met by a column's drift; USAGE is the caller's to throw. */
export interface Bound {
  readonly text: string;
  readonly figure: 'psi' | 'ks' | 'mean_shift' | 'null_shift' | 'types';
  readonly limit: number;
}

export function parseBound(text: string): Bound | undefined {
  if (text === 'types') return { text, figure: 'types', limit: 0 };
  const match = /^(psi|ks|mean_shift|null_shift)\s*>\s*(\d*\.?\d+)$/.exec(text.trim());
  if (match === null) return undefined;
  return { text, figure: match[1] as Bound['figure'], limit: Number(match[2]) };
}

/** Sentences, one for each bound a column is past. */
export function pastBounds(drifts: readonly Drift[], bounds: readonly Bound[]): readonly string[] {
  return drifts.flatMap((drift) =>
    bounds.filter((bound) => isPast(drift, bound)).map(({ text }) => `${drift.column}: ${text}`),
  );
}

function isPast(drift: Drift, { figure, limit }: Bound): boolean {
  if (figure === 'types') return drift.change !== 'same';
  if (figure === 'null_shift') {
    return Math.abs((drift.nulls_after ?? 0) - (drift.nulls_before ?? 0)) > limit;
  }
  const value = drift[figure];
  return value !== null && Math.abs(value) > limit;
}
