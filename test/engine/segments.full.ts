import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, gzipped, KEPT, REUSED, WHOLE } from './segments-model.ts';

describe('random tables', () => {
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -999, max: 999 }).map(String) },
    { weight: 1, arbitrary: fc.constantFrom('', '1.5', '9007199254740993', '-0.25', '1e3') },
    { weight: 1, arbitrary: fc.constantFrom('x', 'NA', '2024-01-02', '03/04/2024', 'true') },
    { weight: 1, arbitrary: fc.constantFrom('"a\nb"', '"q""q"', '"1"', '""', 'it"s') },
  );
  const table = fc.tuple(
    fc.array(fc.tuple(value, fc.constantFrom('a', 'b', 'c d')), { minLength: 30, maxLength: 120 }),
    fc.constantFrom('\n', '\r\n'),
    fc.boolean(),
  );

  it('give one answer, or say why they cannot (seeded)', { timeout: 580_000 }, async () => {
    const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);
    const numRuns = Number(process.env['NAIROBI_RUNS'] ?? 60);
    console.log(`segments: NAIROBI_SEED=${seed} NAIROBI_RUNS=${numRuns}`);
    const sql = 'select k, v, count(*) n from t group by k, v order by k, v nulls first';
    const check = fc.asyncProperty(table, async ([rows, end, bom]) => {
      const text = `${bom ? '\ufeff' : ''}v,k${end}${rows.map((row) => row.join(',') + end).join('')}`;
      const file = gzipped(text);
      const whole = await ask(sql, file, WHOLE);
      const kept = await ask(sql, file, KEPT);
      expect([kept.rows, kept.types]).toEqual([whole.rows, whole.types]);
      expect(kept.error?.where).toEqual(whole.error?.where);
      const reused = await ask(sql, file, { ...REUSED, regionBytes: 600 });
      if (reused.error === undefined) {
        expect([reused.rows, reused.types]).toEqual([whole.rows, whole.types]);
      } else expect(reused.error.code).toBe('BAD_DATA');
    });
    // Shrinking takes minutes and would look like a time-out.
    await fc.assert(check, { seed, numRuns, endOnFailure: true });
  });
});
