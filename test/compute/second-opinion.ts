/**
 * Every figure of a column by its definition, in exact integer arithmetic: slow, and written
 * without a line of the program's. Sums of powers are BigInt; a double is taken as the fraction it
 * is; rounding happens once, where JavaScript reads a decimal text.
 */

import { fixed, rooted, rounded } from './exact-fractions.ts';
import {
  deep,
  type Expected,
  frequencies,
  less,
  means,
  type Value,
} from './second-opinion-deep.ts';

function moments(values: readonly (number | bigint)[]): Expected {
  const { values: tops, shift } = fixed(values);
  const n = BigInt(tops.length);
  const total = tops.reduce((sum, x) => sum + x, 0n);
  const isWhole = values.every((x) => typeof x === 'bigint');
  const sum = isWhole ? total : rounded(total, 1n << shift);
  const none = { sem: null, cv: null, skewness: null, kurtosis: null, sd: null, variance: null };
  if (n === 0n) return { sum: 0, mean: null, ...none };
  const mean = rounded(total, n << shift);
  if (n === 1n) return { sum, mean, ...none };
  // Powers of n (x - mean) 2^shift.
  const power = (k: bigint): bigint => tops.reduce((all, x) => all + (n * x - total) ** k, 0n);
  const [m2, m3, m4] = [power(2n), power(3n), power(4n)];
  const bottom = (n * n * (n - 1n)) << (2n * shift);
  const skewSquare = [n * n * (n - 1n) * m3 * m3, (n - 2n) ** 2n * m2 ** 3n] as const;
  const kurtosisTop = (n - 1n) * ((n + 1n) * (n * m4 - 3n * m2 * m2) + 6n * m2 * m2);
  return {
    sum,
    mean,
    variance: rounded(m2, bottom),
    sd: rooted(m2, bottom),
    sem: rooted(m2, bottom * n),
    cv: mean === 0 ? null : rooted((m2 * n * n) << (2n * shift), bottom * total * total),
    skewness:
      n < 3n || m2 === 0n ? null : (m3 < 0n ? -1 : 1) * rooted(skewSquare[0], skewSquare[1]),
    kurtosis: n < 4n || m2 === 0n ? null : rounded(kurtosisTop, (n - 2n) * (n - 3n) * m2 * m2),
  };
}

export function nullsOf(column: readonly unknown[], count: number): Expected {
  const nulls = column.length - count;
  return { nulls, null_share: column.length === 0 ? null : nulls / column.length };
}

function orderOf(values: readonly Value[]): string | null {
  if (values.length < 2) return null;
  const steps = new Set(values.slice(1).map((x, i) => less(values[i] as Value, x)));
  if (steps.has(-1) && steps.has(1)) return 'unsorted';
  if (!steps.has(-1) && !steps.has(1)) return 'constant';
  return `${steps.has(0) ? '' : 'strictly '}${steps.has(-1) ? 'ascending' : 'descending'}`;
}

