import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cell, cells, Oracle } from './oracle.ts';

describe('sketches, merged piece by piece', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open(7000);
    await oracle.table(
      'many',
      `SELECT i % 3 AS g, 'device ' || (i * 7919 % 100003) AS name, (hash(i) % 1000000) / 7.0 - 30000 AS v
       FROM range(100000) r(i) UNION ALL SELECT 9, NULL, NULL`,
    );
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  const pieces = async (sql: string): Promise<Cell[][]> => {
    const { runBounded } = await oracle.compile(sql);
    if (runBounded === undefined) throw new Error(`not in pieces: ${sql}`);
    return cells(await runBounded());
  };

  test('count distinct values within four standard errors, and nothing as 0', async () => {
    const sql = 'select g, approx_count_distinct(name) from many group by g order by g';
    const exact = await oracle.ours(
      'select g, count(distinct name) from many group by g order by g',
    );
    const found = await pieces(sql);
    exact.forEach((row, index) => {
      const [, wanted] = row;
      const got = Number(found[index]?.[1]);
      expect(Math.abs(got - Number(wanted))).toBeLessThanOrEqual(0.0081 * 4 * Number(wanted));
    });
  });

  test('give quantiles within half a per cent of a value of that rank', async () => {
    for (const fraction of [0, 0.01, 0.25, 0.5, 0.9, 0.999, 1]) {
      const found = await pieces(
        `select g, approx_quantile(v, ${fraction}) from many group by g order by g`,
      );
      const exact = await oracle.ours(
        `select g, quantile_cont(v, ${fraction}) from many group by g order by g`,
      );
      exact.forEach((row, index) => {
        const [wanted, got] = [row[1] as number | null, found[index]?.[1] as number | null];
        if (wanted === null) expect(got).toBeNull();
        else
          expect(Math.abs((got ?? 0) - wanted)).toBeLessThanOrEqual(0.006 * Math.abs(wanted) + 0.5);
      });
    }
  });

  test('count(DISTINCT) is exact in pieces', async () => {
    const sql = 'select g, count(distinct name), sum(distinct g) from many group by g order by g';
    expect(await pieces(sql)).toEqual(await oracle.ours(sql));
  });
});
