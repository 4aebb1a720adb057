import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QUERIES } from '../../bench/clickbench/queries.ts';
import { macros } from '../../bench/tpch/tables.ts';
import { type Cell, difference, Oracle } from './oracle.ts';

const SEED = 62;
const ROWS = 6_000;

/** The columns the queries read, with their real types and enough of what they look for. */
const HITS = `SELECT i::BIGINT * 1000003 AS "WatchID", (DATE '2013-07-01' + (rnd(i, 1) % 31)::INTEGER) AS "EventDate",
  (TIMESTAMP '2013-07-01' + INTERVAL (rnd(i, 2) % 2678400) SECOND) AS "EventTime",
  CASE WHEN rnd(i, 3) % 3 = 0 THEN 62 ELSE (rnd(i, 3) % 500) END::INTEGER AS "CounterID",
  (rnd(i, 4) % 5000)::INTEGER AS "ClientIP", (rnd(i, 5) % 300)::INTEGER AS "RegionID",
  CASE WHEN i = 77 THEN 435090932899640449 ELSE (rnd(i, 6) % 4000)::BIGINT * 1152921504606 END AS "UserID",
  'http://' || pick(['example.com', 'www.google.ru', 'maps.google.com', 'yandex.ru'], i, 7) || '/' || rnd(i, 8) % 2000 AS "URL",
  CASE WHEN rnd(i, 9) % 4 = 0 THEN '' ELSE 'https://www.' || pick(['a.com', 'b.org', 'c.net'], i, 10) || '/' || rnd(i, 11) % 50 END AS "Referer",
  CASE WHEN rnd(i, 12) % 5 = 0 THEN 'Google it ' || rnd(i, 12) % 30 ELSE 'Page ' || rnd(i, 13) % 300 END AS "Title",
  CASE WHEN rnd(i, 14) % 2 = 0 THEN '' ELSE words(i % 700, 15) END AS "SearchPhrase",
  CASE WHEN rnd(i, 16) % 3 = 0 THEN pick(['iPhone', 'Nexus', 'Lumia'], i, 17) ELSE '' END AS "MobilePhoneModel",
  (rnd(i, 18) % 8)::SMALLINT AS "MobilePhone", (rnd(i, 19) % 20)::SMALLINT AS "SearchEngineID",
  (CASE WHEN rnd(i, 20) % 10 = 0 THEN rnd(i, 21) % 6 ELSE 0 END)::SMALLINT AS "AdvEngineID",
  (800 + rnd(i, 22) % 1200)::SMALLINT AS "ResolutionWidth", (rnd(i, 23) % 5 = 0)::SMALLINT AS "IsRefresh",
  (rnd(i, 24) % 4 = 0)::SMALLINT AS "DontCountHits", (rnd(i, 25) % 3 = 0)::SMALLINT AS "IsLink", 0::SMALLINT AS "IsDownload",
  (rnd(i, 26) % 9 - 1)::SMALLINT AS "TraficSourceID", CASE WHEN rnd(i, 27) % 20 = 0 THEN 3594120000172545465 ELSE rnd(i, 28) END::BIGINT AS "RefererHash",
  CASE WHEN rnd(i, 29) % 10 = 0 THEN 2868770270353813622 ELSE rnd(i, 30) % 700 END::BIGINT AS "URLHash",
  (rnd(i, 31) % 2000)::SMALLINT AS "WindowClientWidth", (rnd(i, 32) % 1000)::SMALLINT AS "WindowClientHeight"
  FROM range(${ROWS}) t(i)`;

describe('ClickBench agrees with DuckDB', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open();
    for (const sql of macros(SEED)) await oracle.run(sql);
    await oracle.table('hits', HITS);
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  /** LIMIT cuts among equals as it likes: then the whole result is compared instead. */
  const whole = (sql: string): string =>
    sql.replace(/ LIMIT \d+( OFFSET \d+)?$/, '').replace('> 100000', '> 10');

  for (const [index, sql] of QUERIES.entries()) {
    test(`query ${index + 1}`, async () => {
      const rows = async (text: string): Promise<[Cell[][], Cell[][]]> => [
        await oracle.ours(text),
        await oracle.theirs(text),
      ];
      const [ours, theirs] = await rows(sql);
      expect(ours.length).toBe(theirs.length);
      const [allOurs, allTheirs] = await rows(whole(sql));
      expect(allTheirs.length).toBeGreaterThan(0);
      expect(difference(allOurs, allTheirs, false)).toBeUndefined();
    });
  }
});
