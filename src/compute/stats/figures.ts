/** The figures of a column, derived from its facts. Names, order and meaning: docs/stats.md. */

import { type DeepFigures, deepNumbers, deepTexts } from './deep.ts';
import { toDouble } from './exact.ts';
import type { MomentFacts, NumberFacts, Order, TextFacts, TimeFacts } from './facts.ts';
import { type Kind, kindOf } from './kinds.ts';
import { sparkline } from './sparkline.ts';
import type { ColumnFacts } from './survey.ts';
import { formatNanoseconds, formatTime, formatTimeOfDay } from './time.ts';

/** A figure: undefined where it makes no sense for the column, null where there is no value. */
export type Figure = number | bigint | string | boolean | null | undefined;

/** Every figure of the default set, in the order shown. */
export const FIGURES = [
  'type',
  'count',
  'nulls',
  'null_share',
  'empty',
  'distinct',
  'distinct_exact',
  'min',
  'max',
  'range',
  'sum',
  'mean',
  'sd',
  'variance',
  'cv',
  'sem',
  'skewness',
  'kurtosis',
  'zeros',
  'negatives',
  'positives',
  'nan',
  'inf',
  'min_length',
  'max_length',
  'mean_length',
  'encoding',
  'order',
  'leading_zeros',
  'first',
  'last',
  'interval',
  'gaps',
  'longest_gap',
  'distribution',
] as const;
export type FigureName = (typeof FIGURES)[number];

export type ColumnFigures = { readonly [Name in FigureName]?: Figure } & {
  readonly column: string;
  readonly type: string;
};

/** `quantiles`: asks for the figures of --all too, with these. */
export function figuresOf(
  { column, facts }: ColumnFacts,
  quantiles?: readonly number[],
): ColumnFigures {
  const base = {
    column: column.name,
    type: column.type,
    count: facts.rows - facts.nulls,
    nulls: facts.nulls,
    null_share: facts.rows === 0 ? null : facts.nulls / facts.rows,
  };
  if (facts.is === 'opaque') return base;
  const common = { ...base, ...distinctFigures(facts), order: orderName(facts.order) };
  if (facts.is === 'text') {
    return {
      ...common,
      ...textFigures(facts),
      ...(quantiles === undefined ? {} : deepTexts(facts)),
    };
  }
  const kind = kindOf(column.type);
  const figures = { ...common, ...numberFigures(facts, kind) };
  if (quantiles === undefined) return figures;
  const means = kind.is === 'integer' || kind.is === 'float' || kind.is === 'decimal';
  const deep = deepNumbers(facts, quantiles, { show: valueFormat(kind), means });
  return {
    ...figures,
    ...(kind.is === 'time' || kind.is === 'span' ? temporal(deep, kind) : deep),
  };
}

function distinctFigures(facts: NumberFacts | TextFacts) {
  const { count, exact } = facts.distinct;
  // Without a repeat in a sorted column no value can come twice: no need to estimate.
  const { rises, falls, repeats } = facts.order;
  const special =
    facts.is === 'number' ? facts.nan + facts.positiveInfinity + facts.negativeInfinity : 0;
  if (rises !== falls && !repeats && special === 0) {
    return { distinct: facts.rows - facts.nulls, distinct_exact: true };
  }
  return { distinct: count, distinct_exact: exact };
}

/** "ascending" allows repeats; "strictly" does not. Fewer than two values have no order. */
function orderName({ rises, falls, repeats }: Order): string | null {
  if (rises && falls) return 'unsorted';
  if (rises || falls) return `${repeats ? '' : 'strictly '}${rises ? 'ascending' : 'descending'}`;
  return repeats ? 'constant' : null;
}

