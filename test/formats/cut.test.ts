import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../../src/formats/cut.ts';
import type { Dialect } from '../../src/formats/options.ts';
import { checkCutting, cutAll, cutting, endsOf } from './cut-model.ts';

const DIALECT: Dialect = {
  delimiter: ',',
  quote: '"',
  header: true,
  comment: undefined,
  decimalComma: false,
  lineEnd: '\n',
};
const RULES = { kind: 'delimited', dialect: DIALECT, fields: 2 } as const;

const byteLengthOf = (text: string): number => cut(Buffer.from(text), RULES, false).byteLength;

describe('a text that goes on', () => {
  it('is cut behind its last whole record, not behind a line end inside quotes', () => {
    expect(byteLengthOf('1,2\n3,4\n5,')).toBe(8);
    expect(byteLengthOf('1,2\n3,"a\nb\nc')).toBe(4);
    expect(byteLengthOf('1,"a""\n"\n3,4')).toBe(9);
    expect(byteLengthOf('1,2\r\n3,4\r')).toBe(5);
    expect(byteLengthOf('1,"2"\r')).toBe(0);
    // A quote in the middle of a field opens nothing.
    expect(byteLengthOf('1,6" wide\n3,4')).toBe(10);
  });

  it('needs no line end behind its last record at its end', () => {
    expect(cut(Buffer.from('1,2\n3,4'), RULES, true)).toMatchObject({
      byteLength: 7,
      census: { rows: 2, faulty: [] },
    });
  });

  it('is cut behind the last line end when its records are lines', () => {
    const lines = Buffer.from('{"a":"x\\"\\n"}\n{"a":2}\n{"a"');
    expect(cut(lines, { kind: 'lines' }, false)).toEqual({
      byteLength: 22,
      lines: 2,
      census: undefined,
    });
    expect(cutAll(lines, { kind: 'lines' }, [3]).lines).toBe(2);
  });

  it('has the same records wherever it is cut (seeded)', { timeout: 60_000 }, () => {
    const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);
    console.log(`cutter fuzz: NAIROBI_SEED=${seed}`);
    fc.assert(fc.property(cutting, checkCutting), { seed, numRuns: 3000 });
  });
});

describe('the plain reading of records', () => {
  it('agrees with what people expect', () => {
    expect(endsOf('a,b\n"x\ny",1\n', DIALECT)).toEqual([4, 12]);
    expect(endsOf('a"b\nc,"d""\n"\ne', DIALECT)).toEqual([4, 13]);
    expect(endsOf('"a"b,"c\nd"\ne\n', DIALECT)).toEqual([11, 13]);
  });
});
