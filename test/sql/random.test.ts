import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NairobiError } from '../../src/errors.ts';
import { randomQuery } from './generate.ts';
import { rareQuery } from './generate-rare.ts';
import { type Cell, cells, difference, Oracle } from './oracle.ts';
import { makeTables } from './tables.ts';

const RUNS = Number(
  process.env['NAIROBI_FUZZ_RUNS'] ?? (process.env['NAIROBI_TEST_FULL'] === '1' ? 2000 : 60),
);
const SEED = Number(process.env['NAIROBI_FUZZ_SEED'] ?? 20240229);

describe(`random queries (seed ${SEED})`, () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await Oracle.open(64);
    await makeTables(oracle);
  });
  afterAll(() => oracle[Symbol.asyncDispose]());

  /** What DuckDB says, or undefined where it refuses: its types are stricter in places. */
  async function theirs(sql: string): Promise<Cell[][] | undefined> {
    try {
      return await oracle.theirs(sql);
    } catch {
      return undefined;
    }
  }

  const KINDS = { 'of every day': randomQuery, 'of what few use': rareQuery };
  test.each(Object.entries(KINDS))(
    '%s are answered as DuckDB answers them, whole and in pieces',
    {
      timeout: 1_200_000,
    },
    async (_, queries) => {
      let compared = 0;
      const property = fc.asyncProperty(queries, async (sql) => {
        const expected = await theirs(sql);
        if (expected === undefined) return;
        try {
          const query = await oracle.compile(sql);
          expect(difference(cells(query.run()), expected, false), sql).toBeUndefined();
          if (query.runBounded !== undefined) {
            expect(
              difference(cells(await query.runBounded()), expected, false),
              `in pieces: ${sql}`,
            ).toBeUndefined();
          }
          compared += 1;
        } catch (error) {
          // Refusing is allowed, a wrong answer or a crash is not.
          if (error instanceof NairobiError && ['NOT_SUPPORTED', 'BAD_SQL'].includes(error.code))
            return;
          throw error;
        }
      });
      await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: RUNS > 500 });
      expect(compared).toBeGreaterThan(RUNS / 2);
    },
  );
});
