import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NairobiError } from '../../src/errors.ts';
import { cells, Oracle } from './oracle.ts';

/** DuckDB takes seconds for what is as deep as it goes. */
const MOST = process.env['NAIROBI_TEST_FULL'] === '1' ? 1000 : 200;

const chain = (count: number, term: (index: number) => string, by: string): string =>
  Array.from({ length: count }, (_, index) => term(index)).join(by);
const nested = (count: number, open: string, inside: string, close: string): string =>
  open.repeat(count) + inside + close.repeat(count);

describe('deep expressions', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open(16);
    await oracle.run('SET max_expression_depth = 100000');
    const columns = chain(48, (at) => `(i * ${at + 3} % 101)::INTEGER AS a${at}`, ', ');
    const doubles = chain(48, (at) => `((i * ${at + 7} % 97) / 7.0)::DOUBLE AS x${at}`, ', ');
    await oracle.table(
      'wide',
      `SELECT i::INTEGER AS id, ${columns}, ${doubles}, CASE WHEN i % 5 > 0 THEN i END::BIGINT AS n FROM range(40) r(i)`,
    );
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  const ints = chain(MOST, (at) => `a${at % 48}`, '+');
  const doubles = chain(MOST, (at) => `x${at % 48}`, '+');
  const some = chain(120, (at) => `x${at % 48}`, '-');
  const side = (of: string): string => chain(60, (at) => `${of}.a${at % 48}`, '+');
  const QUERIES: Readonly<Record<string, string>> = {
    [`${MOST} integers added`]: `select id, ${ints} from wide`,
    [`${MOST} doubles added, to the last bit`]: `select id, ${doubles} from wide`,
    'sums to the right': `select id, ${nested(MOST / 4, '(x1 + ', 'n', ')')} from wide`,
    'functions of functions': `select id, ${nested(MOST / 2, 'abs(', '-n', ')')} from wide`,
    'a nest of CASE': `select id, ${nested(MOST / 2, 'case when n > 3 then ', 'a1', ' else a2 end')} from wide`,
    'what names its argument twice': `select id, ${chain(16, (at) => `(a${at} + 1)`, '%')} from wide`,
    'greatest of many doubles': `select id, greatest(${chain(20, (at) => `x${at}`, ', ')}) from wide`,
    'many texts put together': `select id, ${chain(MOST / 2, (at) => `a${at % 48}`, " || ' ' || ")} from wide`,
    'hundreds of conditions': `select id from wide where ${chain(300, (at) => `a${at % 48} <> ${at - 200}`, ' and ')}`,
    'WHERE and ORDER BY': `select id from wide where ${some} > -800 order by ${some} desc, id`,
    'GROUP BY, its aggregates and HAVING': `select ${some} > -780, count(*) filter (where ${some} > -900), max(${some}) from wide group by ${some} > -780 having ${chain(100, () => 'max(id)', '+')} > 5`,
    'both sides of a join': `select a.id, b.id from wide a join wide b on ${side('a')} = ${side('b')} and ${chain(60, (at) => `a.a${at % 48} + b.a${at % 48}`, '+')} > 5000`,
    'an outer join': `select a.id, b.id from wide a left join wide b on ${side('a')} = ${side('b')} + 7`,
    'a window': `select id, sum(${side('wide')}) over (partition by ${some} > -780 order by ${some}, id), max(n) filter (where ${some} < -700) over (order by id rows 2 preceding) from wide`,
    'a subquery': `select id from wide where a1 * 24 > (select avg(${side('wide')}) from wide) or n in (select (${side('wide')}) % 20 from wide)`,
    'constants alone': `select ${chain(100, () => '0.1::double', '+')}, ${chain(100, () => '1', '+')}`,
  };
  for (const [what, sql] of Object.entries(QUERIES)) {
    test(`${what} are as DuckDB has them, whole and in pieces`, async () => {
      const byText = (rows: readonly unknown[][]): string[] => rows.map((row) => told(row)).sort();
      const told = (row: readonly unknown[]): string => JSON.stringify(row.map(String));
      const expected = byText(await oracle.theirs(sql));
      const query = await oracle.compile(sql);
      expect(byText(cells(query.run()))).toEqual(expected);
      if (query.runBounded !== undefined)
        expect(byText(cells(await query.runBounded()))).toEqual(expected);
    });
  }

  test('an overflow deep inside is the error it is elsewhere', async () => {
    const sql = `select ${chain(60, () => 'n', '+')} + 9223372036854775807 from wide`;
    const query = await oracle.compile(sql);
    expect(() => query.run()).toThrow(/Integer out of range/);
  });

  const TOO_DEEP: Readonly<Record<string, string>> = {
    'a sum of 20,000': `select ${chain(20_000, (at) => `a${at % 48}`, '+')} from wide`,
    '5000 functions': `select ${nested(5000, 'abs(', 'n', ')')} from wide`,
    '1500 queries in each other': nested(1500, 'select * from (', 'select 1', ') t'),
  };
  for (const [what, sql] of Object.entries(TOO_DEEP)) {
    test(`${what} is refused, and the next query answered`, async () => {
      for (let round = 0; round < 2; round += 1) {
        const error = await oracle.compile(sql).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(NairobiError);
        const { code, message, hint } = error as NairobiError;
        expect(['NOT_SUPPORTED', 'BAD_SQL'], message).toContain(code);
        expect(message).toMatch(/nested this deep|memory exhausted/);
        expect(hint).toContain('WITH');
        expect(await oracle.ours(`select ${round} + 1`)).toEqual([[`${round + 1}`]]);
      }
    });
  }
});
