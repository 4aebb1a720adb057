/** The figures of --all: those that need every value, not only sums. */

import type { Frequent, NumberFacts, TextFacts } from './facts.ts';
import type { Figure } from './figures.ts';
import { Means } from './means.ts';
import { forEachRun, type Multiset, medianDistance, multisetOf, quantile } from './multiset.ts';
import { patternOf } from './pattern.ts';
import { compareTexts } from './text-order.ts';

/** In the order shown; the quantiles asked for stand in front. */
export const DEEP_FIGURES = [
  'quantiles_exact',
  'median',
  'q1',
  'q3',
  'iqr',
  'lower_fence',
  'upper_fence',
  'outliers',
  'mad',
  'geometric_mean',
  'harmonic_mean',
  'mode',
  'mode_count',
  'modes',
  'antimode',
  'antimode_count',
  'antimodes',
  'top',
  'top_error',
  'entropy',
  'uniqueness',
  'pattern',
] as const;

export const DEFAULT_QUANTILES = [0.01, 0.05, 0.1, 0.9, 0.95, 0.99] as const;

export type DeepFigures = Readonly<Record<string, Figure>>;

/** How many values `top` names. */
const TOP = 5;

/** 0.05 -> "p5", 0.001 -> "p0.1". */
export function quantileName(p: number): string {
  return `p${Number((p * 100).toPrecision(12))}`;
}

/** `show` puts a value of the column in words; `means`: it is one that can be multiplied. */
export function deepNumbers(
  facts: NumberFacts,
  quantiles: readonly number[],
  { show, means: hasMeans }: { show: (value: number | bigint) => Figure; means: boolean },
): DeepFigures {
  const values = multisetOf(facts);
  if (values === undefined) return {};
  const at = (p: number): number | bigint | null => quantile(values, p);
  const [q1, median, q3] = [at(0.25), at(0.5), at(0.75)];
  const shown = (value: number | bigint | null): Figure => (value === null ? null : show(value));
  const means = hasMeans && values.exact ? new Means() : undefined;
  const counted = values.exact
    ? frequencies((visit) => forEachRun(values, withMeans(visit, means)), values.n, show)
    : undefined;
  const ps = quantiles.map((p) => [quantileName(p), shown(at(p))] as const);
  return {
    median: shown(median),
    q1: shown(q1),
    q3: shown(q3),
    ...fences(values, q1, q3),
    mad: median === null ? null : medianDistance(values, Number(median)),
    ...(means === undefined
      ? {}
      : { geometric_mean: means.geometric, harmonic_mean: means.harmonic }),
    ...Object.fromEntries(ps),
    ...(counted === undefined
      ? estimated(facts, values.n, show)
      : { ...counted.figures, ...distinctOf(facts, counted.distinct) }),
    quantiles_exact: values.exact,
  };
}

function withMeans(
  visit: Visit,
  means: Means | undefined,
): (x: number | bigint, n: number) => void {
  if (means === undefined) return visit;
  return (value, count) => {
    visit(value, count);
    means.add(value, count);
  };
}

/** Counted after all, where the default figures have an estimate; NaN and infinities are values. */
function distinctOf(facts: NumberFacts, finite: number): DeepFigures {
  const special = [facts.nan, facts.positiveInfinity, facts.negativeInfinity];
  const distinct = finite + special.filter((count) => count > 0).length;
  return { distinct, distinct_exact: true };
}

function estimated(
  { distinct, nan, positiveInfinity, negativeInfinity }: NumberFacts,
  n: number,
  show: (value: number | bigint) => Figure,
): DeepFigures {
  if (distinct.frequent === undefined) return {};
  const special = [nan, positiveInfinity, negativeInfinity].filter((count) => count > 0).length;
  const about = { n, distinct: distinct.count - special };
  return frequentFigures(distinct.frequent, about, show as (value: never) => Figure);
}

/** Tukey's fences: one and a half interquartile ranges beyond the quartiles. */
function fences(
  values: Multiset,
  q1: number | bigint | null,
  q3: number | bigint | null,
): DeepFigures {
  if (q1 === null || q3 === null) {
    return { iqr: null, lower_fence: null, upper_fence: null, outliers: 0 };
  }
  const iqr = Number(q3) - Number(q1);
  const lower = Number(q1) - 1.5 * iqr;
  const upper = Number(q3) + 1.5 * iqr;
  const outside = values.below(lower) + values.n - values.below(nextUp(upper));
  return { iqr, lower_fence: lower, upper_fence: upper, outliers: outside };
}

