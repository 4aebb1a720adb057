import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { toFrame } from '../../src/compute/polars.ts';
import { decode } from '../../src/formats/decode.ts';
import { encode } from '../../src/formats/encode.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-sqlite-'));
  path = join(folder, 'a.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

function make(sql: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(sql);
  return database;
}

const read = (options = {}) => decode({ path, bytes: readFileSync(path) }, options);

it('reads the only table with exact integers, booleans, dates and blobs', () => {
  make(`create table t(id integer, v real, ok boolean, d date, b blob, m);
    insert into t values (9223372036854775807, 0.1, 1, '2024-01-02', x'00ff', 1), (-1, 2, 0, null, null, 'x')`).close();
  const decoded = read();
  expect(decoded.columns.map(({ type }) => type)).toEqual([
    'Int64',
    'Float64',
    'Boolean',
    'Date',
    'String',
    'String',
  ]);
  const lines = Buffer.concat([...encode(toFrame(decoded.read()), 'ndjson')]).toString();
  expect(lines).toBe(
    '{"id":9223372036854775807,"v":0.1,"ok":true,"d":"2024-01-02","b":"00ff","m":"1"}\n' +
      '{"id":-1,"v":2.0,"ok":false,"d":null,"b":null,"m":"x"}\n',
  );
});

it('asks which table when there are several, and reads the one that is named', () => {
  make('create table a(x); create table "b""c"(y); insert into "b""c" values (5)').close();
  expect(() => read()).toThrow('2 tables');
  expect(toFrame(read({ table: 'b"c' }).read()).height).toBe(1);
  expect(() => read({ table: 'a; drop table a' })).toThrow('no table');
});

it('sees rows that are still in the write-ahead log', () => {
  const database = make('pragma journal_mode = wal; create table t(x); insert into t values (1)');
  expect(toFrame(read().read()).height).toBe(1);
  database.close();
  expect(toFrame(read().read()).height).toBe(1);
});

it('reports a damaged file', () => {
  make('create table t(x); insert into t values (1)').close();
  const bytes = Buffer.from(readFileSync(path).fill(0x5a, 100, 2000));
  expect(() => decode({ path, bytes }).read()).toThrow('Cannot read this SQLite file');
});
