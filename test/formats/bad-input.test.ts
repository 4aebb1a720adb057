import { describe, expect, it } from 'vitest';
import { toFrame } from '../../src/compute/polars.ts';
import { NairobiError } from '../../src/errors.ts';
import { decode } from '../../src/formats/decode.ts';
import type { Decoded } from '../../src/formats/decoded.ts';
import { encode } from '../../src/formats/encode.ts';
import type { ReadOptions } from '../../src/formats/options.ts';

/** The table as CSV, or "CODE:line:byte message" of the error that is thrown. */
function outcome(bytes: Buffer | string, options: ReadOptions = {}, path = 'a.csv'): string {
  try {
    let decoded: Decoded = decode({ path, bytes: Buffer.from(bytes as string) }, options);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        return Buffer.concat([...encode(toFrame(decoded.read()), 'csv')]).toString();
      } catch (error) {
        decoded = decoded.recover(error);
      }
    }
    return 'no end';
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    expect(error.where?.file).toBe(path);
    const { line = '', byte = '' } = error.where ?? {};
    return `${error.code}:${line}:${byte} ${error.message}`;
  }
}

const failed = (line: number | '', byte: number | '', words: string): RegExp =>
  new RegExp(`^BAD_DATA:${line}:${byte} .*${words}`, 's');

const many = (row: string, count: number): string => `${row}\n`.repeat(count);