/** Twelve bars over the values at regular places: every 2^k-th, so that at most 8192 are taken. */
function distribution(values: readonly (number | bigint)[]): string {
  let stride = 1;
  while (Math.ceil(values.length / stride) > 8192) stride *= 2;
  const taken = values.filter((_, i) => i % stride === 0).map(Number);
  const [min, max] = values.reduce<[number, number]>(
    ([low, high], x) => [Math.min(low, Number(x)), Math.max(high, Number(x))],
    [Infinity, -Infinity],
  );
  const counts = new Array<number>(12).fill(0);
  for (const x of taken) {
    const half = max / 2 - min / 2;
    const share = half === 0 ? 0 : (x / 2 - min / 2) / half;
    const bin = Math.min(11, Math.floor(share * 12));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const most = Math.max(...counts);
  return values.length === 0
    ? ''
    : counts.map((c) => (c === 0 ? ' ' : '▁▂▃▄▅▆▇█'[Math.ceil((8 * c) / most) - 1])).join('');
}

/** Of times in file order, in any unit: the interval and the gaps; null when they go back. */
function steps(times: readonly bigint[]): Expected {
  const forward = times.slice(1).map((x, i) => x - (times[i] ?? 0n));
  const counts = new Map<bigint, number>();
  for (const step of forward) if (step > 0n) counts.set(step, (counts.get(step) ?? 0) + 1);
  const ends =
    times.length === 0 ? {} : { first: least(times), last: -least(times.map((x) => -x)) };
  if (forward.some((step) => step < 0n) || counts.size === 0 || counts.size > 4096) {
    return { ...ends, interval: null, gaps: null, longest_gap: null };
  }
  const [interval = 0n] =
    [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0] ?? [];
  const gaps = forward.filter((step) => 2n * step > 3n * interval);
  return {
    ...ends,
    interval,
    gaps: gaps.length,
    longest_gap: gaps.length === 0 ? null : -least(gaps.map((x) => -x)),
  };
}

const least = (list: readonly bigint[]): bigint =>
  list.toSorted((a, b) => (a < b ? -1 : 1))[0] ?? 0n;

/** Doubles, with NaN and infinities, and integers as bigints. */
export function ofNumbers(
  column: readonly (number | bigint | null)[],
  quantiles: readonly number[],
  isFloat = false,
): Expected {
  const all = column.filter((x) => x !== null);
  const values = all
    .filter((x) => typeof x === 'bigint' || Number.isFinite(x))
    .map((x) => (typeof x === 'bigint' ? x : x + 0));
  const sorted = values.toSorted(less);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const range =
    min === undefined || max === undefined
      ? null
      : typeof min === 'bigint'
        ? BigInt(max) - min
        : Number(max) - min;
  return {
    count: all.length,
    ...nullsOf(column, all.length),
    distinct: new Set(all).size,
    order: orderOf(values),
    min: min ?? null,
    max: max ?? null,
    range,
    ...moments(values),
    zeros: values.filter((x) => Number(x) === 0).length,
    negatives: values.filter((x) => x < 0).length,
    positives: values.filter((x) => x > 0).length,
    ...(isFloat
      ? {
          nan: all.filter((x) => Number.isNaN(x)).length,
          inf: all.filter((x) => x === Infinity || x === -Infinity).length,
        }
      : {}),
    distribution: distribution(values),
    ...means(values),
    ...deep(values, quantiles),
  };
}

/** Points in time, as integers of any unit. */
export function ofTimes(
  column: readonly (bigint | null)[],
  quantiles: readonly number[],
): Expected {
  const values = column.filter((x) => x !== null);
  const {
    count,
    nulls,
    null_share,
    distinct,
    order,
    min,
    max,
    range,
    distribution: bars,
  } = ofNumbers(column, []);
  return {
    ...{ count, nulls, null_share, distinct, order, min, max, range },
    ...(values.length === 0 ? {} : { ...steps(values), distribution: bars }),
    ...deep(values, quantiles),
  };
}

export function ofBooleans(
  column: readonly (boolean | null)[],
  quantiles: readonly number[],
): Expected {
  const numbers = column.map((x) => (x === null ? null : BigInt(x)));
  const all = ofNumbers(numbers, quantiles);
  const kept = [
    'count',
    'nulls',
    'null_share',
    'distinct',
    'order',
    'min',
    'max',
    'sum',
    'mean',
    'zeros',
    'positives',
  ];
  const values = numbers.filter((x) => x !== null);
  return {
    ...Object.fromEntries(kept.map((name) => [name, all[name]])),
    ...deep(values, quantiles),
  };
}

const ISO = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

export function ofTexts(column: readonly (string | null)[]): Expected {
  const values = column.filter((x) => x !== null);
  const sorted = values.toSorted(less);
  const lengths = values.map((text) => [...text].length);
  const filled = values.filter((text) => text !== '');
  const isTime = filled.length > 0 && filled.every((text) => ISO.test(text));
  const none = values.length === 0;
  return {
    count: values.length,
    ...nullsOf(column, values.length),
    distinct: new Set(values).size,
    order: orderOf(values),
    empty: values.length - filled.length,
    min: sorted[0] ?? null,
    max: sorted.at(-1) ?? null,
    min_length: none ? null : lengths.reduce((a, b) => Math.min(a, b)),
    max_length: none ? null : lengths.reduce((a, b) => Math.max(a, b)),
    mean_length: none ? null : lengths.reduce((a, b) => a + b, 0) / values.length,
    encoding: none
      ? null
      : values.some((text) => Buffer.byteLength(text) > text.length)
        ? 'utf-8'
        : 'ascii',
    leading_zeros: values.filter((text) => /^0\d/.test(text)).length,
    ...(isTime ? steps(filled.map((text) => BigInt(Date.parse(zoned(text))) * 1000n)) : {}),
    ...frequencies(sorted),
  };
}

/** Without a zone JavaScript would take the host's for a time, and UTC for a date. */
function zoned(text: string): string {
  const iso = text.replace(' ', 'T');
  return /T/.test(iso) && !/(Z|[+-]\d\d:\d\d)$/.test(iso) ? `${iso}Z` : iso;
}
