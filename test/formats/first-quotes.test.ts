import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collect } from '../../src/compute/polars.ts';
import { KERNEL_CHUNK_BYTES } from '../../src/formats/csv/census-kernel.ts';
import { mayQuoteFields } from '../../src/formats/csv/first-quotes.ts';
import { sniffCsv } from '../../src/formats/csv/sniff.ts';
import { decode } from '../../src/formats/decode.ts';
import type { ReadOptions } from '../../src/formats/options.ts';

const ends = { delimiter: ',', lineEnd: '\n' } as const;

/** Text that is given in pieces, as a file is read. */
const readIn = (text: Buffer, most: number) => ({
  length: text.length,
  read: (into: Uint8Array, at: number) =>
    text.copy(into, 0, at, Math.min(at + Math.min(most, into.length), text.length)),
});

describe('a field that begins with a quote', () => {
  test('is seen wherever pieces of the text end (seeded)', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', 'x'.repeat(40)) });
    const check = fc.property(
      text,
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      (one, most, bom) => {
        const bytes = Buffer.from(`${bom ? '\ufeff' : ''}${one}`);
        const expected = /(^|[,\n])"/.test(one);
        expect(mayQuoteFields(bytes, '"', ends)).toBe(expected);
        // The mark is only known where it comes in one piece.
        expect(mayQuoteFields(readIn(bytes, most + 3), '"', ends)).toBe(expected);
      },
    );
    fc.assert(check, { numRuns: 300 });
  });

  test('is seen on both sides of where a chunk ends', () => {
    for (const before of [-2, -1, 0, 1]) {
      const filler = 'x'.repeat(KERNEL_CHUNK_BYTES + before);
      const read = (text: string) => mayQuoteFields(readIn(Buffer.from(text), 1e9), '"', ends);
      expect(read(`${filler},"a"`)).toBe(true);
      expect(read(`${filler}x"a"`)).toBe(false);
    }
  });
});

/** More records than a guess at the dialect looks at. */
const HEAD = 'a,b\n'.concat(...Array.from({ length: 80 }, (_, i) => `it"s ${i},x\n`));
const rowsOf = (text: string, options: ReadOptions = {}, path = 'data.csv') => {
  const decoded = decode({ path, bytes: Buffer.from(text) }, options);
  const frame = decoded.read() as { rows(): unknown[][] };
  return frame.rows();
};

describe('a beginning with a quote within a field and no quoted one', () => {
  test('leaves the double quote what it is: fields that are quoted later lose their quotes', () => {
    const rows = rowsOf(`${HEAD}"q""q",1\n"a,b","c\nd"\nit"s,"e"\n`);
    expect(rows[0]).toEqual(['it"s 0', 'x']);
    expect(rows.slice(80)).toEqual([
      ['q"q', '1'],
      ['a,b', 'c\nd'],
      ['it"s', 'e'],
    ]);
  });

  test('is read without quotes where no field of all the text is quoted', () => {
    const plan = (text: string, all?: Buffer) =>
      sniffCsv(Buffer.from(text), 'csv', {}, true, all).dialect.quote;
    expect(plan(HEAD, Buffer.from(HEAD))).toBe('');
    expect(plan(HEAD, Buffer.from(`${HEAD}"x",y\n`))).toBe('"');
    // A text that may grow is never sure.
    expect(plan(HEAD)).toBe('"');
  });

  test('a quoted field with text behind it is an error, whatever stands before it in the row', () => {
    expect(() => rowsOf(`${HEAD}it"s,"a"b\n`)).toThrow(/text behind a closing quote/);
    expect(() => rowsOf('x,y\nit"s,"a"b\n')).toThrow(/text behind a closing quote/);
  });

  test('rows of another length with such a quote are padded, cut or left out like others', () => {
    const text = 'a,b\n1,it"s\n2"\n3,"q"\n4,5",6\n';
    expect(rowsOf(text, { onError: 'null' })).toEqual([
      ['1', 'it"s'],
      ['2"', null],
      ['3', 'q'],
      ['4', '5"'],
    ]);
    expect(rowsOf(text, { onError: 'skip' })).toEqual([
      ['1', 'it"s'],
      ['3', 'q'],
    ]);
    const counted = decode({ path: 'd.csv', bytes: Buffer.from(text) }, { onError: 'skip' });
    expect(counted.rows).toBe(2);
  });
});

describe('a beginning whose fields are in single quotes', () => {
  const head = 'a,b\n'.concat(...Array.from({ length: 80 }, (_, i) => `'x, ${i}','y'\n`));

  test('and a field in double quotes later is an error that names the line', () => {
    const text = `${head}'c',"d"\n`;
    expect(() => rowsOf(text)).toThrow(/quoted by ', and field 2 here begins with "/);
    try {
      rowsOf(text);
    } catch (error) {
      expect(error).toMatchObject({
        where: { line: 82 },
        hint: expect.stringContaining('--quote'),
      });
    }
    expect(rowsOf(text, { quote: "'" }).at(-1)).toEqual(['c', '"d"']);
  });

  test('may hold double quotes within them, and behind a comma there', () => {
    const rows = rowsOf(`${head}'say,"no"','5" pipe'\nx"y,z\n`);
    expect(rows.slice(-2)).toEqual([
      ['say,"no"', '5" pipe'],
      ['x"y', 'z'],
    ]);
  });
});

describe('a text without quotes', () => {
  test('may hold NUL bytes behind its beginning, which quote nothing', async () => {
    const filler = 'a,b\n'.concat('1,it"s\n'.repeat(10_000));
    const rows = rowsOf(`${filler}3,\0a\n4,b\0\n`);
    expect(rows.slice(-2)).toEqual([
      [3, '\0a'],
      [4, 'b\0'],
    ]);
    const folder = mkdtempSync(join(tmpdir(), 'nairobi-nul-'));
    const file = join(folder, 'nul.csv');
    writeFileSync(file, `${filler}3,\0a\n4,b\0\n`);
    const source = { path: file, bytes: readFileSync(file), scanPath: file, assumePlain: true };
    const scanned = collect(decode(source, { quote: '' }).scan());
    expect(scanned.rows().slice(-2)).toEqual(rows.slice(-2));
    rmSync(folder, { recursive: true });
  });
});
