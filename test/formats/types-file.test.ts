import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseTypeName } from '../../src/formats/options.ts';
import { readTypesFile } from '../../src/formats/types-file.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-types-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string): Record<string, string> {
  const path = join(folder, 'types.json');
  writeFileSync(path, text);
  return readTypesFile(path);
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
