import { describe, expect, it } from 'vitest';
import { collect, type DataFrame, polars, toFrame } from '../../src/compute/polars.ts';
import { decode } from '../../src/formats/decode.ts';
import { encode, type OutputFormat } from '../../src/formats/encode.ts';
import type { EncodeOptions } from '../../src/formats/result.ts';

function frameOf(csv: string): DataFrame {
  return toFrame(decode({ path: 'a.csv', bytes: Buffer.from(csv) }).read());
}

function bytesOf(frame: DataFrame, format: OutputFormat, options: EncodeOptions = {}): Buffer {
  return Buffer.concat([...encode(frame, format, options)]);
}

const textOf = (...args: Parameters<typeof bytesOf>): string => bytesOf(...args).toString();

const odd = () =>
  frameOf(
    [
      'i,f,t,d,s',
      '9007199254740993,1.5,2024-01-02T03:04:05,2024-01-02,"a,""b"""',
      '-1,NaN,2024-01-02T03:04:05.000001,2024-01-03,""',
      ',-inf,,,',
      '',
    ].join('\n'),
  );

describe('exactness', () => {
  it('writes every digit of a 64-bit integer, and the names of what is not finite', () => {
    expect(textOf(odd(), 'csv')).toBe(
      'i,f,t,d,s\n' +
        '9007199254740993,1.5,2024-01-02T03:04:05,2024-01-02,"a,""b"""\n' +
        '-1,NaN,2024-01-02T03:04:05.000001,2024-01-03,""\n' +
        ',-inf,,,\n',
    );
    expect(textOf(odd(), 'ndjson').split('\n').slice(0, 3)).toEqual([
      '{"i":9007199254740993,"f":1.5,"t":"2024-01-02T03:04:05","d":"2024-01-02","s":"a,\\"b\\""}',
      '{"i":-1,"f":"NaN","t":"2024-01-02T03:04:05.000001","d":"2024-01-03","s":""}',
      '{"i":null,"f":"-Infinity","t":null,"d":null,"s":null}',
    ]);
  });

  it('comes back from CSV as it went', () => {
    const again = frameOf(textOf(odd(), 'csv'));
    expect(textOf(again, 'csv')).toBe(textOf(odd(), 'csv'));
    expect(again.dtypes.map(String)).toEqual(odd().dtypes.map(String));
  });

  it('puts large integers in quotes when asked', () => {
    const text = textOf(odd(), 'ndjson', { bigint: 'string' });
    expect(text).toContain('{"i":"9007199254740993","f":1.5');
    expect(text).toContain('{"i":null');
  });

  it('writes decimals and 128-bit integers digit by digit', () => {
    const frame = frameOf('d\n9223372036854775808\n-3\n');
    expect(textOf(frame, 'ndjson')).toBe('{"d":9223372036854775808}\n{"d":-3}\n');
    expect(textOf(frame, 'ndjson', { bigint: 'string' })).toContain('"9223372036854775808"');
    const pl = polars();
    const wide = pl.readJSON(Buffer.from('{"w":9223372036854775808}\n'), { format: 'lines' });
    expect(textOf(wide, 'csv')).toBe('w\n9223372036854775808\n');
    const parquet = decode({ path: 'w.parquet', bytes: bytesOf(wide, 'parquet') });
    expect(parquet.columns).toEqual([{ name: 'w', type: 'Decimal(38, 0)' }]);
  });

  it('keeps the zone of an instant and the fraction of a time of day', () => {
    const pl = polars();
    const moment = pl.col('t').cast(pl.Datetime('us', 'Europe/Rome'));
    const frame = collect(
      pl
        .DataFrame({ t: [new Date('2024-06-01T12:00:00.250Z')] })
        .lazy()
        .select(moment.alias('z'), pl.col('t').cast(pl.Time).alias('o')),
    );
    expect(textOf(frame, 'csv')).toBe('z,o\n2024-06-01T14:00:00.250+02:00,12:00:00.250\n');
  });

  it('writes nested values as JSON inside text formats and as themselves in JSON', () => {
    const pl = polars();
    const frame = pl.readJSON(Buffer.from('{"l":[1,2],"s":{"a":9007199254740993}}\n'), {
      format: 'lines',
    });
    expect(textOf(frame, 'csv')).toBe('l,s\n"[1,2]","{""a"":9007199254740993}"\n');
    expect(textOf(frame, 'ndjson')).toBe('{"l":[1,2],"s":{"a":9007199254740993}}\n');
  });
});

