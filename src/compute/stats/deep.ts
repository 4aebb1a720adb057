/** The figures of --all: those that need every value, not only sums. */

import type { Frequent, NumberFacts, TextFacts } from './facts.ts';
import type { Figure } from './figures.ts';
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
  'mode',
  'mode_count',
  'antimode',
  'antimode_count',
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

/** `show` puts a value of the column in words. */
export function deepNumbers(
  facts: NumberFacts,
  quantiles: readonly number[],
  show: (value: number | bigint) => Figure,
): DeepFigures {
  const values = multisetOf(facts);
  if (values === undefined) return {};
  const at = (p: number): number | bigint | null => quantile(values, p);
  const [q1, median, q3] = [at(0.25), at(0.5), at(0.75)];
  const shown = (value: number | bigint | null): Figure => (value === null ? null : show(value));
  const counted = values.exact
    ? frequencies((visit) => forEachRun(values, visit), values.n, show)
    : undefined;
  const ps = quantiles.map((p) => [quantileName(p), shown(at(p))] as const);
  return {
    median: shown(median),
    q1: shown(q1),
    q3: shown(q3),
    ...fences(values, q1, q3),
    mad: median === null ? null : medianDistance(values, Number(median)),
    ...Object.fromEntries(ps),
    ...counted?.figures,
    ...(counted === undefined ? {} : distinctOf(facts, counted.distinct)),
    quantiles_exact: values.exact,
  };
}

/** Counted after all, where the default figures have an estimate; NaN and infinities are values. */
function distinctOf(facts: NumberFacts, finite: number): DeepFigures {
  const special = [facts.nan, facts.positiveInfinity, facts.negativeInfinity];
  const distinct = finite + special.filter((count) => count > 0).length;
  return { distinct, distinct_exact: true };
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
 * Mode (most frequent, of several the smallest), antimode, the most frequent values, entropy in
 * bits, and the share of different values. `forEach` visits in ascending order.
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
    antimode: named(last),
    antimode_count: last.count,
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
    return frequent === undefined ? {} : frequentFigures(frequent, { n, distinct: count });
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
 * Of too many texts to count. Counts are too low by at most `top_error`; a value is named when that
 * is less than its count, and the mode when nothing else can be more frequent.
 */
function frequentFigures(
  { values, error }: Frequent,
  { n, distinct }: { n: number; distinct: number },
): DeepFigures {
  const sure = values
    .filter(([, count]) => count > error)
    .sort((a, b) => b[1] - a[1] || compareTexts(a[0], b[0]))
    .slice(0, TOP + 1);
  const [first, second] = sure;
  const isMode = first !== undefined && first[1] > (second?.[1] ?? 0) + error;
  return {
    mode: isMode ? first[0] : null,
    mode_count: isMode ? first[1] : null,
    top:
      sure.length === 0
        ? null
        : sure
            .slice(0, TOP)
            .map(([value, count]) => `${value} (${count})`)
            .join('; '),
    top_error: error,
    uniqueness: distinct / n,
  };
}
