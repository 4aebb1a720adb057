import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { polars, toFrame } from '../../src/compute/polars.ts';
import { decode } from '../../src/formats/decode.ts';
import { encode } from '../../src/formats/encode.ts';
import { SqliteTable } from '../../src/formats/sqlite/table.ts';

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

it('refuses a file whose writer was cut off, and a journal that is over is none', () => {
  const database = make(`pragma cache_size = 5; create table t(a integer, b text);
    insert into t with recursive r(i) as (select 1 union all select i + 1 from r where i < 20000)
    select i, 'committed' from r`);
  // More pages than the cache holds: some are in the file before the commit.
  database.exec(`begin; update t set b = 'halfway'`);
  const cut = join(folder, 'cut.db');
  copyFileSync(path, cut);
  copyFileSync(`${path}-journal`, `${cut}-journal`);
  const bytes = readFileSync(cut);
  const openers = [() => decode({ path: cut, bytes }, {}), () => new SqliteTable(cut, {})];
  for (const open of openers) expect(open).toThrow('has to be rolled back');
  database.exec('rollback');
  database.close();
  writeFileSync(`${path}-journal`, Buffer.alloc(600));
  const rows = toFrame(read().read()).filter(polars().col('b').eq(polars().lit('committed')));
  expect(rows.height).toBe(20_000);
});

it('does not believe bytes from before a commit', () => {
  const database = make('create table t(x); insert into t values (1)');
  const bytes = readFileSync(path);
  database.exec('insert into t values (2)');
  database.close();
  expect(toFrame(decode({ path, bytes }, {}).read()).height).toBe(2);
});

it('reports a damaged file', () => {
  make('create table t(x); insert into t values (1)').close();
  const bytes = Buffer.from(readFileSync(path).fill(0x5a, 100, 2000));
  expect(() => decode({ path, bytes }).read()).toThrow('Cannot read this SQLite file');
});

it('gives in pieces what it gives at once, with the types of all values', () => {
  const database = make(`
    create table t(id integer primary key, v real, n, ok boolean, d, late, b, "x ""y" text, e);
    with recursive r(i) as (select 1 union all select i + 1 from r where i < 60000)
    insert into t select i, i / 4.0, case when i % 2 then i else i + 0.5 end, i % 2,
      date('2024-01-01', '+' || (i % 300) || ' days'),
      case when i = 59999 then 'not a date' else '2024-01-02' end,
      case when i = 59998 then x'00ff' else i end, 'text ' || i, null from r;
    create view w as select id, late from t where id < 3`);
  database.close();
  for (const types of [undefined, { id: 'String', v: 'Decimal(12, 2)' }] as const) {
    const options = { table: 't', ...(types === undefined ? {} : { types }) };
    const whole = read(options);
    using table = new SqliteTable(path, options);
    // What the others find out late about a column of dates is known from the start.
    const others = ({ name }: { readonly name: string }): boolean => name !== 'late';
    expect(table.columns.filter(others)).toEqual(whole.columns.filter(others));
    expect(table.columns.find(({ name }) => name === 'late')?.type).toBe('String');
    expect(table.understood.notes).toEqual(whole.understood.notes);
    for (const columns of [['v', 'n', 'ok', 'b', 'x "y', 'e'], ['d', 'id'], []] as const) {
      const pieces = [...table.read(columns)];
      expect(pieces.length).toBeGreaterThan(1);
      const all = columns.length === 0 ? ['id'] : columns;
      const same = polars()
        .concat(pieces)
        .frameEqual(toFrame(whole.read(all)), true);
      expect([columns, same]).toEqual([columns, true]);
    }
  }
  using view = new SqliteTable(path, { table: 'w' });
  expect([...view.read()].map((frame) => frame.height)).toEqual([2]);
});

it('knows integers that a double rounds, and says what is wrong with a value or a file', () => {
  make(`create table t(a, b, c);
    insert into t values (9223372036854775807, 9007199254740993, 1), (0.5, 0.5, 'x')`).close();
  using table = new SqliteTable(path, {});
  expect(table.columns).toEqual(read().columns);
  expect(table.columns.map(({ type }) => type)).toEqual(['String', 'String', 'String']);
  using typed = new SqliteTable(path, { types: { c: 'Int64' } });
  expect(() => [...typed.read(['c'])]).toThrow('column "c" is Int64');
  using lenient = new SqliteTable(path, { types: { c: 'Int64' }, onError: 'null' });
  expect([...lenient.read(['c'])].map((frame) => frame.height)).toEqual([2]);
  expect(lenient.rejected.values).toBe(1);
  expect(() => new SqliteTable(path, { table: 'q' })).toThrow('There is no table "q"');
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, 5000));
  for (const open of [() => new SqliteTable(path, {}), read]) expect(open).toThrow('it was cut');
  bytes.fill(0xff, 4099, 4107);
  writeFileSync(path, bytes);
  for (const open of [() => new SqliteTable(path, {}), read])
    expect(open).toThrow('Cannot read this SQLite file');
});
