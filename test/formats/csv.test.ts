import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, toFrame } from '../../src/compute/polars.ts';
import { NairobiError } from '../../src/errors.ts';
import { decode } from '../../src/formats/decode.ts';
import type { Decoded } from '../../src/formats/decoded.ts';
import type { ReadOptions } from '../../src/formats/options.ts';

const full = process.env['NAIROBI_TEST_FULL'] === '1';
/** More than is sampled, in bytes: long numbers take fewer rows. */
const COUNT = full ? 300_000 : 40_000;
const ROW = full ? '1,2\n' : '-100000000000001,-20000000000002\n';
const MOST_RECOVERIES = 5;

/** What the engine does: plan, and plan again over what recover gives. */
function readAll(text: string | Buffer, options: ReadOptions = {}, path = 'data.csv') {
  let decoded: Decoded = decode({ path, bytes: Buffer.from(text as string) }, options);
  for (let attempt = 0; attempt < MOST_RECOVERIES; attempt += 1) {
    try {
      const frame = toFrame(decoded.read());
      return { decoded, frame, csv: frame.writeCSV().toString() };
    } catch (error) {
      decoded = decoded.recover(error);
    }
  }
  throw new Error('it never came to an end');
}

function typesOf(text: string, options: ReadOptions = {}): string[] {
  return readAll(text, options).decoded.columns.map(({ type }) => type);
}

