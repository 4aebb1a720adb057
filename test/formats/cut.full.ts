import fc from 'fast-check';
import { expect, it } from 'vitest';
import { census } from '../../src/formats/csv/census.ts';
import { checkCutting, cutAll, cutting } from './cut-model.ts';

const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);

it('short texts cut anywhere have the same records', { timeout: 900_000 }, () => {
  console.log(`long cutter fuzz: NAIROBI_SEED=${seed}`);
  fc.assert(fc.property(cutting, checkCutting), { seed, numRuns: 400_000 });
});

it('long texts, which the kernel counts, do too', { timeout: 900_000 }, () => {
  const long = fc.tuple(cutting, fc.integer({ min: 20_000, max: 1_200_000 }));
  const check = fc.property(long, ([{ dialect, text, fields }, block]) => {
    const plain = `${Array.from({ length: fields }, () => 'ab').join(dialect.delimiter)}${dialect.lineEnd}`;
    const pad = plain.repeat(Math.ceil(700_000 / plain.length));
    const bytes = Buffer.from(pad + text + dialect.lineEnd + pad + text, 'latin1');
    const rules = { kind: 'delimited', dialect, fields } as const;
    expect(cutAll(bytes, rules, [block]).census).toEqual(census(bytes, dialect, fields));
  });
  fc.assert(check, { seed, numRuns: 300 });
});
