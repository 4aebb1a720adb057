import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NairobiError } from '../../src/errors.ts';
import { Oracle } from './oracle.ts';
import { makeTables } from './tables.ts';

describe('bad SQL', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open();
    await makeTables(oracle);
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  async function failure(sql: string): Promise<NairobiError> {
    try {
      (await oracle.compile(sql)).run();
    } catch (error) {
      if (error instanceof NairobiError) return error;
      throw error;
    }
    throw new Error(`nothing failed: ${sql}`);
  }

  /** The character the caret stands under, to the end of its word. */
  function pointed(error: NairobiError): string {
    const [, text, caret] = error.message.split('\n');
    return /^\S+/.exec((text ?? '').slice((caret ?? '').indexOf('^')))?.[0] ?? '';
  }

  const CASES: readonly (readonly [string, string, string, string | undefined])[] = [
    ['selec 1', 'BAD_SQL', 'selec', undefined],
    ['select id from t where', 'BAD_SQL', '', undefined],
    ['select colour from t', 'UNKNOWN_COLUMN', 'colour', 'color'],
    ['select t.colour from t', 'UNKNOWN_COLUMN', 't.colour', 'color'],
    ['select q.id from t', 'BAD_SQL', 'q.id', 't'],
    ['select id from tt', 'NOT_FOUND', 'tt', undefined],
    ['select uper(color) from t', 'BAD_SQL', 'uper(color)', 'upper'],
    ['select summ(n) from t', 'BAD_SQL', 'summ(n)', 'sum'],
    ['select id::integr from t', 'BAD_SQL', 'integr', 'integer'],
    ['select color, sum(n) from t', 'BAD_SQL', 'color,', 'any_value(color)'],
    ['select id from t where sum(n) > 1', 'BAD_SQL', 'sum(n)', 'HAVING'],
    ['select id from t where row_number() over () = 1', 'BAD_SQL', 'row_number()', 'QUALIFY'],
    ['select id from t, u', 'BAD_SQL', 'id', 't.id or u.id'],
    ['select color + 1 from t', 'BAD_SQL', '+', undefined],
    ['select id from t where color', 'BAD_SQL', 'color', undefined],
    ["select id from t where day > 'yesterday'", 'BAD_SQL', "'yesterday'", undefined],
    ["select id from t where n = 'ten'", 'BAD_SQL', "'ten'", undefined],
    ['select id from t group by 3', 'BAD_SQL', '3', undefined],
    ['select id from t order by 3', 'BAD_SQL', '3', undefined],
    ['select case when flag then 1 else day end from t', 'BAD_SQL', 'case', undefined],
    ['select id from t where id = $missing', 'BAD_SQL', '$missing', '-p missing=value'],
    ["select 'open", 'BAD_SQL', "'open", undefined],
    ['select ntile(n) over (order by id) from t', 'NOT_SUPPORTED', 'n)', undefined],
    ['insert into t values (1)', 'NOT_SUPPORTED', 'insert', '-o new.parquet'],
    ["copy (select id from t) to 'x.parquet'", 'NOT_SUPPORTED', 'copy', '-o new.parquet'],
    ['select é, colr from t', 'UNKNOWN_COLUMN', 'é,', undefined],
    ["select 'é', colr from t", 'UNKNOWN_COLUMN', 'colr', 'color'],
    ["select * from t, 'ü.csv' where colr = 1", 'NOT_FOUND', "'ü.csv'", undefined],
    ['select try_cast(colr as int) from t', 'UNKNOWN_COLUMN', 'colr', 'color'],
    ['select id from t qualify rnk = 1', 'UNKNOWN_COLUMN', 'rnk', undefined],
    ['select [1, 2, colr] from t', 'UNKNOWN_COLUMN', 'colr]', 'color'],
    ['select list_summ([1]) from t', 'BAD_SQL', 'list_summ([1])', 'list_sum'],
    ['select [1] < [2]', 'BAD_SQL', '<', 'CAST'],
  ];

  for (const [sql, code, word, hint] of CASES) {
    test(`${sql} says ${code} and points at ${word === '' ? 'the end' : word}`, async () => {
      const error = await failure(sql);
      expect(error.code, error.message).toBe(code);
      expect(pointed(error), error.message).toBe(word);
      if (hint !== undefined) expect(error.hint).toContain(hint);
    });
  }

  test('an error on the third line says so', async () => {
    const error = await failure('select id\nfrom t\nwhere colr = 1');
    expect(error.where).toMatchObject({ line: 3, column: 7 });
  });

  const UNSUPPORTED = [
    'select unnest([1]) from t group by 1',
    'select list_transform([1], x -> x + id) from t',
    'select * from t, lateral (select * from u full join t s on s.id = t.id) l',
    'select t from t',
    "select x'41'",
    'select id from t; select id from u',
    'select id from t order by color collate "C"',
    'select sum(n) over (order by id rows between n preceding and current row) from t',
  ];
  for (const sql of UNSUPPORTED) {
    test(`${sql} is not supported, and said to be`, async () => {
      const error = await failure(sql);
      expect(error.code).toBe('NOT_SUPPORTED');
      expect(error.message).toMatch(/^Not supported: /);
    });
  }

  const BAD_DATA: readonly (readonly [string, RegExp])[] = [
    ['select x::real from (values (1e300::double)) t(x)', /does not fit REAL/],
    ['select cast(note as integer) from t', /Cannot convert/],
    ['select (select id from t)', /more than one row/],
    ['select v + 1 from big', /Integer out of range/],
    ['select v * 2 from big', /Integer out of range/],
    ['select -v from big', /Integer out of range/],
    ['select sqrt(-abs(x) - 1) from t', /[Ss]quare root/],
    ['select cast(color as date) from t', /Not a date/],
    ['select 99999999999999999999.99 * 99999999999999999999.99', /38 digits/],
    ['select cast(price * 1000000 as decimal(5, 2)) from t', /does not fit/],
  ];
  for (const [sql, message] of BAD_DATA) {
    test(`${sql} fails on the data, never wraps or guesses`, async () => {
      const error = await failure(sql);
      expect(error.code, error.message).toBe('BAD_DATA');
      expect(error.message).toMatch(message);
    });
  }
});
