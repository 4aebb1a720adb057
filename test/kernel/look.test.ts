import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ODD } from '../../src/formats/csv/odd-values.ts';
import { LOOKED_FOR } from '../../src/kernel/records-tables.ts';
import { lookAt, lookCase, pickFrom, pickParts } from './look-model.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);

it('means by each bit what the formats mean', () => {
  expect(LOOKED_FOR).toEqual(ODD);
});

it('finds by machine code and by WebAssembly what looking at each value finds', async () => {
  const seen = new Map<string, number>();
  const check = fc.asyncProperty(lookCase, async (one) => {
    const verdict = await lookAt(one);
    seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
  });
  await fc.assert(check, { numRuns: 1500, seed });
  for (const verdict of ['not plain', 'nothing odd', 'odd'])
    expect([verdict, seen.get(verdict) ?? 0]).toEqual([verdict, expect.any(Number)]);
  expect(seen.size).toBeGreaterThanOrEqual(3);
});

it('copies picked columns out as they are', async () => {
  const columns = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
  const check = fc.asyncProperty(lookCase, columns, fc.integer({ min: 64, max: 9000 }), pickFrom);
  await fc.assert(check, { numRuns: 1500, seed });
});

it('copies part by part what it copies at once', async () => {
  const columns = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
  const check = fc.asyncProperty(lookCase, columns, fc.integer({ min: 64, max: 900 }), pickParts);
  await fc.assert(check, { numRuns: 1500, seed });
});
