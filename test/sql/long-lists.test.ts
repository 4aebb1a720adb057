import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { difference, Oracle } from './oracle.ts';
import { makeTables } from './tables.ts';

const list = (count: number, item: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => item(index)).join(', ');

describe('lists of more than a hundred constants', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open(64);
    await makeTables(oracle);
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  const numbers = list(150, (at) => `${at * 3}`);
  const withNull = `${numbers}, null`;
  const texts = list(150, (at) => `'item ${at}'`);
  const QUERIES = [
    `select id, n in (${numbers}), n in (${withNull}), n not in (${withNull}) from t`,
    `select id, note in (${texts}), color in (${texts}, '', 'red'), color not in (${texts}, null) from t`,
    `select id from t where n in (${numbers}) and note not in (${texts})`,
    `select id from t where id in (${numbers}) or x in (${list(120, (at) => `${at}.5`)})`,
    `select color, count(*) filter (where n in (${numbers})), sum(case when note in (${texts}) then n end), max(n in (${withNull})) from t group by color`,
    `select n in (${numbers}) as k, count(*) from t group by 1 having count(*) in (${numbers}) or true`,
    `select id, sum(n) filter (where n in (${numbers})) over (partition by n in (${withNull}) order by id), max(case when n in (${numbers}) then n end) over (order by id rows 3 preceding) from t`,
    `select t.id, u.id from t left join u on t.n = u.n and u.id in (${numbers}) and t.n + u.n in (${numbers})`,
    `select id, 3 in (${numbers}), null in (${numbers}), 'item 5' in (${texts}) from t`,
    `select v from big where v in (${numbers}, 9223372036854775807, -9223372036854775808)`,
    `select id, u8 in (${numbers}), u64 in (${numbers}, 18446744073709551615), i8 in (${numbers}, -128), s in (${texts}, 'ÄÖü€😀', ' pad ') from edge`,
    `select id, f in (${list(150, (at) => `${at * 0.1}::double`)}), f in (${list(120, (at) => `'-0.0'::double - ${at}`)}), r in (${list(120, (at) => `${at / 4}::real`)}), r not in (${list(120, (at) => `${at / 10}::real`)}, null) from edge`,
    `select id, x in (${list(800, (at) => `${at / 8 - 40}`)}) from t`,
    `select d in (${list(150, (at) => `date '2024-01-01' + ${at}`)}) from edge`,
    `select id from empty where n in (${numbers})`,
    `select list_filter([n, id], e -> e in (${numbers})) from t`,
  ];
  for (const sql of QUERIES) {
    test(`${sql.replace(/(\S+, ){100,}/g, '... ').slice(0, 90)} is as DuckDB has it`, async () => {
      const expected = await oracle.theirs(sql);
      const query = await oracle.compile(sql);
      expect(difference(await oracle.byPolars(sql), expected, false)).toBeUndefined();
      expect(difference(await oracle.ours(sql), expected, false)).toBeUndefined();
      expect(query.columns.length).toBeGreaterThan(0);
    });
  }

  test('hundreds of conditions are answered', async () => {
    const all = Array.from({ length: 120 }, (_, at) => `n <> ${at + 50}`).join(' and ');
    const any = Array.from({ length: 120 }, (_, at) => `n = ${at + 50}`).join(' or ');
    const counts = `select count(*) from t where ${all} union all select count(*) from t where ${any}`;
    expect(difference(await oracle.ours(counts), await oracle.theirs(counts), true)).toBe(
      undefined,
    );
  });
});
