import fc from 'fast-check';
import { it } from 'vitest';
import { lookAt, lookCase, pickFrom, pickParts } from './look-model.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);

it('finds the same in a hundred thousand texts', { timeout: 900_000 }, async () => {
  console.log(`long fuzz of the look: NAIROBI_TEST_SEED=${seed}`);
  const check = fc.asyncProperty(lookCase, async (one) => {
    await lookAt(one);
  });
  await fc.assert(check, { numRuns: 150_000, seed });
});

it('copies the same out of a hundred thousand texts', { timeout: 900_000 }, async () => {
  const columns = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
  const check = fc.asyncProperty(lookCase, columns, fc.integer({ min: 64, max: 9000 }), pickFrom);
  await fc.assert(check, { numRuns: 150_000, seed });
});

it('copies part by part what it copies at once', { timeout: 900_000 }, async () => {
  const columns = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
  const check = fc.asyncProperty(lookCase, columns, fc.integer({ min: 64, max: 900 }), pickParts);
  await fc.assert(check, { numRuns: 100000, seed });
});
