import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Oracle } from './oracle.ts';

const ZONES = ['UTC', 'America/New_York', 'Europe/Rome', 'Asia/Kathmandu', 'Pacific/Kiritimati'];
const QUESTIONS = [
  'select k, t::date::text d, cast(t as timestamp)::text s from i order by k',
  'select t::date::text d, count(*) c from i group by 1 order by 1',
  "select k from i where t::date = current_date or t::date <= date '2026-03-27' order by k",
  'select k, epoch_us(s::timestamptz) e, s::timestamptz::date::text d from texts order by k',
  "select k, epoch_us(try_cast(s || 'x' as timestamptz)) e from texts order by k",
];

describe('in the zone of the session', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open();
    await oracle.table(
      'i',
      "select k, '2026-03-27 22:10:30+00'::timestamptz + to_minutes(k * 97) as t from range(40) r(k)",
    );
    await oracle.table(
      'texts',
      `select k::bigint k, s from (values (1, '2026-03-28 00:00:30+00:00'), (2, '2026-03-28T00:00:30Z'),
         (3, '2026-03-28 00:00:30'), (4, '2026-07-28'), (5, '2026-01-28T23:11:12.5'),
         (6, '2026-07-28 01:00:00-07:00'), (7, null)) v(k, s)`,
    );
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  const ours = (sql: string, timeZone: string): Promise<unknown> =>
    oracle.ours(sql, { timeZone, now: new Date() });

  test.each(ZONES)('%s: days, clocks and texts are those of DuckDB', async (zone) => {
    for (const sql of QUESTIONS) {
      await oracle.run(`SET TimeZone = '${zone}'`);
      expect(await ours(sql, zone), sql).toEqual(await oracle.theirs(sql));
    }
  });

  test('an instant as a text has the clock and the offset of that zone, and as a time its clock', async () => {
    const sql = 'select t::text, t::time::text from i where k = 1';
    expect(await ours(sql, 'America/New_York')).toEqual([
      ['2026-03-27 19:47:30-04:00', '19:47:30'],
    ]);
    expect(await ours(sql, 'UTC')).toEqual([['2026-03-27 23:47:30+00:00', '23:47:30']]);
  });
});