describe('bad delimited text', () => {
  const cases: readonly [string, Buffer | string, string | RegExp, ReadOptions?][] = [
    ['nothing', '', failed('', '', 'empty')],
    ['only line ends', '\n\r\n\n', failed('', '', 'empty')],
    ['a byte-order mark alone', '\ufeff', failed('', '', 'empty')],
    ['only comments', '#a\n#b\n', failed('', '', 'empty'), { comment: '#' }],
    ['a header alone', 'a,b\n', 'a,b\n'],
    ['a header without a line end', 'a,b', 'a,b\n'],
    ['a short row', 'a,b\n1\n', failed(2, 4, '1 field')],
    ['a long row', 'a,b\n1,2,3\n', failed(2, 4, '3 fields')],
    ['a long row far down', `a,b\n${many('1,2', 9999)}1,2,3\n`, failed(10_001, 40_000, '3 fields')],
    ['a short last row without a line end', 'a,b\n1,2\n3', failed(3, 8, '1 field')],
    ['two header fields of one name', 'a,a\n1,2\n', 'a,a_1\n1,2\n'],
    ['a name that a numbered one would take', 'a,a_1,a\n1,2,3\n', 'a,a_1,a_2\n1,2,3\n'],
    ['header fields without names', ',b,\n1,2,3\n', 'column_1,b,column_3\n1,2,3\n'],
    ['a quote never closed', 'a,b\n"x,1\ny,2\n', failed(2, 4, 'never closed')],
    ['text behind a quote', 'a,b\n"x"y,1\n', failed(2, 4, 'behind a closing quote')],
    ['a quote in a field', 'a,b\nx"y,1\n', 'a,b\n"x""y",1\n'],
    ['quotes that are nothing', 'a,b\n"x,1\n', 'a,b\n"""x",1\n', { quote: '' }],
    ['quoted line ends', 'a,b\n"1\r\n2\n3",4\n', 'a,b\n"1\r\n2\n3",4\n'],
    ['mixed line ends', 'a,b\r\n1,2\n3,4\r\n', 'a,b\n1,2\n3,4\n'],
    ['CR alone', 'a,b\r1,2\r3,4', 'a,b\n1,2\n3,4\n'],
    ['blank lines', '\n\na,b\n\n1,2\n\n', 'a,b\n1,2\n'],
    ['comments', '# x\na,b\n# y\n1,2\n', 'a,b\n1,2\n', { comment: '#' }],
    ['UTF-16 LE', Buffer.from('\ufeffa,b\n1,é\n', 'utf16le'), 'a,b\n1,é\n'],
    ['UTF-16 BE', Buffer.from('\ufeffa,b\n1,é\n', 'utf16le').swap16(), 'a,b\n1,é\n'],
    ['UTF-16 without a mark', Buffer.from('a,b\n1,é\n', 'utf16le'), 'a,b\n1,é\n'],
    ['Latin-1', Buffer.from('a,b\n1,\xe9\n', 'latin1'), failed(2, 6, '0xe9 is not UTF-8')],
    ['Latin-1 in the header', Buffer.from('\xe9,b\n1,2\n', 'latin1'), failed(1, 0, 'not UTF-8')],
    [
      'Latin-1 that is said',
      Buffer.from('a,b\n1,\xe9\n', 'latin1'),
      'a,b\n1,é\n',
      { encoding: 'latin1' },
    ],
    ['a NUL byte', 'a,b\n1,x\0y\n', failed('', 7, 'binary')],
    ['a program', Buffer.from('\x7fELF\x02\x01\x01'), failed('', '', 'executable')],
    ['all zeros', Buffer.alloc(100), failed('', 0, 'binary')],
    ['compressed bytes', Buffer.from([0x1f, 0x8b, 8, 0]), failed('', '', 'compressed')],
    [
      'a number grown to text',
      `a,b\n${many('1,2', 100_000)}x,2\n${many('1,2', 200_000)}`,
      failed(100_002, 400_004, '"x" is not an integer'),
    ],
    [
      'a date that does not exist',
      `a,b\n${many('2024-01-02,2', 100_000)}2024-02-31,2\n${many('2024-01-02,2', 200_000)}`,
      failed(100_002, 1_300_004, '2024-02-31'),
    ],
    [
      'a fraction of a second beyond the format',
      't,b\n2024-01-02 03:04:05.123456789,1\n',
      't,b\n2024-01-02T03:04:05.123456789,1\n',
    ],
    ['values that overflow', 'a,b\n1e400,-1e400\n1,2\n', 'a,b\n1e400,-1e400\n1,2\n'],
    ['NaN and infinity', 'a,b\n1.5,2\nNaN,2\n-inf,3\n', 'a,b\n1.5,2\nNaN,2\n-inf,3\n'],
    ['numbers with blanks', 'a,b\n 1,2\n3, 4\n', 'a,b\n1,2\n3,4\n'],
    ['numbers with blanks behind', 'a,b\n1 ,2\n3,4\n', 'a,b\n1 ,2\n3,4\n'],
    ['thousands with commas', 'a,b\n"1,234",2\n', 'a,b\n"1,234",2\n'],
    ['hexadecimal', 'a,b\n0x1F,2\n', 'a,b\n0x1F,2\n'],
    ['leading zeros', 'a,b\n01234,2\n', 'a,b\n01234,2\n'],
    ['a delimiter of two bytes', 'a,b\n1,2\n', /^$/, { delimiter: '||' }],
    ['a column that is named but not there', 'a,b\n1,2\n', /^$/, { types: { c: 'Int64' } }],
  ];

  it.each(cases)('%s', (_, bytes, wanted, options) => {
    if (wanted instanceof RegExp && wanted.source === '^$') {
      expect(() => decode({ path: 'a.csv', bytes: Buffer.from(bytes as string) }, options)).toThrow(
        NairobiError,
      );
      return;
    }
    const found = outcome(bytes, options).slice(0, 300);
    if (wanted instanceof RegExp) expect(found).toMatch(wanted);
    else expect(found).toBe(wanted);
  });

  it('with ten thousand columns takes no longer for its names', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `c${index}`).join(',');
    const row = Array.from({ length: 10_000 }, (_, index) => String(index)).join(',');
    const before = process.cpuUsage();
    const found = outcome(`${names}\n${many(row, 20)}`);
    expect(found.length).toBeGreaterThan(1_000_000);
    // Polars' own schema object takes 4.3 s for as many (measured); the bound is for slow machines.
    // Time on the processor, which other work on the host does not stretch.
    expect(process.cpuUsage(before).user).toBeLessThan(4_000_000);
  });
});

describe('bad binary files', () => {
  const parquet = (): Buffer => {
    const frame = toFrame(decode({ path: 'a.csv', bytes: Buffer.from('a,b\n1,x\n2,y\n') }).read());
    return Buffer.concat([...encode(frame, 'parquet')]);
  };

  it('cut short are refused by name', () => {
    const bytes = parquet();
    expect(outcome(bytes.subarray(0, bytes.length - 20), {}, 'a.parquet')).toMatch(
      /^BAD_DATA.*parquet/,
    );
    expect(outcome(Buffer.from('PAR1'), {}, 'a.parquet')).toMatch(/^BAD_DATA/);
  });

  it('of another kind than their name says are refused, or read as what they are', () => {
    expect(outcome('hello', {}, 'a.parquet')).toMatch(/^BAD_DATA.*not parquet/);
    expect(outcome(parquet(), {}, 'a.csv')).toBe('a,b\n1,x\n2,y\n');
  });
});
