import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseTypeName } from '../../src/formats/options.ts';
import { readableTypes, readSchemaFile, requireSchema } from '../../src/formats/schema-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-types-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string): Record<string, string> {
  const path = join(folder, 'types.json');
  writeFileSync(path, text);
  return readableTypes(readSchemaFile(path));
}

it.each([
  ['an object of columns and types', '{"id":"text","n":"decimal(10,2)"}'],
  [
    'what --dry-run prints',
    '{"columns":[{"name":"id","type":"String"},{"name":"n","type":"Decimal(10, 2)"}]}',
  ],
  ['a JSON Schema', '{"properties":{"id":{"x-type":"String"},"n":{"x-type":"Decimal(10, 2)"}}}'],
])('reads %s', (_, text) => {
  expect(read(text)).toEqual({ id: 'String', n: 'Decimal(10, 2)' });
});

it.each(['[1]', '{"a":1}', 'no json', '{"a":"nonsense"}'])('refuses %s', (text) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

it('takes a JSON Schema that somebody else wrote by its types and formats', () => {
  const schema = {
    properties: {
      id: { type: 'integer' },
      temp: { type: ['number', 'null'] },
      ok: { type: 'boolean' },
      day: { type: 'string', format: 'date' },
      at: { type: 'string', format: 'date-time' },
      tags: { type: 'array' },
    },
  };
  expect(read(JSON.stringify(schema))).toEqual({
    id: 'Int64',
    temp: 'Float64',
    ok: 'Boolean',
    day: 'Date',
    at: 'Datetime(us, UTC)',
  });
});

it('says which column is missing, which is more, and which is of another type', () => {
  const path = join(folder, 'schema.json');
  const columns = [
    { name: 'id', type: 'Int64' },
    { name: 'temp', type: 'Float64' },
  ];
  const check = (text: string): void => {
    writeFileSync(path, text);
    requireSchema(readSchemaFile(path), columns, 'data.csv');
  };
  expect(() => check('{"id":"int","temp":"double"}')).not.toThrow();
  expect(() => check('{"properties":{"id":{}},"additionalProperties":true}')).not.toThrow();
  expect(() => check('{"id":"int","tmp":"double"}')).toThrow(
    expect.objectContaining({ code: 'BAD_DATA', hint: 'it has "temp"' }),
  );
  expect(() => check('{"id":"int"}')).toThrow('"temp" is not in');
  expect(() => check('{"id":"int32","temp":"double"}')).toThrow('"id" is Int64');
});

it('knows the names of SQL and those it prints itself', () => {
  expect(parseTypeName('BIGINT')).toBe('Int64');
  for (const name of [
    'Int64',
    'String',
    'Datetime(ns, UTC)',
    'Decimal(38, 0)',
    'Date',
    'Boolean',
  ]) {
    expect(parseTypeName(name)).toBe(name);
  }
  expect(() => parseTypeName('decimal(50,2)')).toThrow('decimal(50,2)');
});
