import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Census, census } from '../../src/formats/csv/census.ts';
import { bytesInMemory, CensusKernel } from '../../src/formats/csv/census-kernel.ts';
import { KERNEL_SOURCE } from '../../src/formats/csv/kernel.generated.ts';
import type { Dialect } from '../../src/formats/options.ts';

const DIALECT: Dialect = {
  delimiter: ',',
  quote: '"',
  header: true,
  comment: undefined,
  decimalComma: false,
  lineEnd: '\n',
};

/** The census without the kernel: a comment prefix that never comes turns it off. */
const slow = (bytes: Buffer, fields: number, dialect: Dialect = DIALECT): Census =>
  census(bytes, { ...dialect, comment: '\u0001\u0001\u0001' }, fields);

/** Long enough for the kernel: plain records around what is looked at. */
function embed(text: string, fields: number, before: number, after: number): Buffer {
  const plain = `${Array.from({ length: fields }, () => '1').join(',')}\n`;
  return Buffer.from(plain.repeat(before) + text + plain.repeat(after));
}

describe('the census kernel', () => {
  it('was compiled from the sources beside it (else run node scripts/kernels.mjs)', async () => {
    const script: string = new URL('../../scripts/kernels.mjs', import.meta.url).href;
    const { sourceDigest } = (await import(script)) as { sourceDigest(kernel: string): string };
    expect(KERNEL_SOURCE).toBe(sourceDigest('csv'));
  });

  it('gives what the plain census gives, whatever stands in the middle of a long text', () => {
    const piece = fc.constantFrom(
      'a',
      '1',
      ',',
      ',',
      '\n',
      '"',
      '""',
      '\r\n',
      '\r',
      'é',
      '"x"',
      '',
    );
    const text = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(''));
    const check = fc.property(
      text,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 70 }),
      fc.boolean(),
      (middle, fields, shift, isLast) => {
        const before = Math.ceil((600 * 1024) / (2 * fields));
        const bytes = embed(middle, fields, before + shift, isLast ? 0 : 200);
        expect(census(bytes, DIALECT, fields)).toEqual(slow(bytes, fields));
      },
    );
    fc.assert(check, { numRuns: 60 });
  });

  it('gives what the plain census gives where a long text ends in a lone CR behind a quote', () => {
    const bytes = embed('""\r', 1, 300 * 1024, 0);
    expect(census(bytes, DIALECT, 1)).toEqual(slow(bytes, 1));
  });

  it('gives the same at every place of a block and of a chunk', () => {
    const rules = { delimiter: 44, lineEnd: 10, quote: 34, fields: 2 };
    const kernel = new CensusKernel();
    const record = fc.constantFrom('1,2\n', '"a""b",2\n', '"x\ny",""\r\n', ',\n', '"a,b",c\n');
    const check = fc.property(fc.array(record, { maxLength: 60 }), (records) => {
      const bytes = Buffer.from(records.join(''));
      const lines = bytes.filter((byte) => byte === 10).length;
      const expected = { rows: records.length, lines, stoppedAt: bytes.length };
      expect(kernel.scan(bytesInMemory(bytes), 0, 64, rules)).toEqual(expected);
    });
    fc.assert(check, { numRuns: 400 });
  });

  it('keeps its pace when every row is faulty', () => {
    const bytes = Buffer.from('1,2,3\n'.repeat(200_000));
    const { faulty, rows } = census(bytes, DIALECT, 2);
    expect(rows).toBe(0);
    expect(faulty.length).toBe(200_000);
    expect(faulty.at(-1)).toMatchObject({ fault: 'long', line: 200_000 });
  });

  it('counts real files as the plain census does', () => {
    const file = new URL(
      '../../node_modules/vega-datasets/data/flights-200k.json',
      import.meta.url,
    );
    const text = readFileSync(file, 'utf8').replaceAll('},{', '},\n{');
    const bytes = Buffer.from(text.replaceAll(/"(\w+)":/g, '').replaceAll(/[{}[\]]/g, ''));
    expect(census(bytes, DIALECT, 4)).toEqual(slow(bytes, 4));
  });
});
