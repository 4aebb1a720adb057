/**
 * What a query needs of the rare parts of SQL is there by the time it runs: each is compiled as the
 * first of its process, which no test among others would notice.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Rare } from '../../src/sql/rare/parts.ts';
import { CORPUS } from './corpus.ts';
import { randomQuery } from './generate.ts';
import { rareQuery } from './generate-rare.ts';
import { Oracle } from './oracle.ts';
import { ROW_CORPUS } from './row-corpus.ts';
import { makeTables } from './tables.ts';

const MISSING = 'the rare parts of SQL are not loaded';
const chunk = vi.hoisted(() => ({ loaded: undefined as Rare | undefined }));

vi.mock('../../src/sql/rare.ts', () => {
  const rare = (): Rare => {
    if (chunk.loaded === undefined) throw new Error(MISSING);
    return chunk.loaded;
  };
  async function withRare<T>(work: () => T): Promise<T> {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error) || error.message !== MISSING) throw error;
      chunk.loaded = (await import('../../src/sql/rare/parts.ts')).RARE;
      return work();
    }
  }
  return { rare, withRare, rareIfLoaded: () => chunk.loaded };
});

const MANUAL = join(import.meta.dirname, 'manual');
/** All of them take a minute; an age() as text takes two seconds, for its expression of 2 MB. */
const full = process.env['NAIROBI_TEST_FULL'] === '1';
const QUERIES = [
  ...CORPUS,
  ...ROW_CORPUS,
  ...readdirSync(MANUAL).flatMap((name) =>
    readFileSync(join(MANUAL, name), 'utf8').trim().split('\n'),
  ),
  ...fc.sample(randomQuery, { numRuns: 200, seed: 5 }),
  ...fc.sample(rareQuery, { numRuns: 200, seed: 5 }),
].filter((query, at) => full || (at % 4 === 0 && !/\bage\b/.test(query)));

let oracle: Oracle;
beforeAll(async () => {
  oracle = await Oracle.open(41);
  await makeTables(oracle);
});
afterAll(() => oracle[Symbol.asyncDispose]());

/** The query when it failed for want of a part; other errors are for other tests. */
async function lacking(sql: string): Promise<string[]> {
  chunk.loaded = undefined;
  const told = (error: unknown): string[] => (String(error).includes(MISSING) ? [sql] : []);
  try {
    const query = await oracle.compile(sql);
    query.run();
    const { runBounded } = query;
    if (runBounded !== undefined && query.reads.length > 0) await runBounded();
  } catch (error) {
    return told(error);
  }
  return [];
}

test(`${QUERIES.length} queries find the parts they need`, { timeout: 240_000 }, async () => {
  const lost: string[] = [];
  for (const sql of QUERIES) lost.push(...(await lacking(sql)));
  expect(lost).toEqual([]);
});
