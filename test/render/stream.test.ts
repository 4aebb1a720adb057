import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { frames, select, typed } from '../../src/render/data/stream.ts';
import { relationOf } from './relations.ts';

const table = (rows: number) =>
  polars().DataFrame({ x: Float64Array.from({ length: rows }, (_, i) => i) } as never);

describe('the rows of a file by columns', () => {
  it('come in pieces, in order, whatever the pieces and the segments', async () => {
    const counts = fc.record({
      rows: fc.integer({ min: 0, max: 50 }),
      at: fc.integer({ min: 1, max: 20 }),
      segments: fc.integer({ min: 0, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(counts, async ({ rows, at, segments }) => {
        const relation = { ...relationOf(table(rows), segments), columnar: true };
        const seen: number[] = [];
        for await (const frame of select(relation, ['x'], [polars().col('x')], { rows: at })) {
          expect(frame.height).toBeLessThanOrEqual(at);
          seen.push(...typed<Float64Array>(frame, 'x'));
        }
        expect(seen).toEqual(Array.from({ length: rows }, (_, i) => i));
      }),
      { numRuns: 40 },
    );
  });

  it('are counted once by who makes one row of many, also where there are none', async () => {
    const { len, Float64 } = polars();
    for (const rows of [0, 1, 8, 9]) {
      const relation = { ...relationOf(table(rows)), columnar: true };
      let counted = 0;
      for await (const frame of select(relation, ['x'], [len().cast(Float64).alias('n')], {
        rows: 4,
      })) {
        counted += frame.getColumn('n').get(0) as number;
      }
      expect(counted).toBe(rows);
    }
  });

  it('give their memory back when the next are asked for', async () => {
    const relation = { ...relationOf(table(8)), columnar: true };
    const lent: Float64Array[] = [];
    for await (const frame of select(relation, ['x'], [polars().col('x')], { rows: 4 })) {
      for (const array of lent) expect(array.length).toBe(0);
      lent.push(typed<Float64Array>(frame, 'x'));
    }
    expect(lent).toHaveLength(2);
  });

  it('are there all at once for who needs them so', async () => {
    const heights: number[] = [];
    const relation = { ...relationOf(table(9)), columnar: true };
    for await (const frame of frames(relation, ['x'], (all) => all)) heights.push(frame.height);
    expect(heights).toEqual([9]);
  });
});
