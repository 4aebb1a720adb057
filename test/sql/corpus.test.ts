import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CORPUS } from './corpus.ts';
import { difference, Oracle } from './oracle.ts';
import { makeTables } from './tables.ts';

describe('a query is answered as DuckDB answers it', () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open();
    await makeTables(oracle);
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  for (const sql of CORPUS) {
    test(sql, async () => {
      const [ours, theirs] = [await oracle.ours(sql), await oracle.theirs(sql)];
      const ordered = / order by [^)]*$/.test(sql);
      expect(
        difference(ours, theirs, ordered),
        `${sql}\n${(await oracle.compile(sql)).explain()}`,
      ).toBeUndefined();
    });
  }
});
