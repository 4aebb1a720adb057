import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DataFrame, polars } from '../../src/compute/polars.ts';
import { DEFAULT_DEPTH } from '../../src/compute/stats/accumulate.ts';
import { ksDistance } from '../../src/compute/stats/drift.ts';
import { forEachRun, type Multiset, medianDistance } from '../../src/compute/stats/multiset.ts';
import { survey } from '../../src/compute/stats/survey.ts';
import { relationOf } from './relations.ts';

const DEPTH = { ...DEFAULT_DEPTH, keepBytes: 1e8 };

async function keptOf(frame: DataFrame): Promise<Multiset> {
  const [one] = await survey(relationOf(frame, 40_000), { depth: DEPTH });
  const kept = one?.facts.is === 'number' ? one.facts.distinct.kept : undefined;
  if (kept === undefined) throw new Error('the values were kept');
  return kept;
}

function integers(values: readonly bigint[], type: 'Int64' | 'UInt64'): DataFrame {
  const pl = polars();
  return pl
    .DataFrame([pl.Series('x', values.map(String), pl.Utf8)])
    .select(pl.col('x').cast(pl[type]));
}

function floats(values: readonly number[]): DataFrame {
  const pl = polars();
  return pl.DataFrame([pl.Series('x', values as number[], pl.Float64)]);
}

/** More values than are counted, around the ends of the type. */
function spread(low: bigint, high: bigint): bigint[] {
  const step = (high - low) / 90_001n;
  const even = Array.from(
    { length: 90_000 },
    (_, i) => low + step * ((BigInt(i) * 7919n) % 90_000n),
  );
  return [high, low, ...even, high, high - 1n, low + 1n];
}

/** 1 and 1n are the same number. */
function isSame(a: number | bigint | undefined, b: number | bigint | undefined): boolean {
  return a !== undefined && b !== undefined && !(a < b) && !(a > b);
}

function check(kept: Multiset, values: readonly (number | bigint)[]): void {
  const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  expect(kept.n).toBe(sorted.length);
  for (const rank of [0, 1, 2, 777, sorted.length >> 1, sorted.length - 2, sorted.length - 1]) {
    expect(isSame(kept.at(rank), sorted[rank]), `rank ${rank}`).toBe(true);
  }
  for (const limit of [
    -Infinity,
    Infinity,
    0,
    -0.5,
    0.5,
    ...[0, 9, 5000, sorted.length - 1].map((i) => Number(sorted[i])),
  ]) {
    expect(kept.below(limit), `below ${limit}`).toBe(sorted.filter((x) => x < limit).length);
  }
  let at = 0;
  forEachRun(kept, (value, count) => {
    const ends = [sorted[at], sorted[at + count - 1]];
    if (!ends.every((one) => isSame(one, value)) || isSame(sorted[at + count], value)) {
      throw new Error(`${count} times ${value} at ${at}`);
    }
    at += count;
  });
  expect(at).toBe(sorted.length);
}

describe('kept values', () => {
  it.each([
    ['Int64', -(2n ** 63n), 2n ** 63n - 1n],
    ['Int64', -500_000n, 500_000n],
    ['UInt64', 0n, 2n ** 64n - 1n],
  ] as const)('of %s from %s to %s are found by rank and value', async (type, low, high) => {
    const values = spread(low, high);
    check(await keptOf(integers(values, type)), values);
  });

  it('of doubles of every size are found by rank and value', async () => {
    const values = Array.from(
      { length: 150_000 },
      (_, i) => (i % 2 === 0 ? 1 : -1) * (1 + (i % 70_001)) * 10 ** ((i % 601) - 300),
    );
    values.push(Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, -5e-324, 0, -0);
    const kept = await keptOf(floats(values));
    check(
      kept,
      values.map((x) => x + 0),
    );
    const distances = values.map((x) => Math.abs(x - 3)).sort((a, b) => a - b);
    const [low, high] = [distances[75_002], distances[75_003]] as [number, number];
    expect(medianDistance(kept, 3)).toBe((low + high) / 2);
  });

  it('are walked through where one value fills more than a section', async () => {
    const n = 1_500_000;
    const values = Array.from({ length: n }, (_, i) => (i < 70_000 ? i : i % 3 === 0 ? 1e6 : 500));
    check(await keptOf(floats(values)), values);
  });

  it('have the Kolmogorov-Smirnov distance of the textbook', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40_000 }), async (shift) => {
        const a = Array.from({ length: 70_000 }, (_, i) => i);
        const b = a.map((x) => x + shift);
        const distance = ksDistance(await keptOf(floats(a)), await keptOf(floats(b)));
        expect(distance).toBeCloseTo(shift / 70_000, 12);
      }),
      { numRuns: 5 },
    );
  });
});
