import { expect, it } from 'vitest';
import { cells, Oracle } from './oracle.ts';

it('division by a constant is rounded once, to the last bit as DuckDB and IEEE 754 have it', async () => {
  await using oracle = await Oracle.open(500);
  const columns = 'i AS id, i::DOUBLE AS x, (i / 100.0)::DECIMAL(9,2) AS p';
  await oracle.table('t', `SELECT ${columns} FROM range(1, 3000) r(i)`);
  const divided = 'x / 100 as a, id / 7 as b, p / 3 as c, p::double as d, trunc(x / 7, 2) as e';
  const sql = `select ${divided}, fmod(x, 0.3) as f from t order by id`;
  const numbers = (rows: readonly (readonly unknown[])[]): number[][] =>
    rows.map((row) => row.map(Number));
  const theirs = numbers(await oracle.theirs(sql));
  expect(numbers(cells((await oracle.compile(sql)).run()))).toEqual(theirs);
});
