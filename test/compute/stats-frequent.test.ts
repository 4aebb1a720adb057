import fc from 'fast-check';
import { expect, it } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { DEFAULT_DEPTH } from '../../src/compute/stats/accumulate.ts';
import { figuresOf } from '../../src/compute/stats/figures.ts';
import { survey } from '../../src/compute/stats/survey.ts';
import { relationOf } from './relations.ts';

const DEPTH = { ...DEFAULT_DEPTH, distinctTexts: 20_000, frequent: true };
/** Counters that are left when they are lowered: kernels/stats/frequent.ts. */
const HALF = 4096;

async function factsOf(values: readonly string[], cut = values.length) {
  const pl = polars();
  const frame = pl.DataFrame([pl.Series('x', values as string[], pl.Utf8)]);
  const [one] = await survey(relationOf(frame, cut), { depth: DEPTH });
  if (one?.facts.is !== 'text') throw new Error('a column of text came back');
  return { one, frequent: one.facts.distinct.frequent };
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
        const counts = new Map<string, number>();
        for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
        const { frequent, one } = await factsOf(values);
        if (frequent === undefined) throw new Error('there were too many to count');
        expect(frequent.error).toBeLessThanOrEqual(values.length / (HALF + 1));
        const kept = new Map(frequent.values);
        for (const [value, count] of counts) {
          const low = kept.get(value) ?? 0;
          if (low > count || low + frequent.error < count) {
            throw new Error(`${value}: ${count}, not from ${low} to ${low + frequent.error}`);
          }
        }
        const { mode } = figuresOf(one, []) as Record<string, unknown>;
        const most = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
        if (mode !== null) expect(mode).toBe(most);
        expect((await factsOf(values, 23_333)).frequent).toEqual(frequent);
      },
    ),
    { numRuns: 4 },
  );
});

it('names no value where none is frequent', async () => {
  const { one } = await factsOf(Array.from({ length: 120_000 }, (_, i) => `id-${i}`));
  expect(figuresOf(one, [])).toMatchObject({ mode: null, top: null });
});

it('texts that are too long for the room cost accuracy, not truth', async () => {
  const values = Array.from({ length: 30_000 }, (_, i) => `${'long '.repeat(400)}${i % 25_000}`);
  values.push(...Array.from({ length: 500 }, () => 'short'));
  const { frequent } = await factsOf(values);
  const short = new Map(frequent?.values).get('short') ?? 0;
  expect(short).toBeLessThanOrEqual(500);
  expect(short + (frequent?.error ?? 0)).toBeGreaterThanOrEqual(500);
}, 30_000);
