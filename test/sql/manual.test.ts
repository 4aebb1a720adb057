/**
 * What users of DuckDB's and PostgreSQL's manuals type, one query on a line, a file for each
 * chapter: answered as DuckDB answers them, whole and in pieces.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cells, difference, Oracle } from './oracle.ts';
import { makeTables } from './tables.ts';

const FOLDER = join(import.meta.dirname, 'manual');
/** All of them where there is time for it, else every fourth. */
const STEP = process.env['NAIROBI_TEST_FULL'] === '1' ? 1 : 4;
const CHAPTERS = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'));

describe('the queries of the manuals are answered as DuckDB answers them', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open(41);
    await makeTables(oracle);
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  for (const chapter of CHAPTERS) {
    test(chapter, { timeout: 600_000 }, async () => {
      const wrong: string[] = [];
      const queries = readFileSync(join(FOLDER, chapter), 'utf8').trim().split('\n');
      for (const sql of queries.filter((_, index) => index % STEP === 0)) {
        const theirs = await oracle.theirs(sql);
        const ordered = / order by [^)]*$/.test(sql);
        const query = await oracle.compile(sql);
        const whole = difference(cells(query.run()), theirs, ordered);
        if (whole !== undefined) wrong.push(`${sql}: ${whole}`);
        const { runBounded } = query;
        if (runBounded === undefined || query.reads.length === 0) continue;
        const pieces = difference(cells(await runBounded()), theirs, ordered);
        if (pieces !== undefined) wrong.push(`in pieces: ${sql}: ${pieces}`);
      }
      expect(wrong).toEqual([]);
    });
  }
});