function failure(work: () => unknown): NairobiError {
  try {
    work();
  } catch (error) {
    if (error instanceof NairobiError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('types', () => {
  it('keeps leading zeros and plus signs as text', () => {
    expect(typesOf('zip,phone\n01234,+491234\n00001,+15\n')).toEqual(['String', 'String']);
  });

  it('reads integers, numbers, booleans, dates and timestamps', () => {
    const text = 'a,b,c,d,e\n1,1.5,true,2024-01-02,2024-01-02T03:04:05Z\n';
    const types = ['Int64', 'Float64', 'Boolean', 'Date', 'Datetime(us, UTC)'];
    expect(typesOf(text)).toEqual(types);
  });

  it('keeps integers that do not fit 64 bits exact', () => {
    const { decoded, csv } = readAll('a\n9223372036854775808\n-1\n');
    expect(decoded.columns[0]?.type).toBe('Decimal(38, 0)');
    expect(csv).toBe('a\n9223372036854775808\n-1\n');
  });

  it('never rounds a large integer because a fraction stands beside it', () => {
    expect(readAll('a\n9007199254740993\n0.5\n').csv).toBe('a\n9007199254740993.0\n0.5\n');
  });

  it('takes NA for null in a column of numbers, and for text in a column of text', () => {
    expect(readAll('a,b\n1,NA\nNA,x\n').csv).toBe('a,b\n1,NA\n,x\n');
  });

  it('leaves a date that could be read two ways as text and says so', () => {
    const { decoded } = readAll('d\n01/02/2024\n');
    expect(decoded.columns[0]?.type).toBe('String');
    expect(decoded.understood.notes.join()).toContain('--date-format');
    const said = readAll('d\n01/02/2024\n', { dateFormats: ['%d/%m/%Y'] });
    expect(said.csv).toBe('d\n2024-02-01\n');
  });

  it('asks for the format when the user wants dates that could be read two ways', () => {
    const error = failure(() => readAll('d,e\n01/02/2024,1\n', { types: { d: 'Date' } }));
    expect(error.code).toBe('USAGE');
    expect(error.hint).toContain('--date-format');
  });

  it('passes over what the user says is null', () => {
    const options = { nulls: ['-', 'n.d.'] };
    expect(typesOf('a,b\n1,-\nn.d.,2.5\n', options)).toEqual(['Int64', 'Float64']);
    expect(readAll('a,b\n1,-\nn.d.,2.5\n', options).csv).toBe('a,b\n1,\n,2.5\n');
  });

  it('keeps nanoseconds', () => {
    const { decoded, csv } = readAll('t\n2024-01-02 03:04:05.123456789\n');
    expect(decoded.columns[0]?.type).toBe('Datetime(ns)');
    expect(csv).toContain('05.123456789');
  });

  it('reads a decimal comma where the comma can be nothing else', () => {
    expect(readAll('a;b\n1,5;2\n2,25;3\n').csv).toBe('a,b\n1.5,2\n2.25,3\n');
    expect(typesOf('a;b\n1,234;2\n')).toEqual(['String', 'Int64']);
  });

  it('gives columns named like integers their own data', () => {
    expect(readAll('country,1990,1985\nx,1,a\n').csv).toBe('country,1990,1985\nx,1,a\n');
  });
});

describe('a value that contradicts the inferred type', () => {
  const rows = ROW.repeat(COUNT);
  /** What comes behind it: as many again in test:full. */
  const after = full ? COUNT : 3000;
  const rest = ROW.repeat(after);

  it('widens an integer column for a fraction', () => {
    const { decoded, frame } = readAll(`a,b\n${rows}1.5,2\n${rest}`);
    expect(decoded.columns[0]?.type).toBe('Float64');
    expect(frame.getColumn('a').max()).toBe(1.5);
  });

  it('widens to a decimal when doubles would round what is there', () => {
    const text = `a,b\n9007199254740993,0\n${rows}1.5,2\n${rest}`;
    expect(readAll(text).decoded.columns[0]?.type).toBe('Decimal(38, 1)');
    const hidden = `a,b\n10000000000000000,0\n9007199254740993,0\n${rows}1.5,2\n${rest}`;
    expect(readAll(hidden).decoded.columns[0]?.type).toBe('Decimal(38, 1)');
  });

  it('is reported with line, byte and column', () => {
    const text = `a,b\n${rows}1,"two\nlines"\n1,x\n${rest}`;
    const error = failure(() => readAll(text));
    const byte = 4 + rows.length;
    expect(error.code).toBe('BAD_DATA');
    expect(error.where).toEqual({ file: 'data.csv', line: COUNT + 2, byte, column: 'b' });
  });

  it('becomes null, or takes its row away, when that is allowed', () => {
    const text = `a,b\n${rows}1,x\n1,2\n${rest}`;
    const nulled = readAll(text, { onError: 'null' });
    expect(nulled.frame.height).toBe(COUNT + 2 + after);
    expect(nulled.decoded.rejected).toMatchObject({ values: 1, rows: 0 });
    expect(nulled.decoded.rejected.examples[0]).toMatchObject({ line: COUNT + 2, column: 'b' });
    const skipped = readAll(text, { onError: 'skip' });
    expect(skipped.frame.height).toBe(COUNT + 1 + after);
    expect(skipped.decoded.rejected).toMatchObject({ values: 0, rows: 1 });
  });

  it('is never widened away from a type that was given', () => {
    const error = failure(() => readAll('a\n1\n1.5\n', { types: { a: 'Int64' } }));
    expect(error.where?.line).toBe(3);
  });
});

describe('rows', () => {
  it('names the line of a row that is too short or too long', () => {
    expect(failure(() => readAll('a,b\n"x\ny",1\n2\n')).where).toMatchObject({ line: 4, byte: 12 });
    expect(failure(() => readAll('a,b\n1,2,3\n')).message).toContain('3 fields');
  });

  it('pads, cuts or leaves out such rows when that is allowed', () => {
    const text = 'a,b\n1\n2,3,4\n5,6\n';
    expect(readAll(text, { onError: 'null' }).csv).toBe('a,b\n1,\n2,3\n5,6\n');
    expect(readAll(text, { onError: 'skip' }).csv).toBe('a,b\n5,6\n');
  });

  it('passes over blank lines', () => {
    expect(readAll('a,b\n\n1,2\r\n\r\n3,4\n\n\n').csv).toBe('a,b\n1,2\n3,4\n');
  });

  it('keeps an empty line of a single column as a null', () => {
    expect(readAll('a\nx\n\ny\n').frame.height).toBe(3);
  });

  it('takes a quote in the middle of a field for text', () => {
    expect(readAll('a,b\n"x,y",1\n5" pipe,2\n').csv).toBe('a,b\n"x,y",1\n"5"" pipe",2\n');
  });

  it('reports a quote that is never closed where it was opened', () => {
    expect(failure(() => readAll('a,b\n1,2\n"x,3\n4,5\n')).where).toMatchObject({
      line: 3,
      byte: 8,
    });
  });
});

describe('rows that were taken for plain', () => {
  const decodeAsPlain = (text: string, options: ReadOptions = {}): Decoded =>
    decode({ path: 'data.csv', bytes: Buffer.from(text), assumePlain: true }, options);

  it('are counted when a plan fails, and the bad one is named', () => {
    const decoded = decodeAsPlain('a,b\n1,2\n1,2,3\n');
    expect(decoded.rows).toBeUndefined();
    const error = failure(() => {
      try {
        toFrame(decoded.read());
      } catch (cause) {
        decoded.recover(cause);
      }
    });
    expect(error.where).toMatchObject({ line: 3, byte: 8 });
  });

  it('are mended then, where that is allowed', () => {
    const decoded = decodeAsPlain('a,b\n1,2\n1,2,3\n', { onError: 'skip' });
    const next = decoded.recover(new Error("found more fields than defined in 'Schema'"));
    expect(toFrame(next.read()).height).toBe(1);
    expect(next.rejected.rows).toBe(1);
  });

  it('name the same place when they are scanned from a path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nairobi-csv-'));
    const path = join(folder, 'a.csv');
    const after = full ? 200_000 : 2000;
    const text = `a,b\n${ROW.repeat(COUNT)}1,x\n${ROW.repeat(after)}`;
    writeFileSync(path, text);
    try {
      const source = { path, bytes: Buffer.from(text), scanPath: path, assumePlain: true };
      const decoded = decode(source);
      const error = failure(() => {
        try {
          collect(decoded.scan(['b']));
        } catch (cause) {
          decoded.recover(cause);
        }
      });
      expect(error.where).toMatchObject({
        line: COUNT + 2,
        byte: 4 + ROW.length * COUNT,
        column: 'b',
      });
      let skipping: Decoded = decode(source, { onError: 'skip' });
      skipping = skipping.recover(new Error("could not parse `x` at column 'c1'"));
      expect(collect(skipping.scan(['a'])).height).toBe(COUNT + after);
      expect(skipping.rejected).toMatchObject({ rows: 1, examples: [{ line: COUNT + 2 }] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are not blamed for what a query does', () => {
    const decoded = decodeAsPlain('a,b\n1,2\n');
    const error = failure(() => decoded.recover(new Error('casting x to y failed')));
    expect(error.message).toContain('casting x to y');
    expect(error.where).toBeUndefined();
  });
});

describe('texts', () => {
  it.each([
    ['a byte-order mark', '\ufeffa,b\n1,2\n'],
    ['CRLF', 'a,b\r\n1,2\r\n'],
    ['CR alone', 'a,b\r1,2\r'],
    ['no line end at the end', 'a,b\n1,2'],
    ['UTF-16', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')],
    ['tabs', 'a\tb\n1\t2\n'],
    ['semicolons', 'a;b\n1;2\n'],
    ['bars', 'a|b\n1|2\n'],
  ])('reads %s', (_, text) => {
    expect(readAll(text).csv).toBe('a,b\n1,2\n');
  });

  it('names the place of a byte that is not UTF-8', () => {
    const text = Buffer.from('a,b\n1,x\n2,\xe9\n', 'latin1');
    expect(failure(() => readAll(text)).where).toMatchObject({ line: 3, byte: 10 });
    expect(readAll(text, { encoding: 'latin1' }).csv).toContain('é');
  });

  it('refuses nothing and binary data', () => {
    expect(failure(() => readAll('')).code).toBe('BAD_DATA');
    expect(failure(() => readAll('\n\n')).code).toBe('BAD_DATA');
    expect(failure(() => readAll('a\0b,c\n1,2\n')).message).toContain('binary');
  });

  it('reads a header without rows', () => {
    const { frame } = readAll('a,b\n');
    expect([frame.height, frame.width]).toEqual([0, 2]);
  });
});