describe('names', () => {
  const frame = () => frameOf('a,b\n1,2\n');

  it('may come twice in CSV and are numbered in JSON and Parquet', () => {
    const names = ['x', 'x'];
    expect(textOf(frame(), 'csv', { names })).toBe('x,x\n1,2\n');
    expect(textOf(frame(), 'ndjson', { names })).toBe('{"x":1,"x_1":2}\n');
    const parquet = decode({ path: 'x.parquet', bytes: bytesOf(frame(), 'parquet', { names }) });
    expect(parquet.columns.map(({ name }) => name)).toEqual(['x', 'x_1']);
  });

  it('that Polars would take for patterns are only names', () => {
    const names = ['*', '^b$'];
    expect(textOf(frame(), 'json', { names })).toBe('[\n{"*":1,"^b$":2}\n]\n');
    expect(textOf(frame(), 'csv', { names })).toBe('*,^b$\n1,2\n');
  });

  it('leaves the caller its frame as it was', () => {
    const own = frame();
    textOf(own, 'csv', { names: ['x', 'y'] });
    expect(own.columns).toEqual(['a', 'b']);
  });
});

describe('shapes', () => {
  const empty = () => frameOf('a,b\n');

  it('writes a result without rows', () => {
    expect(textOf(empty(), 'csv')).toBe('a,b\n');
    expect(textOf(empty(), 'json')).toBe('[]\n');
    expect(textOf(empty(), 'ndjson')).toBe('');
    expect(textOf(empty(), 'vertical')).toBe('');
    expect(decode({ path: 'x.arrow', bytes: bytesOf(empty(), 'arrow') }).columns).toHaveLength(2);
  });

  it('writes Markdown, HTML and vertical with their own marks escaped', () => {
    const frame = frameOf('n,t\n1,a|b<c>\n');
    expect(textOf(frame, 'markdown')).toBe('| n | t |\n| ---: | --- |\n| 1 | a\\|b\\<c> |\n');
    expect(textOf(frame, 'html')).toContain('<td>a|b&lt;c&gt;</td>');
    expect(textOf(frame, 'vertical')).toBe('-[ RECORD 1 ]\nn | 1\nt | a|b<c>\n');
  });

  it.each([
    ['dev_id', 'dev_id'],
    ['_all_ of *it*', '\\_all\\_ of \\*it\\*'],
    ['`rm` <b>x</b> [a](b) ~~c~~ $1', '\\`rm\\` \\<b>x\\</b> \\[a\\](b) \\~\\~c\\~\\~ \\$1'],
    ['C:\\new &amp; & &#38;', 'C:\\\\new &amp;amp; & &amp;#38;'],
    ['a\r\nb\rc\nd', 'a<br>b<br>c<br>d'],
  ])('writes Markdown that is shown as the text is: %s', (text, cell) => {
    const frame = polars().DataFrame({ t: [text] });
    expect(textOf(frame, 'markdown')).toBe(`| t |\n| --- |\n| ${cell} |\n`);
  });

  it('writes bare lines for the shell', () => {
    const frame = frameOf('n,t\n1,"two\nlines"\n2,\n');
    expect(textOf(frame, 'lines')).toBe('1\ttwo\\nlines\n2\t\n');
  });

  it('writes more rows than one piece holds', () => {
    const frame = frameOf(`a\n${'1\n'.repeat(120_000)}`);
    expect([...encode(frame, 'csv')]).toHaveLength(4);
    expect((JSON.parse(textOf(frame, 'json')) as unknown[]).length).toBe(120_000);
  });
});
