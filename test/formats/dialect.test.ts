import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFrame } from '../../src/compute/polars.ts';
import { NairobiError } from '../../src/errors.ts';
import { decode } from '../../src/formats/decode.ts';
import { encode } from '../../src/formats/encode.ts';
import { DIALECT_CASES } from './dialect-cases.ts';
import { randomWritten, type Written } from './dialect-random.ts';

const RUNS = process.env['NAIROBI_TEST_FULL'] === '1' ? 2000 : 150;
const SEED = Number(process.env['NAIROBI_FUZZ_SEED'] ?? 1);

interface Read {
  /** "a:Int64 b:String" */
  readonly columns: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

const TYPES: Readonly<Record<string, string>> = {
  BIGINT: 'Int64',
  DOUBLE: 'Float64',
  VARCHAR: 'String',
  DATE: 'Date',
  BOOLEAN: 'Boolean',
  TIME: 'Time',
  TIMESTAMP: 'Datetime(us)',
  'TIMESTAMP WITH TIME ZONE': 'Datetime(us, UTC)',
};

/** One spelling for both: times with a blank, numbers without zeros behind. */
function plain(value: string | null): string | null {
  if (value === null) return null;
  const time = value.replace(/^(\d{4}-\d\d-\d\d)T/, '$1 ').replace(/(Z|\+00)$/, '');
  if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(time) && !/^-?0\d|^-?\d{16}/.test(time))
    return String(Number(time));
  return time.replace(/(:\d\d\.\d*?)0+$/, '$1');
}

function ours(text: string): Read | string {
  try {
    const decoded = decode({ path: 'x.csv', bytes: Buffer.from(text) });
    const lines = Buffer.concat([...encode(toFrame(decoded.read()), 'ndjson')]).toString();
    const source = (_: string, value: unknown, { source: digits }: { source?: string }): unknown =>
      typeof value === 'number' || typeof value === 'boolean' ? digits : value;
    const names = decoded.columns.map(({ name }) => name);
    const rows = lines
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const row = JSON.parse(line, source as never) as Record<string, string | null>;
        return names.map((name) => plain(row[name] ?? null));
      });
    const columns = decoded.columns.map(({ name, type }) => `${name}:${type}`).join(' ');
    return { columns, names, rows };
  } catch (error) {
    if (error instanceof NairobiError) return error.message;
    throw error;
  }
}

/** What DuckDB's sniffer and ours understand differently, with ours first; and who is right. */
const JUDGED: Readonly<Record<string, readonly [ours: string | RegExp, because: string]>> = {
  'bars with commas inside': [
    'a:Float64 b:Float64',
    'bars and decimal commas fit every line and the header',
  ],
  'decimal commas': ['a:Float64 b:Float64', 'semicolons fit the header, commas do not'],
  'decimal commas and integers': ['a:Int64 b:Float64', 'beside semicolons 2,25 is a number'],
  'thousands with points': ['a:Float64 b:String', '1.234,5 has but one meaning'],
  'empty quotes': ['a:String b:Int64', 'an empty text in quotes is no NULL'],
  'a header of numbers and texts': ['year:String 2023:Int64 2024:Int64', 'years name columns'],
  'bigger integers': ['a:Decimal(38, 0) b:Int64', 'exact, not a double'],
  'numbers then text': ['a:Int64 b:String', 'n/a means nothing'],
  hexadecimal: ['a:String b:Int64', 'a code, perhaps; --types says otherwise'],
  'yes and no': ['a:String b:Int64', 'words stay words'],
  'dates that could be either': ['d:String b:Int64', 'nobody can know; --date-format says it'],
  'NULL words': ['a:Int64 b:Int64', 'NULL beside numbers means nothing'],
  'NA words': ['a:Int64 b:Int64', 'NA beside numbers means nothing'],
  'backslash N': ['a:Int64 b:Int64', 'what PostgreSQL and MySQL write'],
  'blanks around numbers': [
    'a:String b:Int64',
    'theirs is better: ours keeps what has blanks behind as text',
  ],
  'comment lines': [/2 fields where the header has 1/, 'theirs reads on; ours asks for --comment'],
  'a preamble': [
    /3 fields where the header has 1/,
    'theirs skips lines; ours says to cut them off',
  ],
  'backslash escapes': [/behind a closing quote/, 'theirs reads them; ours refuses'],
};

let folder = '';
let duckdb: DuckDBConnection;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-dialect-'));
  duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  await duckdb.run("SET TimeZone = 'UTC'");
});
afterAll(() => {
  duckdb.closeSync();
  rmSync(folder, { recursive: true });
});

async function theirs(text: string): Promise<Read> {
  const path = join(folder, 'x.csv');
  writeFileSync(path, text);
  const reader = await duckdb.runAndReadAll(`SELECT * FROM read_csv('${path}')`);
  const types = reader.columnTypes().map(String);
  const named = (name: string): string =>
    name.replace(/^column0*(\d+)$/, (_, at: string) => `column_${Number(at) + 1}`);
  const names = reader.columnNames().map(named);
  const columns = names.map((name, at) => `${name}:${TYPES[types[at] ?? ''] ?? types[at]}`);
  const rows = reader.getRowsJson() as (string | number | boolean | null)[][];
  const cells = rows.map((row) => row.map((value) => plain(value === null ? null : String(value))));
  return { columns: columns.join(' '), names, rows: cells };
}

describe('the dialect of a small text is understood', () => {
  it.each(DIALECT_CASES)('%s', async (name, text) => {
    const found = ours(text);
    const judged = JUDGED[name];
    if (judged === undefined) expect(found).toEqual(await theirs(text));
    else if (typeof judged[0] !== 'string') expect(found).toMatch(judged[0]);
    else expect((found as Read).columns).toBe(judged[0]);
  });
});

/** What of a table was not found again. */
function lost(read: Read | string, { names, rows }: Written): string | undefined {
  if (typeof read === 'string') return read;
  if (read.names.join() !== names.join()) return `names ${read.names.join()}`;
  const wanted = JSON.stringify(rows.map((row) => row.map(plain)));
  return JSON.stringify(read.rows) === wanted ? undefined : JSON.stringify(read.rows).slice(0, 300);
}

it(`random tables are found again, whatever they are written with (seed ${SEED})`, () => {
  for (let seed = SEED; seed < SEED + RUNS; seed += 1) {
    const written = randomWritten(seed);
    expect(lost(ours(written.text), written), `seed ${seed}: ${written.text}`).toBeUndefined();
  }
});
