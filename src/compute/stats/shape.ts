/** One column in detail: its histogram, and its values with their counts. */
import { NairobiError } from '../../errors.ts';
import { type Figure, valueFormat } from './figures.ts';
import { kindOf } from './kinds.ts';
import { forEachRun, multisetOf } from './multiset.ts';
import type { ColumnFacts } from './survey.ts';
import { compareTexts } from './text-order.ts';

/** Values x with low <= x < high; the last bin takes its high end too. */
export interface Bin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** About `bins` bins whose ends are round numbers (1, 2 or 5 times a power of ten). */
export function histogramOf({ column, facts }: ColumnFacts, bins: number): readonly Bin[] {
  const values = facts.is === 'number' ? multisetOf(facts) : undefined;
  if (values === undefined) {
    throw new NairobiError(
      'NOT_SUPPORTED',
      `Column "${column.name}" is ${column.type}: it has no histogram`,
      {
        hint: `count its values: --freq ${column.name}`,
      },
    );
  }
  if (values.n === 0) return [];
  const [min, max] = [Number(values.at(0)), Number(values.at(values.n - 1))];
  const step = roundStep((max - min) / bins);
  const first = Math.floor(min / step);
  const count = Math.max(
    1,
    Math.floor(max / step) - first + (max % step === 0 && max > min ? 0 : 1),
  );
  const edge = (i: number): number => Number(((first + i) * step).toPrecision(12));
  return Array.from({ length: count }, (_, i) => {
    const from = i === 0 ? 0 : values.below(edge(i));
    const to = i === count - 1 ? values.n : values.below(edge(i + 1));
    return { low: edge(i), high: edge(i + 1), count: to - from };
  });
}

function roundStep(step: number): number {
  if (!(step > 0) || !Number.isFinite(step)) return 1;
  const power = 10 ** Math.floor(Math.log10(step));
  const digit = [1, 2, 5, 10].find((one) => one * power >= step * (1 - 1e-9)) ?? 10;
  return digit * power;
}

export interface Frequency {
  readonly value: Figure;
  readonly count: number;
  /** Of all rows, nulls included. */
  readonly share: number;
}

/** Every value (null too) with its count, the most frequent first, then ascending. */
export function frequenciesOf({ column, facts }: ColumnFacts, top: number): readonly Frequency[] {
  const entries: { value: number | bigint | string | null; count: number }[] = [];
  if (facts.is === 'text' && facts.distinct.values !== undefined) {
    for (const [value, count] of facts.distinct.values) entries.push({ value, count });
  } else if (facts.is === 'number') {
    const values = multisetOf(facts);
    if (values?.exact === true) {
      forEachRun(values, (value, count) => entries.push({ value, count }));
    }
    const special = [Number.NaN, Infinity, -Infinity];
    const counts = [facts.nan, facts.positiveInfinity, facts.negativeInfinity];
    for (const [i, count] of counts.entries()) {
      if (count > 0) entries.push({ value: String(special[i]), count });
    }
  }
  if (entries.length === 0 && facts.rows > facts.nulls) {
    throw new NairobiError(
      'NOT_SUPPORTED',
      `The values of column "${column.name}" are too many to count, or have no order`,
      {
        hint: `it is ${column.type}; nairobi query can group by it`,
      },
    );
  }
  if (facts.nulls > 0) entries.push({ value: null, count: facts.nulls });
  const ascending = (a: unknown, b: unknown): number => {
    if (a === null || b === null) return a === null ? 1 : -1;
    if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
    return (a as number) < (b as number) ? -1 : 1;
  };
  entries.sort((a, b) => b.count - a.count || ascending(a.value, b.value));
  const show = valueFormat(kindOf(column.type));
  return entries.slice(0, top).map(({ value, count }) => ({
    value: value === null || typeof value === 'string' ? value : show(value),
    count,
    share: count / facts.rows,
  }));
}
