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

  test('ends early where what it has to keep outgrows the room', async () => {
    const ends = async (sql: string, roomBytes: number): Promise<unknown> => {
      const query = await oracle.compile(sql);
      return query.runBounded?.(roomBytes).then(
        ({ height }) => height,
        (error) => error.message,
      );
    };
    const distinct = 'select count(distinct note), count(distinct n) from t';
    expect(await ends(distinct, 10_000)).toBe(1);
    expect(await ends(distinct, 2000)).toMatch(/^The different values of count\(DISTINCT\) grow/);
    expect(await ends('select distinct id from t', 2000)).toMatch(
      /^The different rows of DISTINCT/,
    );
    expect(await ends('select id, sum(x) from t group by 1', 2000)).toMatch(/^The groups of GROUP/);
    expect(await ends('select flag, sum(x) from t group by 1', 2000)).toBe(3);
  });

  test('asks a subquery of all rows, not of the piece', async () => {
    for (const sql of [
      'select count(*) from t where x > (select avg(x) from t)',
      'select count(*) from t where exists (select 1 from t where id > 190)',
      'select sum(n - (select min(n) from t where id > 100)) from t',
    ]) {
      const query = await oracle.compile(sql);
      const ours = cells((await query.runBounded?.()) ?? query.run());
      expect(difference(ours, await oracle.theirs(sql), false), sql).toBeUndefined();
    }
  });
});
