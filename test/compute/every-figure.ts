/** Holds the figures of a column against the second opinion: all of them, or it fails. */
import { expect } from 'vitest';
import type { ColumnFigures } from '../../src/compute/stats/figures.ts';
import { nullsOf, ofBooleans, ofNumbers, ofTexts, ofTimes } from './second-opinion.ts';
import type { Expected, Value } from './second-opinion-deep.ts';

export const QUANTILES = [0.01, 0.05, 0.1, 0.9, 0.95, 0.99];

type Found = Readonly<Record<string, unknown>>;

/** What the type says the values are; undefined for lists and the like, which are only counted. */
export function valueKind(type: string): 'number' | 'boolean' | 'text' | 'time' | undefined {
  if (/^U?Int|^Float/.test(type)) return 'number';
  if (type === 'Boolean') return 'boolean';
  if (type === 'String') return 'text';
  return /^Date/.test(type) ? 'time' : undefined;
}

/** `values`: integers as bigints, days or microseconds since 1970 for dates and timestamps. */
export function expectEveryFigure(figures: ColumnFigures, values: readonly Value[]): void {
  const { column, type, distinct_exact, pattern, ...found } = figures as Found;
  const kind = valueKind(String(type));
  const expected = opinion(String(type), values);
  const unasked = Object.keys(found).filter((name) => !(name in expected));
  expect(unasked, `${column}: figures without a second opinion`).toEqual([]);
  for (const [name, value] of Object.entries(expected)) {
    // The digits of a mean below that are not all there to divide by.
    const what = `${column} ${name}`;
    if (name === 'cv' && Math.abs(Number(expected['mean'])) < 1e-290) continue;
    if (name === 'distinct' && distinct_exact === false) {
      expect(Math.abs(Number(found[name]) / Number(value) - 1), what).toBeLessThan(4 * 0.0081);
    } else if (name === 'outliers') {
    } else if (kind === 'time' || TIMES.has(name)) {
      expectTime(found[name], value, { what, type: String(type), name });
    } else {
      expectFigure(found[name], value, { what, name, all: expected });
    }
  }
  if (kind === 'number') expectOutliers(found, values as (number | bigint | null)[]);
  if (kind === 'text') expectPattern(pattern, values as (string | null)[]);
}

function opinion(type: string, values: readonly Value[]): Expected {
  const kind = valueKind(type);
  // Those are held against the fences found: a value that lies on one may fall to either side.
  const outliers = { outliers: undefined };
  if (kind === 'number')
    return { ...ofNumbers(values as number[], QUANTILES, /^Float/.test(type)), ...outliers };
  if (kind === 'boolean') return { ...ofBooleans(values as boolean[], QUANTILES), ...outliers };
  if (kind === 'time') return { ...ofTimes(values as bigint[], QUANTILES), ...outliers };
  if (kind === 'text') return ofTexts(values as string[]);
  const count = values.filter((x) => x !== null).length;
  return { count, ...nullsOf(values, count) };
}

/** Of differences: they are as exact as what is subtracted. */
const SCALES: Readonly<Record<string, readonly string[]>> = {
  iqr: ['q1', 'q3'],
  lower_fence: ['q1', 'q3'],
  upper_fence: ['q1', 'q3'],
  mad: ['q1', 'q3', 'median'],
  median: ['min', 'max'],
  q1: ['min', 'max'],
  q3: ['min', 'max'],
};

/** Counts, values of the column, and what is rounded once from an exact number. */
const EXACT = new Set(
  'count nulls null_share distinct order min max sum mean zeros negatives positives nan inf empty min_length max_length leading_zeros gaps mode mode_count modes antimode antimode_count antimodes encoding distribution'.split(
    ' ',
  ),
);

interface About {
  readonly what: string;
  readonly name: string;
  readonly all: Expected;
}

function expectFigure(found: unknown, expected: unknown, { what, name, all }: About): void {
  if (expected === null || expected === undefined) {
    expect(found ?? null, what).toBeNull();
  } else if (Array.isArray(expected)) {
    const words = (expected as [unknown, number][]).map(
      ([value, count]) => `${shown(value, found)} (${count})`,
    );
    expect(found, what).toBe(words.join('; '));
  } else if (typeof expected === 'bigint') {
    expect(BigInt(found as bigint), what).toBe(expected);
  } else if (typeof expected !== 'number' || EXACT.has(name)) {
    const number =
      typeof found === 'boolean' && typeof expected === 'number' ? Number(found) : found;
    expect(number, what).toBe(expected);
  } else if (Number(found) !== expected) {
    const beside = /^p\d/.test(name) ? ['min', 'max'] : (SCALES[name] ?? []);
    const others = beside.map((one) => Math.abs(Number(all[one] ?? 0)));
    const scale = Math.max(Math.abs(expected), ...others, /ness|osis/.test(name) ? 1 : 0);
    // Below 1e-290 a double has not got the digits.
    const slack = 1e-12 * scale + (Math.abs(expected) < 1e-290 ? 1e-290 : 0);
    const error = Math.abs(Number(found) - expected);
    expect(error, `${what}: ${found}, not ${expected}`).toBeLessThanOrEqual(slack);
  }
}

