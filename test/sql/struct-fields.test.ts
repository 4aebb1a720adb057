/** Fields of structs that come from files: NDJSON logs, Parquet. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderWith, nairobi } from '../cli/nairobi.ts';
import { Oracle } from './oracle.ts';

const QUESTIONS = [
  'select id, h.status, h.ms from logs order by id',
  'select h.status, count(*) c, max(h.ms) m, min(h.path) p from logs group by 1 order by 1',
  'select id from logs where h.status >= 404 and h.deep.flag order by id',
  'select id, h.deep.name n, logs.h.deep.name o, (h).deep.flag f from logs order by id',
  "select id, h['status'] s, struct_extract(h, 'path') p from logs order by id",
  'select id, h.tags[1] t, len(h.tags) l from logs order by id',
  'select id, h is null n, h.status is null s, coalesce(h.status, -1) c from logs order by id',
  'select a.h.status s, count(*) c from logs a join logs b on a.h.status = b.h.status group by 1 order by 1',
  'select id, h.deep::text t from logs order by id',
  'select id, rank() over (partition by h.status order by h.ms) r from logs where h.ms is not null order by id',
  "select id, h.at::date::text d, date_trunc('hour', h.at) e from logs order by id",
  'select distinct h.path from logs order by 1',
];

describe('fields of structs', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open(7);
    await oracle.table(
      'logs',
      `select i::bigint as id, case when i % 9 = 8 then null else {
         'status': case when i % 5 = 4 then null else 200 + (i % 3) * 102 end::bigint,
         'ms': i / 7, 'path': '/p' || i % 4, 'tags': ['t' || i % 2, 'x'],
         'deep': {'name': 'n' || i, 'flag': i % 2 = 0},
         'at': timestamp '2026-03-28 10:11:12' + to_minutes(i::int * 50) } end as h
       from range(60) r(i)`,
    );
    await oracle.table(
      'money',
      "select 1 as id, {'price': 1.25::decimal(9,2), 'n': 2::bigint} as s",
    );
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  test.each(QUESTIONS)('%s', async (sql) => {
    expect(await oracle.ours(sql)).toEqual(await oracle.theirs(sql));
  });

  test('a field of decimals leaves as it is, and others of its struct can be computed with', async () => {
    expect(await oracle.ours('select s.n + 1, s.price from money')).toEqual([['3', '1.25']]);
  });

  test('a field that is not there is told of with those that are', async () => {
    await expect(oracle.ours('select h.nope from logs')).rejects.toThrow(
      'There is no field "nope"',
    );
  });

  test('NDJSON, whole and through a pipe', () => {
    const line = (i: number): string =>
      JSON.stringify({
        id: i,
        http: i % 7 === 0 ? null : { status: i % 2 === 0 ? 200 : 500, tls: { v: `1.${i % 3}` } },
      });
    const text = `${Array.from({ length: 3000 }, (_, i) => line(i)).join('\n')}\n`;
    const folder = folderWith({ 'log.ndjson': text });
    const sql = (source: string): string =>
      `select http.status, http.tls.v, count(*) as n from ${source} group by 1, 2 order by 1, 2`;
    const file = nairobi(['query', sql("'log.ndjson'")], { cwd: folder });
    const pipe = nairobi(['query', sql('stdin'), '-'], { cwd: folder, input: text });
    expect([file.stderr, file.code]).toEqual(['', 0]);
    expect(file.stdout).toMatch(/^status,v,n\n200,1\.0,\d+\n(.*\n){5},,429\n$/);
    expect(pipe.stdout).toBe(file.stdout);
  });
});
