import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CORPUS } from './corpus.ts';
import { cells, difference, Oracle } from './oracle.ts';
import { makeTables } from './tables.ts';

describe('a query run piece by piece', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    // 200 rows in pieces of 41: every merge sees many contributions, and groups missing from some.
    oracle = await Oracle.open(41);
    await makeTables(oracle);
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  test('gives what DuckDB gives, for each query of the corpus that can', {
    timeout: 120_000,
  }, async () => {
    let bounded = 0;
    for (const sql of CORPUS) {
      const query = await oracle.compile(sql);
      if (query.runBounded === undefined || query.reads.length === 0) continue;
      bounded += 1;
      const ours = cells(await query.runBounded());
      // Without ORDER BY any rows may be the first ones.
      if (/limit/.test(sql) && !/order by/.test(sql)) continue;
      const found = difference(ours, await oracle.theirs(sql), / order by [^)]*$/.test(sql));
      expect(found, sql).toBeUndefined();
    }
    expect(bounded).toBeGreaterThan(50);
  });

  test('stops reading when LIMIT has its rows', async () => {
    const query = await oracle.compile('select id from t limit 10');
    expect((await query.runBounded?.())?.height).toBe(10);
  });

  test('says what keeps it from running so', async () => {
    const because = async (sql: string): Promise<string | undefined> =>
      (await oracle.compile(sql)).wholeBecause;
    expect(await because('select median(x) from t')).toBe('median() needs all rows');
    expect(await because('select id from t order by x')).toBe(
      'ORDER BY without LIMIT needs all rows',
    );
    expect(await because('select rank() over (order by x) from t')).toBe(
      'a window function needs all rows',
    );
    expect(await because('select color, avg(x) from t group by color order by 2')).toBeUndefined();
  });
});
