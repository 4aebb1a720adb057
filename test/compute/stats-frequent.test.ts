import fc from 'fast-check';
import { expect, it } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { DEFAULT_DEPTH } from '../../src/compute/stats/accumulate.ts';
import { figuresOf } from '../../src/compute/stats/figures.ts';
import { survey } from '../../src/compute/stats/survey.ts';
import { csv, relationOf } from './relations.ts';

const DEPTH = { ...DEFAULT_DEPTH, distinctTexts: 20_000, frequent: true, sketch: true };
/** Counters that are left when they are lowered: kernels/stats/frequent.ts. */
const HALF = 4096;

async function factsOf(values: readonly (string | number)[], cut = values.length) {
  const pl = polars();
  const type = typeof values[0] === 'string' ? pl.Utf8 : pl.Float64;
  const frame = pl.DataFrame([pl.Series('x', values as string[], type)]);
  const [one] = await survey(relationOf(frame, cut), { depth: DEPTH });
  if (one === undefined || one.facts.is === 'opaque') throw new Error('the column came back');
  return { one, frequent: one.facts.distinct.frequent };
}

type Found = Awaited<ReturnType<typeof factsOf>>;

/** Every count within the bound, and the mode, when one is named, the true one. */
function expectWithinBound({ frequent, one }: Found, values: readonly (string | number)[]): void {
  const counts = new Map<unknown, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (frequent === undefined) throw new Error('there were too many to count');
  expect(frequent.error).toBeLessThanOrEqual(values.length / (HALF + 1));
  const kept = new Map<unknown, number>(frequent.values);
  for (const [value, count] of counts) {
    const low = kept.get(value) ?? 0;
    if (low > count || low + frequent.error < count) {
      throw new Error(`${value}: ${count}, not from ${low} to ${low + frequent.error}`);
    }
  }
  const { mode } = figuresOf(one, []) as Record<string, unknown>;
  const most = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  if (mode !== null) expect(mode).toBe(most);
}

/** Zipf-like: value k about n / k times, in an order that a multiplier gives. */
function skewed(n: number, exponent: number, long: boolean): string[] {
  return Array.from({ length: n }, (_, i) => {
    const u = ((i * 2_654_435_761) % n) / n;
    const k = Math.floor((1 - u) ** -exponent);
    return long ? `a text of more than twelve bytes ${k}` : `v${k}`;
  });
}

it('counts of the most frequent texts are within the published bound', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0.6, max: 3, noNaN: true }),
      fc.boolean(),
      async (e, long) => {
        const n = 60_000;
        // Enough rare ones to be too many to count.
        const rare = Array.from(
          { length: 60_000 },
          (_, i) => `rare ${i} ${long ? 'and long' : ''}`,
        );
        const values = [...skewed(n, e, long), ...rare, ...skewed(n, e, long)];
        const found = await factsOf(values);
        expectWithinBound(found, values);
        expect((await factsOf(values, 23_333)).frequent).toEqual(found.frequent);
      },
    ),
    { numRuns: 4 },
  );
});

it('counts of the most frequent numbers are within the published bound', async () => {
  const exponents = fc.double({ min: 0.6, max: 3, noNaN: true });
  await fc.assert(
    fc.asyncProperty(exponents, fc.boolean(), async (exponent, sorted) => {
      const n = 60_000;
      const some = skewed(n, exponent, false).map((name) => Number(name.slice(1)) / 8);
      // Enough rare ones to be too many to count, below and above zero.
      const rare = Array.from({ length: 80_000 }, (_, i) => (i % 2 === 0 ? -1 : 1e-300) * (i + 1));
      const values = [...some, ...rare, ...some];
      if (sorted) values.sort((a, b) => a - b);
      const found = await factsOf(values);
      expectWithinBound(found, values);
      expect((await factsOf(values, 23_333)).frequent).toEqual(found.frequent);
    }),
    { numRuns: 4 },
  );
});

it('names the mode of timestamps and of large integers as they are', async () => {
  const pl = polars();
  const many = Array.from({ length: 90_000 }, (_, i) => BigInt(i) + 2n ** 60n);
  const often = Array.from({ length: 9_000 }, () => 2n ** 60n + 17n);
  const read = csv(`x\n${[...many, ...often].join('\n')}\n`);
  const frame = read.withColumns(pl.col('x').cast(pl.Datetime('us')).alias('t'));
  const [x, t] = await survey(relationOf(frame), { depth: DEPTH });
  if (x === undefined || t === undefined) throw new Error('both columns came back');
  const [whole, time] = [x, t].map((one) => figuresOf(one, []) as Record<string, unknown>);
  expect(whole?.['mode']).toBe(2n ** 60n + 17n);
  expect(Number(whole?.['mode_count'])).toBeLessThanOrEqual(9_001);
  expect(Number(whole?.['mode_count']) + Number(whole?.['top_error'])).toBeGreaterThanOrEqual(
    9_001,
  );
  expect(String(time?.['top'])).toBe('+038504-08-17T21:30:06.846993 (9000)');
});

it('names no value where none is frequent', async () => {
  const { one } = await factsOf(Array.from({ length: 120_000 }, (_, i) => `id-${i}`));
  expect(figuresOf(one, [])).toMatchObject({ mode: null, top: null });
  const numbers = await factsOf(Array.from({ length: 120_000 }, (_, i) => i / 3));
  expect(figuresOf(numbers.one, [])).toMatchObject({ mode: null, top: null });
});

it('texts that are too long for the room cost accuracy, not truth', async () => {
  const values = Array.from({ length: 30_000 }, (_, i) => `${'long '.repeat(400)}${i % 25_000}`);
  values.push(...Array.from({ length: 500 }, () => 'short'));
  const { frequent } = await factsOf(values);
  const short = new Map<unknown, number>(frequent?.values).get('short') ?? 0;
  expect(short).toBeLessThanOrEqual(500);
  expect(short + (frequent?.error ?? 0)).toBeGreaterThanOrEqual(500);
}, 30_000);
