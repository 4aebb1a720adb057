import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DataFrame, polars } from '../../src/compute/polars.ts';
import type { Relation } from '../../src/compute/relation.ts';
import { DEFAULT_DEPTH, type Depth } from '../../src/compute/stats/accumulate.ts';
import { figuresOf } from '../../src/compute/stats/figures.ts';
import { groupFacts } from '../../src/compute/stats/groups.ts';
import { survey } from '../../src/compute/stats/survey.ts';
import { relationOf } from './relations.ts';

const ALL: Depth = { ...DEFAULT_DEPTH, keepBytes: 1e8 };
const PS = [0.1, 0.9];
const ROOM = 1e9;

const keys = fc.constantFrom('a', 'b', 'ü', '', 'a rather long key', null);
const row = fc.tuple(
  keys,
  fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  fc.option(fc.double()),
  fc.option(fc.string({ unit: 'grapheme', maxLength: 20 })),
  fc.option(fc.boolean()),
  fc.option(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n })),
);
type Row = typeof row extends fc.Arbitrary<infer Each> ? Each : never;

/** Integers as text first: a Series made of bigints loses them. */
function frameOf(rows: readonly Row[]): DataFrame {
  const pl = polars();
  const texts = (i: number) => rows.map((one) => one[i]?.toString() ?? null) as never;
  return pl
    .DataFrame([
      pl.Series('key', texts(0), pl.Utf8),
      pl.Series('i', texts(1), pl.Utf8),
      pl.Series('f', rows.map((one) => one[2]) as never, pl.Float64),
      pl.Series('s', texts(3), pl.Utf8),
      pl.Series('b', rows.map((one) => one[4]) as never, pl.Bool),
      pl.Series('d', texts(5), pl.Utf8),
    ])
    .withColumns(pl.col('i').cast(pl.Int64), pl.col('d').cast(pl.Decimal(38, 0)));
}

async function byGroup(relation: Relation, depth: Depth) {
  const [key] = relation.columns;
  if (key === undefined) throw new Error('there is a key');
  const options = { depth, roomBytes: ROOM };
  const groups = await groupFacts(relation, key, relation.columns, options);
  return groups.map((group) => [group.key, group.facts.map((one) => figuresOf(one, PS))] as const);
}

describe('the figures of groups', () => {
  it('are to the last bit those of the rows of each group alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 1, max: 90 }),
        fc.boolean(),
        async (rows, cut, approx) => {
          const depth = approx ? { ...DEFAULT_DEPTH, sketch: true, frequent: true } : ALL;
          const groups = await byGroup(relationOf(frameOf(rows), cut), depth);
          const found = new Set(rows.map(([key]) => key));
          expect(groups.map(([key]) => key)).toEqual(
            [...found].sort((a, b) => (a === null ? 1 : b === null ? -1 : a < b ? -1 : 1)),
          );
          for (const [key, figures] of groups) {
            const alone = relationOf(frameOf(rows.filter((one) => one[0] === key)));
            const facts = await survey(alone, { columns: ['i', 'f', 's', 'b', 'd'], depth });
            expect(figures, `${key}`).toEqual(facts.map((one) => figuresOf(one, PS)));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('are so for groups of more values than are counted, in blocks of any size', async () => {
    const n = 220_000;
    const pl = polars();
    const frame = pl.DataFrame([
      pl.Series(
        'key',
        Array.from({ length: n }, (_, i) => (i % 5 < 3 ? 10 : i % 5)),
        pl.Int32,
      ),
      pl.Series(
        'f',
        Array.from({ length: n }, (_, i) => Math.sin(i) * 10 ** (i % 9)),
        pl.Float64,
      ),
      pl.Series(
        's',
        Array.from({ length: n }, (_, i) => `value ${(i * 7919) % 200_003}`),
        pl.Utf8,
      ),
    ]);
    const groups = await byGroup(relationOf(frame, 70_001), ALL);
    expect(groups.map(([key]) => key)).toEqual(['3', '4', '10']);
    for (const [key, figures] of groups) {
      const alone = relationOf(frame.filter(pl.col('key').eq(pl.lit(Number(key)))));
      const facts = await survey(alone, { columns: ['f', 's'], depth: ALL });
      expect(figures).toEqual(facts.map((one) => figuresOf(one, PS)));
    }
  });

  it('stop when they are more than the memory limit has room for', async () => {
    const pl = polars();
    const list = Array.from({ length: 20_000 }, (_, i) => i);
    const frame = pl.DataFrame([pl.Series('key', list, pl.Int32), pl.Series('x', list, pl.Int32)]);
    const relation = relationOf(frame);
    const [key] = relation.columns;
    const run = groupFacts(relation, key as NonNullable<typeof key>, relation.columns, {
      depth: DEFAULT_DEPTH,
      roomBytes: 4 << 20,
    });
    await expect(run).rejects.toMatchObject({ code: 'MEMORY_LIMIT' });
  });
});
