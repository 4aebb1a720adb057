import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { polars } from '../../../src/compute/polars.ts';
import { ranks } from '../../../src/compute/stats/correlation.ts';
import { answer } from '../../../src/engine/stats/answers.ts';
import { rooted } from '../../compute/exact-fractions.ts';
import { csv, relationOf } from '../../compute/relations.ts';
import { duck, near } from './second-figures.ts';

const WEATHER = path.resolve('node_modules/vega-datasets/data/seattle-weather.csv');
const weather = () =>
  relationOf(polars().readCSV(WEATHER, { truncateRaggedLines: false, ignoreErrors: false }));
const options = { columns: undefined };

/** Twice the mean rank of each value, counted by comparing all with all. */
function doubleRanks(values: readonly number[]): bigint[] {
  return values.map((x) => {
    const below = values.filter((y) => y < x).length;
    return BigInt(2 * below + values.filter((y) => y === x).length + 1);
  });
}

/** Pearson's correlation of the ranks in integers, rounded at the end. */
function exactSpearman(pairs: readonly [number, number][]): number | null {
  const [x, y] = [0, 1].map((i) => doubleRanks(pairs.map((pair) => pair[i] ?? 0)));
  const n = BigInt(pairs.length);
  const total = (list: readonly bigint[]): bigint => list.reduce((sum, one) => sum + one, 0n);
  const spread = (a: readonly bigint[] = [], b: readonly bigint[] = []): bigint =>
    n * total(a.map((one, i) => one * (b[i] ?? 0n))) - total(a) * total(b);
  const [xx, yy, xy] = [spread(x, x), spread(y, y), spread(x, y)];
  if (xx === 0n || yy === 0n) return null;
  return (xy < 0n ? -1 : 1) * rooted(xy * xy, xx * yy);
}

describe('correlations', () => {
  it('are those of DuckDB, of values and of ranks', async () => {
    const { data } = await answer({ is: 'corr' }, weather(), { columns: ['temp_max', 'wind'] });
    const [[pearson] = [], [spearman] = []] = [
      ...(await duck(`select corr(temp_max, wind) from '${WEATHER}'`)),
      ...(await duck(
        `select corr(a, b) from (select rank() over (order by temp_max) + (count(*) over (partition by temp_max) - 1) / 2.0 as a, rank() over (order by wind) + (count(*) over (partition by wind) - 1) / 2.0 as b from '${WEATHER}')`,
      )),
    ];
    const matrix = (name: string): number[][] => data[name] as number[][];
    near(matrix('pearson')[0]?.[1], pearson);
    near(matrix('spearman')[1]?.[0], spearman);
    near(matrix('pearson')[0]?.[0], 1);
  });

  it('leave out rows where one of the two has no value', async () => {
    const { data } = await answer(
      { is: 'corr' },
      relationOf(csv('x,y\n1,2\n2,4\n3,\n,9\n4,8\n')),
      options,
    );
    expect(data['pearson']).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(data['spearman']).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  it('are the exact ones, with ties and rows without a value', async () => {
    const value = fc.option(
      fc.oneof(
        fc.integer({ min: -3, max: 3 }),
        fc.constantFrom(0.1, 0.2, 1e300, -1e300, 5e-324, Number.NaN, Infinity),
      ),
      { freq: 8 },
    );
    const rows = fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 60 });
    const pl = polars();
    const check = async (table: [number | null, number | null][]): Promise<void> => {
      const columns = [0, 1].map((i) => table.map((row) => row[i] ?? null));
      const frame = pl.DataFrame(columns.map((one, i) => pl.Series(`c${i}`, one, pl.Float64)));
      const { data } = await answer({ is: 'corr' }, relationOf(frame, 7), options);
      const found = (data['spearman'] as (number | null)[][])[0]?.[1] ?? null;
      const pairs = table.filter(
        (row): row is [number, number] =>
          Number.isFinite(row[0] ?? Number.NaN) && Number.isFinite(row[1] ?? Number.NaN),
      );
      const expected = exactSpearman(pairs);
      if (expected === null) expect(found).toBeNull();
      else near(found, expected);
    };
    await fc.assert(fc.asyncProperty(rows, check), { numRuns: 150 });
  });

  it('give equal values the mean of their ranks', () => {
    expect([...ranks(Float64Array.of(5, 1, 5, 3))]).toEqual([3.5, 1, 3.5, 2]);
  });
});
