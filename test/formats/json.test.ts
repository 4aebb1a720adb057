import { describe, expect, it } from 'vitest';
import { collect, polars, toFrame } from '../../src/compute/polars.ts';
import { NairobiError } from '../../src/errors.ts';
import { decode } from '../../src/formats/decode.ts';
import type { Decoded } from '../../src/formats/decoded.ts';
import { encode } from '../../src/formats/encode.ts';
import type { ReadOptions } from '../../src/formats/options.ts';

function readAll(text: string, options: ReadOptions = {}, path = 'data.ndjson') {
  let decoded: Decoded = decode({ path, bytes: Buffer.from(text) }, options);
  for (let attempt = 0; attempt < 4; attempt += 1) {
    try {
      const frame = toFrame(decoded.read());
      return { decoded, frame, lines: Buffer.concat([...encode(frame, 'ndjson')]).toString() };
    } catch (error) {
      decoded = decoded.recover(error);
    }
  }
  throw new Error('it never came to an end');
}

const typesOf = (text: string, options: ReadOptions = {}) =>
  Object.fromEntries(readAll(text, options).decoded.columns.map(({ name, type }) => [name, type]));

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
  it('come from every record, however late', () => {
    const many = '{"a":1}\n'.repeat(5000);
    expect(typesOf(`${many}{"a":1.5,"b":"x"}\n`)).toEqual({ a: 'Float64', b: 'String' });
  });

  it('of dates and timestamps are found in texts', () => {
    const text = '{"t":"2024-01-02T03:04:05Z","d":"2024-01-02","z":"01234"}\n';
    expect(typesOf(text)).toEqual({ t: 'Datetime(us, UTC)', d: 'Date', z: 'String' });
  });

  it('go back to text when a later one is no date', () => {
    const many = '{"d":"2024-01-02"}\n'.repeat(5001);
    const { decoded, frame } = readAll(`${many}{"d":"soon"}\n${many}`);
    expect(decoded.columns[0]?.type).toBe('String');
    expect(decoded.understood.notes.join()).toContain('"soon"');
    expect(frame.height).toBe(10_003);
  });

  it('keep integers exact: beyond 64 bits, and beside fractions', () => {
    const big = '{"a":18446744073709551616}\n{"a":-1}\n';
    expect(readAll(big).lines).toBe(big);
    const mixed = readAll('{"a":9007199254740993}\n{"a":1.5}\n');
    expect(mixed.decoded.columns[0]?.type).toBe('String');
    expect(mixed.lines).toBe('{"a":"9007199254740993"}\n{"a":"1.5"}\n');
  });

  it('that do not go together become text, never another value', () => {
    expect(readAll('{"a":true}\n{"a":1}\n').lines).toBe('{"a":"true"}\n{"a":"1"}\n');
    expect(readAll('[{"a":true},{"a":1}]', {}, 'x.json').lines).toBe('{"a":"true"}\n{"a":"1"}\n');
  });

  it('of nested values are kept', () => {
    const text = '{"a":[1,2],"b":{"c":"x","d":9007199254740993}}\n{"a":[],"b":{"c":null,"d":1}}\n';
    expect(typesOf(text)).toEqual({ a: 'List(Int64)', b: 'Struct' });
    expect(readAll(text).lines).toBe(text);
  });

  it('can be given', () => {
    const text = '{"zip":123,"n":"5"}\n{"zip":45,"n":"6"}\n';
    expect(typesOf(text, { types: { zip: 'String', n: 'Int64' } })).toEqual({
      zip: 'String',
      n: 'Int64',
    });
    const error = failure(() => readAll('{"n":"5"}\n\n{"n":"x"}\n', { types: { n: 'Int64' } }));
    expect(error.where).toMatchObject({ line: 3, byte: 11, column: 'n' });
  });

  it('of columns named like patterns or integers are their own', () => {
    const text = '{"b":1,"1":2,"*":3,"^b$":4}\n';
    expect(readAll(text).lines).toBe(text);
  });
});

describe('shapes', () => {
  it.each([
    ['an array', '[{"a":1},{"a":2}]'],
    ['an array over many lines', '[\n  {"a": 1},\n  {"a": 2}\n]\n'],
    ['objects a line', '{"a":1}\n{"a":2}\n'],
    ['CRLF and blank lines', '{"a":1}\r\n\r\n{"a":2}\r\n'],
    ['a byte-order mark', '\ufeff{"a":1}\n{"a":2}'],
  ])('reads %s', (_, text) => {
    expect(readAll(text, {}, 'data.json').lines).toBe('{"a":1}\n{"a":2}\n');
  });

  it('reads one object as one row, and an empty array as none', () => {
    expect(readAll('{\n"a":1\n}', {}, 'x.json').frame.height).toBe(1);
    expect(readAll('[]', {}, 'x.json').frame.height).toBe(0);
  });

  it('refuses an array of anything else', () => {
    expect(failure(() => readAll('[1,2]', {}, 'x.json')).message).toContain('array of objects');
    expect(failure(() => readAll('"x"', {}, 'x.json')).code).toBe('BAD_DATA');
  });
});

describe('bad input', () => {
  it('is reported with its line', () => {
    const error = failure(() => readAll('{"a":1}\n{"a":\n{"a":3}\n'));
    expect(error.where).toMatchObject({ line: 2, byte: 8 });
    expect(failure(() => readAll('{"a":1}\n[1]\n')).where?.line).toBe(2);
    expect(failure(() => readAll('[{"a":1},\n{"a":}]', {}, 'x.json')).where?.line).toBe(2);
  });

  it('is left out when that is allowed, and counted', () => {
    const { decoded, lines } = readAll('{"a":1}\nhello\n{"a":3}\n', { onError: 'skip' });
    expect(lines).toBe('{"a":1}\n{"a":3}\n');
    expect(decoded.rejected).toMatchObject({ rows: 1, examples: [{ line: 2, byte: 8 }] });
  });

  it('nested too deep is refused before it takes the memory', () => {
    const bomb = `{"a":${'['.repeat(500)}${']'.repeat(500)}}\n`;
    const error = failure(() => readAll(`{"a":1}\n${bomb}`));
    expect(error.message).toContain('64 levels');
    expect(error.where?.line).toBe(2);
    const hidden = `{"a":"]]]]","b":${'{"c":'.repeat(100)}1${'}'.repeat(100)}}\n`;
    expect(failure(() => readAll(hidden)).message).toContain('64 levels');
  });
});

describe('the column function', () => {
  it('means one column, whatever its name looks like', () => {
    const pl = polars();
    const frame = pl.DataFrame({ b: [2], ab: [3] });
    frame.columns = ['*', '^a.*$'];
    expect(collect(frame.lazy().select(pl.col('*'))).width).toBe(2);
  });
});