/** The smallest double above x: `below` of it counts x itself. */
export function nextUp(x: number): number {
  if (!Number.isFinite(x)) return x;
  const bits = new BigInt64Array(Float64Array.of(x === 0 ? 0 : x).buffer);
  bits[0] = (bits[0] ?? 0n) + (x < 0 ? -1n : 1n);
  return new Float64Array(bits.buffer)[0] ?? Number.NaN;
}

interface Entry {
  readonly value: number | bigint | string;
  readonly count: number;
}

type Visit = (value: number | bigint | string, count: number) => void;

/**
 * Mode (most frequent, of several the smallest, and how many they are), antimode, the most frequent
 * values, entropy in bits, and the share of different values. `forEach` visits in ascending order.
 */
function frequencies(
  forEach: (visit: Visit) => void,
  n: number,
  show: (value: never) => Figure,
): { readonly figures: DeepFigures; readonly distinct: number } {
  const top: Entry[] = [];
  let rarest: Entry | undefined;
  let least = Infinity;
  let enough = 0;
  let distinct = 0;
  // How many values share a count: few counts even where values are many, so the sum is short.
  const byCount = new Map<number, number>();
  forEach((value, count) => {
    distinct += 1;
    byCount.set(count, (byCount.get(count) ?? 0) + 1);
    if (count < least) {
      least = count;
      rarest = { value, count };
    }
    if (count <= enough) return;
    // Behind its equals: they came first and are smaller.
    let place = top.length;
    while (place > 0 && (top[place - 1]?.count ?? 0) < count) place -= 1;
    top.splice(place, 0, { value, count });
    top.length = Math.min(top.length, TOP);
    enough = top[TOP - 1]?.count ?? 0;
  });
  const mode = top[0];
  const last = rarest as Entry | undefined;
  if (mode === undefined || last === undefined) {
    return { figures: { entropy: null, uniqueness: null }, distinct };
  }
  const named = (entry: Entry): Figure => show(entry.value as never);
  const figures = {
    mode: named(mode),
    mode_count: mode.count,
    modes: byCount.get(mode.count) ?? 1,
    antimode: named(last),
    antimode_count: last.count,
    antimodes: byCount.get(last.count) ?? 1,
    top: top.map((entry) => `${named(entry)} (${entry.count})`).join('; '),
    entropy: entropyOf(byCount, n),
    uniqueness: distinct / n,
  };
  return { figures, distinct };
}

/** Shannon's, in bits; in ascending order of the counts, so that it is always the same sum. */
function entropyOf(byCount: ReadonlyMap<number, number>, n: number): number {
  let sum = 0;
  for (const [count, values] of [...byCount].sort((a, b) => a[0] - b[0])) {
    sum += values * count * Math.log2(n / count);
  }
  return sum / n;
}

export function deepTexts(facts: TextFacts): DeepFigures {
  const { values, frequent, count } = facts.distinct;
  const n = facts.rows - facts.nulls;
  if (values === undefined) {
    if (frequent === undefined) return {};
    return frequentFigures(frequent, { n, distinct: count }, (value: string) => value);
  }
  const runs = values
    .map(([value, count]) => ({ value: value as string, count }))
    .sort((a, b) => compareTexts(a.value, b.value));
  return {
    ...frequencies(
      (visit) => {
        for (const { value, count } of runs) visit(value, count);
      },
      n,
      (value: string) => value,
    ).figures,
    pattern: patternOf(runs, n),
  };
}

/**
 * Of too many values to count. Counts are too low by at most `top_error`; a value is named when that
 * is less than its count, and the mode when nothing else can be more frequent.
 */
function frequentFigures(
  { values, error }: Frequent,
  { n, distinct }: { n: number; distinct: number },
  show: (value: never) => Figure,
): DeepFigures {
  const sure = values
    .filter(([, count]) => count > error)
    .sort((a, b) => b[1] - a[1] || ascending(a[0], b[0]))
    .slice(0, TOP + 1);
  const [first, second] = sure;
  const isMode = first !== undefined && first[1] > (second?.[1] ?? 0) + error;
  return {
    mode: isMode ? show(first[0] as never) : null,
    mode_count: isMode ? first[1] : null,
    top:
      sure.length === 0
        ? null
        : sure
            .slice(0, TOP)
            .map(([value, count]) => `${show(value as never)} (${count})`)
            .join('; '),
    top_error: error,
    uniqueness: distinct / n,
  };
}

function ascending(a: number | bigint | string, b: number | bigint | string): number {
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  return a < b ? -1 : 1;
}