/** Booleans are 0 and 1 in the second opinion. */
function shown(value: unknown, found: unknown): string {
  return /^(true|false) \(/.test(String(found)) && typeof value === 'bigint'
    ? String(value === 1n)
    : String(value);
}

/** Figures of text that are times; of a time column, everything that is not a count. */
const TIMES = new Set(['first', 'last', 'interval', 'longest_gap']);
const SPANS = new Set(['range', 'interval', 'longest_gap', 'iqr', 'mad']);

const UNITS: Readonly<Record<string, number>> = {
  d: 86_400e6,
  h: 3_600e6,
  min: 60e6,
  s: 1e6,
  ms: 1e3,
  us: 1,
};

/** "1 d 2 h" in microseconds. */
function spanOf(text: string): number {
  return [...text.matchAll(/(\d+) (\w+)/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * (UNITS[unit ?? ''] ?? Number.NaN),
    0,
  );
}

/** "2024-01-01T00:00:00.000001" in microseconds. */
function pointOf(text: string): number {
  const [whole = '', decimals = ''] = text.split('.');
  return (
    Date.parse(whole.includes('T') ? `${whole}Z` : whole) * 1000 + Number(decimals.padEnd(6, '0'))
  );
}

function expectTime(
  found: unknown,
  expected: unknown,
  { what, type, name }: { what: string; type: string; name: string },
): void {
  const ticks = type === 'Date' ? (UNITS['d'] ?? 0) : 1;
  if (expected === null || expected === undefined) {
    expect(found ?? null, what).toBeNull();
  } else if (Array.isArray(expected)) {
    const entries = String(found)
      .split('; ')
      .map((one) => /^(.*) \((\d+)\)$/.exec(one));
    expect(
      entries.map((one) => [pointOf(one?.[1] ?? ''), Number(one?.[2])]),
      what,
    ).toEqual(
      (expected as [bigint, number][]).map(([time, count]) => [Number(time) * ticks, count]),
    );
  } else if (typeof found === 'string' && name !== 'order' && name !== 'distribution') {
    const text = SPANS.has(name) ? spanOf(found) : pointOf(found);
    // Quantiles are rounded to a whole tick.
    expect(Math.abs(text - Number(expected) * ticks), `${what}: ${found}`).toBeLessThanOrEqual(
      typeof expected === 'bigint' ? 0 : ticks,
    );
  } else {
    expectFigure(found, expected, { what, name, all: {} });
  }
}

function expectOutliers(found: Found, column: readonly (number | bigint | null)[]): void {
  const values = column.filter((x) => x !== null && (typeof x === 'bigint' || Number.isFinite(x)));
  const [lower, upper] = [Number(found['lower_fence']), Number(found['upper_fence'])];
  const outside = (by: number): number =>
    values.filter((x) => x !== null && (x < lower - by || x > upper + by)).length;
  // A fence beyond 2^53 is a rounded number.
  const slack = Math.max(Math.abs(lower), Math.abs(upper)) > 2 ** 53 ? Math.abs(upper) * 1e-15 : 0;
  expect(Number(found['outliers']), 'outliers').toBeGreaterThanOrEqual(outside(slack));
  expect(Number(found['outliers']), 'outliers').toBeLessThanOrEqual(outside(-slack));
}

/** Other words for the shapes of the commonest patterns. */
const SHAPES: Readonly<Record<string, (text: string) => boolean>> = {
  integer: (text) => /^[-+]?[0-9]+$/.test(text),
  number: (text) => text.trim() !== '' && Number.isFinite(Number(text)),
  url: (text) => URL.canParse(text),
  date: (text) => text.length === 10 && !Number.isNaN(Date.parse(text)),
  timestamp: (text) => text.length > 10 && !Number.isNaN(Date.parse(text)),
  colour: (text) => text.startsWith('#') && /^[0-9a-f]+$/i.test(text.slice(1)),
  time: (text) => /^[0-9:.]+$/.test(text) && text.includes(':'),
  boolean: (text) =>
    ['true', 'false', 'yes', 'no', 'y', 'n', 't', 'f'].includes(text.toLowerCase()),
};

function expectPattern(pattern: unknown, column: readonly (string | null)[]): void {
  const values = column.filter((text) => text !== null && text !== '') as string[];
  const name = /^([a-z0-9 -]*?)(?: \((\d+) %\))?$/.exec(String(pattern ?? '')) ?? [];
  const shape = SHAPES[name[1] ?? ''];
  if (shape === undefined) return;
  const share = values.filter(shape).length / values.length;
  expect(Math.floor(share * 100), String(pattern)).toBe(Number(name[2] ?? 100));
}