function textFigures(facts: TextFacts): Partial<ColumnFigures> {
  const count = facts.rows - facts.nulls;
  const none = count === 0;
  return {
    empty: facts.empty,
    min: facts.min ?? null,
    max: facts.max ?? null,
    min_length: none ? null : facts.minLength,
    max_length: none ? null : facts.maxLength,
    mean_length: none ? null : facts.characters / count,
    encoding: none ? null : facts.wide > 0 ? 'utf-8' : 'ascii',
    leading_zeros: facts.leadingZeros,
    ...(facts.times === undefined
      ? {}
      : timeFigures(facts.times, (time) =>
          formatTime(time, 1_000, facts.times?.dateOnly === true),
        )),
  };
}

function numberFigures(facts: NumberFacts, kind: Kind): Partial<ColumnFigures> {
  if (kind.is === 'time' || kind.is === 'span') return temporalFigures(facts, kind);
  const counts = {
    zeros: facts.zeros,
    negatives: facts.negatives,
    positives: facts.moments.n - facts.zeros - facts.negatives,
  };
  const moments = momentFigures(facts);
  if (kind.is === 'boolean') {
    return {
      min: facts.min === undefined ? null : facts.min === 1,
      max: facts.max === undefined ? null : facts.max === 1,
      sum: moments.sum,
      mean: moments.mean,
      zeros: counts.zeros,
      positives: counts.positives,
    };
  }
  return {
    min: facts.min ?? null,
    max: facts.max ?? null,
    range: difference(facts.max, facts.min),
    ...moments,
    ...counts,
    ...(kind.is === 'float'
      ? { nan: facts.nan, inf: facts.positiveInfinity + facts.negativeInfinity }
      : {}),
    distribution: sparkline(facts),
  };
}

function difference(max: NumberFacts['max'], min: NumberFacts['min']): Figure {
  if (max === undefined || min === undefined) return null;
  if (
    Number.isInteger(max) &&
    Number.isInteger(min) &&
    Number.isSafeInteger(Number(max) - Number(min))
  ) {
    return Number(max) - Number(min);
  }
  if (typeof max === 'string' || typeof min === 'string') return Number(max) - Number(min);
  if (typeof max === 'bigint' || typeof min === 'bigint') return BigInt(max) - BigInt(min);
  return max - min;
}

/** Sum and mean are rounded once, from the exact sum. */
function momentFigures(facts: NumberFacts) {
  const { numerator, denominator } = facts.sum;
  const n = facts.moments.n;
  const sum = denominator === 1n ? wholeNumber(numerator) : toDouble(facts.sum);
  const mean = n === 0 ? null : toDouble({ numerator, denominator: denominator * BigInt(n) });
  const variance = varianceOf(facts.moments, 1);
  const sd = sdOf(facts.moments);
  return {
    sum,
    mean,
    sd,
    variance,
    cv: cvOf(facts.moments, mean),
    sem: sd === null ? null : Math.sqrt(facts.moments.m2 / (n - 1) / n) * 2 ** facts.moments.scale,
    skewness: skewnessOf(facts.moments),
    kurtosis: kurtosisOf(facts.moments),
  };
}

function wholeNumber(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Sample variance: the sum of squares over n - 1; null below two values. */
function varianceOf({ n, m2, scale }: MomentFacts, lost: number): number | null {
  return n <= lost ? null : (m2 / (n - lost)) * 2 ** scale * 2 ** scale;
}

export function sdOf({ n, m2, scale }: MomentFacts): number | null {
  return n < 2 ? null : Math.sqrt(m2 / (n - 1)) * 2 ** scale;
}

/** Over the scaled mean where the deviation itself is beyond a double. */
function cvOf(moments: MomentFacts, mean: number | null): number | null {
  const sd = sdOf(moments);
  if (sd === null || mean === null || mean === 0) return null;
  if (Number.isFinite(sd)) return sd / Math.abs(mean);
  return Math.sqrt(moments.m2 / (moments.n - 1)) / (Math.abs(mean) * 2 ** -moments.scale);
}

/**
 * Adjusted Fisher-Pearson G1, as DuckDB, pandas and SAS: https://doi.org/10.1111/1467-9884.00122
 */
export function skewnessOf({ n, m2, m3 }: MomentFacts): number | null {
  if (n < 3 || m2 === 0) return null;
  const g1 = (Math.sqrt(n) * m3) / m2 ** 1.5;
  return (g1 * Math.sqrt(n * (n - 1))) / (n - 2);
}

/** Adjusted excess kurtosis G2: 0 for a normal distribution. */
export function kurtosisOf({ n, m2, m4 }: MomentFacts): number | null {
  if (n < 4 || m2 === 0) return null;
  const g2 = (n * m4) / (m2 * m2) - 3;
  return ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * g2 + 6);
}

