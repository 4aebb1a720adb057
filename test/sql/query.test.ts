import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tablesIn } from '../../src/sql/plan.ts';
import { cells, Oracle } from './oracle.ts';
import { makeTables } from './tables.ts';

describe('a compiled query', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open();
    await makeTables(oracle);
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  const names = async (sql: string): Promise<string[]> =>
    (await oracle.compile(sql)).columns.map((column) => column.name);

  test('names its columns as PostgreSQL does', async () => {
    const sql = `select count(*), sum(n), sum(n) + 1, avg(x) as mean, min(color)::text, '1'::int, case when true then 1 end,
      coalesce(1, 2), date_trunc('day', now()), extract(year from now()), exists (select 1), (select max(id) from u),
      nullif(1, 2), greatest(1, 2), current_date, array[1] from t`;
    expect(await names(sql)).toEqual([
      'count',
      'sum',
      '?column?',
      'mean',
      'min',
      'int4',
      'case',
      'coalesce',
      'date_trunc',
      'extract',
      'exists',
      'max',
      'nullif',
      'greatest',
      'current_date',
      'array',
    ]);
  });

  test('keeps the letter case of a column and folds that of an alias', async () => {
    await oracle.table('mixed', 'SELECT 1 AS "UserID", 2 AS "Order"');
    expect(await names('select userid, USERID as Who, "Order" from mixed')).toEqual([
      'UserID',
      'who',
      'Order',
    ]);
  });

  test('keeps two columns of one name apart', async () => {
    const query = await oracle.compile(
      'select t.id, u.id from t join u on t.id = u.id + 1 order by 1 limit 1',
    );
    expect(query.columns.map((column) => column.name)).toEqual(['id', 'id']);
    expect(cells(query.run())).toEqual([['1', '0']]);
  });

  test('reads only the columns it needs', async () => {
    const query = await oracle.compile(
      'select sum(price) from t where id > 3 and color is not null',
    );
    expect(
      query.reads.map(({ relation, columns }) => [relation.name, [...columns].sort()]),
    ).toEqual([['t', ['color', 'id', 'price']]]);
  });

  test('names every table and file, WITH queries left out', async () => {
    const found = await tablesIn(
      "with a as (select * from b) select * from a, 'x.csv' x, read_parquet('y.parquet') where exists (select 1 from c) and z in (select q from 'x.csv')",
    );
    expect(found.map(({ name, file }) => `${file ? 'file ' : ''}${name}`).sort()).toEqual([
      'b',
      'c',
      'file x.csv',
      'file y.parquet',
    ]);
  });

  test('takes parameters as values, never as SQL', async () => {
    const parameters = { name: "red' or '1'='1", limit: 3, day: '2024-01-10', none: null };
    const count = async (sql: string): Promise<unknown> =>
      cells((await oracle.compile(sql, { parameters })).run())[0]?.[0];
    expect(await count('select count(*) from t where color = $name')).toBe('0');
    expect(await count('select count(*) from t where id < :limit')).toBe('3');
    expect(await count('select count(*) from t where day < $day and id < $limit')).toBe('2');
    expect(await count('select $name')).toBe("red' or '1'='1");
    expect(await count('select count(*) from t where n = $none')).toBe('0');
  });

  test('has one now() for the whole query, in the zone of the session', async () => {
    const now = new Date('2024-07-01T22:30:00Z');
    const sql =
      "select now(), current_date, date_trunc('day', now()), extract(hour from now()), now() at time zone 'Asia/Tokyo'";
    const row = cells((await oracle.compile(sql, { now, timeZone: 'Europe/Rome' })).run())[0];
    expect(row).toEqual([
      '2024-07-01 22:30:00',
      '2024-07-02',
      '2024-07-01 22:00:00',
      '0',
      '2024-07-02 07:30:00',
    ]);
  });

  test('sums beyond 64 bits exactly', async () => {
    const rows = cells((await oracle.compile('select sum(v) from big where v > 0')).run());
    expect(rows).toEqual([['18455751272964292606']]);
  });

  test('gives 64-bit integers where a sum fits them', async () => {
    const query = await oracle.compile('select sum(n) from t');
    expect(String(query.run().dtypes[0])).toContain('Int64');
  });

  test('describes and summarizes without a word about its rows being computed', async () => {
    const described = await oracle.compile('describe select id, price, ts from t');
    expect(cells(described.run())).toEqual([
      ['id', 'int32'],
      ['price', 'decimal(15,2)'],
      ['ts', 'timestamp'],
    ]);
    const summarized = cells((await oracle.compile('summarize select n, color from t')).run());
    expect(summarized.map((row) => row.slice(0, 5))).toEqual(
      [
        ['n', 'int64', '0', '99', '100'],
        ['color', 'text', 'Red', 'red', '4'],
      ].map((row, index) => (index === 0 ? [...row.slice(0, 4), summarized[0]?.[4]] : row)),
    );
  });

  test('explains itself', async () => {
    const text = (
      await oracle.compile('explain select color, count(*) from t where id > 5 group by 1')
    ).run();
    expect(cells(text).flat().join('\n')).toContain('scan t [id, color] where (id > 5)');
  });

  test('runs TPC-H 15 with its view, and refuses two queries', async () => {
    const sql =
      'create view v (a, b) as select color, sum(n) from t group by color; select count(*) from v where b > 0; drop view v';
    expect(cells((await oracle.compile(sql)).run())).toEqual([['5']]);
  });
});