type Temporal = Extract<Kind, { is: 'time' | 'span' }>;

/** How a value of the column is written. */
export function valueFormat(kind: Kind): (value: number | bigint) => Figure {
  if (kind.is === 'boolean') return (value) => (value === 0 || value === 1 ? value === 1 : value);
  if (kind.is !== 'time' && kind.is !== 'span') return (value) => value;
  return (value) => showTicks(BigInt(typeof value === 'bigint' ? value : Math.round(value)), kind);
}

function showTicks(ticks: bigint, kind: Temporal): string {
  if (kind.is === 'span') {
    const ns = ticks * BigInt(kind.unitNs);
    return kind.ofDay ? formatTimeOfDay(ns) : formatNanoseconds(ns);
  }
  return formatTime(ticks, kind.unitNs, kind.code === 'i32');
}

/** Distances between points in time are lengths of time. */
function temporal(deep: DeepFigures, kind: Temporal): DeepFigures {
  const span = (figure: Figure): Figure =>
    typeof figure === 'number'
      ? formatNanoseconds(BigInt(Math.round(figure)) * BigInt(kind.unitNs))
      : figure;
  const point = (figure: Figure): Figure =>
    typeof figure === 'number' ? showTicks(BigInt(Math.round(figure)), kind) : figure;
  const { iqr, mad, lower_fence, upper_fence } = deep;
  const changed = { iqr: span(iqr), mad: span(mad) };
  return { ...deep, ...changed, lower_fence: point(lower_fence), upper_fence: point(upper_fence) };
}

function temporalFigures(facts: NumberFacts, kind: Temporal): Partial<ColumnFigures> {
  const show = (value: bigint): string => showTicks(value, kind);
  if (facts.min === undefined || facts.max === undefined)
    return { min: null, max: null, range: null };
  const range = BigInt(facts.max) - BigInt(facts.min);
  return {
    min: show(BigInt(facts.min)),
    max: show(BigInt(facts.max)),
    range: formatNanoseconds(range * BigInt(kind.unitNs)),
    ...(facts.times === undefined ? {} : timeFigures(facts.times, show)),
    distribution: sparkline(facts),
  };
}

/**
 * The sampling interval is the most frequent step forward; a gap is a step of more than one and a
 * half intervals. Both need rows in the order of time.
 */
function timeFigures(times: TimeFacts, show: (time: bigint) => string): Partial<ColumnFigures> {
  const ends = { first: show(times.min), last: show(times.max) };
  if (times.back > 0 || times.steps === undefined || times.steps.length === 0) {
    return { ...ends, interval: null, gaps: null, longest_gap: null };
  }
  const [interval] = times.steps.reduce((best, step) =>
    step[1] > best[1] || (step[1] === best[1] && step[0] < best[0]) ? step : best,
  );
  const unit = BigInt(times.unitNs);
  let gaps = 0;
  for (const [step, count] of times.steps) if (2n * step > 3n * interval) gaps += count;
  return {
    ...ends,
    interval: formatNanoseconds(interval * unit),
    gaps,
    longest_gap: gaps === 0 ? null : formatNanoseconds(times.longest * unit),
  };
}
