/** A table of an SQLite database, through Node's own SQLite: integers exact, types from values. */
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { DatabaseSync } from 'node:sqlite';
import { collect, type DataFrame, polars } from '../compute/polars.ts';
import type { TypeName } from '../compute/relation.ts';
import { dataTypeOf } from '../compute/types.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { type Decoded, nothingRejected, type Source } from './decoded.ts';
import type { ReadOptions } from './options.ts';
import { type Plan, planOf, TypedFrame } from './typed-frame.ts';

/** Rows made a frame at a time: JavaScript values take more room than the frame. */
const CHUNK_ROWS = 50_000;

const require = createRequire(import.meta.url);

type Value = bigint | number | string | Uint8Array | null;

/** What a column's values were: SQLite lets every row choose. */
interface Kinds {
  integers: boolean;
  reals: boolean;
  /** An integer that a double would round. */
  inexact: boolean;
  texts: boolean;
  blobs: boolean;
}

/** Reads the table `options.table`, or the only one there is. */
export function decodeSqlite(source: Source, options: ReadOptions): Decoded {
  const database = open(source);
  try {
    const table = options.table ?? onlyTable(database, source.path);
    return readTable(database, table, source, options);
  } catch (error) {
    if (error instanceof NairobiError) throw error;
    throw damaged(source, error);
  } finally {
    database.close();
  }
}

/** SQLite's own file handle only where a write-ahead log holds rows that the bytes do not. */
function open(source: Source): DatabaseSync {
  const { DatabaseSync: Database } = require('node:sqlite') as typeof import('node:sqlite');
  const log = `${source.path}-wal`;
  const hasLog = existsSync(log) && statSync(log).size > 0;
  try {
    if (hasLog) return new Database(source.path, { readOnly: true });
    const database = new Database(':memory:');
    database.deserialize(withoutLog(source.bytes));
    database.prepare('select count(*) from sqlite_master').get();
    return database;
  } catch (error) {
    throw damaged(source, error);
  }
}

/** A database in memory has no log: bytes 18 and 19 say so (https://sqlite.org/fileformat.html). */
function withoutLog(bytes: Buffer): Buffer {
  if (bytes[18] !== 2 && bytes[19] !== 2) return bytes;
  const copy = Buffer.from(bytes);
  copy[18] = 1;
  copy[19] = 1;
  return copy;
}

function damaged(source: Source, cause: unknown): NairobiError {
  return new NairobiError('BAD_DATA', `Cannot read this SQLite file: ${messageOf(cause)}`, {
    where: { file: source.path },
    hint: 'check it with: sqlite3 FILE "pragma integrity_check"',
    cause,
  });
}

function onlyTable(database: DatabaseSync, path: string): string {
  const rows = database
    .prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
    .all();
  const names = rows.map(({ name }) => String(name));
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new NairobiError('USAGE', `The SQLite file has ${names.length} tables`, {
    where: { file: path },
    hint:
      names.length === 0
        ? 'there is nothing to read'
        : `say --table with one of ${names.join(', ')}`,
  });
}

function readTable(
  database: DatabaseSync,
  table: string,
  source: Source,
  options: ReadOptions,
): Decoded {
  const known = database
    .prepare("select 1 from sqlite_master where type in ('table', 'view') and name = ?")
    .get(table);
  if (known === undefined) {
    throw new NairobiError('NOT_FOUND', `There is no table "${table}"`, {
      where: { file: source.path },
    });
  }
  const statement = database.prepare(`select * from "${table.replaceAll('"', '""')}"`);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const described = statement.columns();
  const names = described.map(({ name }) => name);
  const kinds = names.map(() => ({
    integers: false,
    reals: false,
    inexact: false,
    texts: false,
    blobs: false,
  }));
  const texts = textFrame(statement.iterate() as Iterable<unknown>, names, kinds);
  // A type that was given is parsed from the text.
  const isGiven = (name: string): boolean =>
    options.allText === true || options.types?.[name] !== undefined;
  const types = kinds.map((kind, index) =>
    isGiven(names[index] ?? '') ? 'String' : typeOf(kind, described[index]?.type ?? ''),
  );
  const frame = typed(texts, names, types);
  const plans = names.map((name, index) =>
    plan(name, types[index] ?? 'String', kinds[index], frame, options),
  );
  const content = {
    source,
    format: 'sqlite',
    options,
    rejected: nothingRejected(),
    frame,
  } as const;
  return new TypedFrame({ ...content, placeOfRow: () => undefined }, plans);
}

/** All values as text; floats with the digits that bring them back exactly. */
function textFrame(rows: Iterable<unknown>, names: readonly string[], kinds: Kinds[]): DataFrame {
  const pl = polars();
  const pieces: DataFrame[] = [];
  let columns: (string | null)[][] = names.map(() => []);
  const flush = (): void => {
    const series = columns.map((values, index) => pl.Series(`c${index}`, values, pl.Utf8));
    pieces.push(pl.DataFrame(series));
    columns = names.map(() => []);
  };
  for (const row of rows) {
    for (const [index, value] of (row as Value[]).entries()) {
      columns[index]?.push(textOf(value, kinds[index] as Kinds));
    }
    if ((columns[0]?.length ?? 0) >= CHUNK_ROWS) flush();
  }
  flush();
  return pl.concat(pieces);
}

function textOf(value: Value, kinds: Kinds): string | null {
  if (value === null) return null;
  if (typeof value === 'bigint') {
    kinds.integers = true;
    if (BigInt(Number(value)) !== value) kinds.inexact = true;
    return value.toString();
  }
  if (typeof value === 'number') {
    kinds.reals = true;
    return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf';
  }
  if (typeof value === 'string') {
    kinds.texts = true;
    return value;
  }
  kinds.blobs = true;
  return Buffer.from(value).toString('hex');
}

function typeOf(kinds: Kinds, declared: string): TypeName {
  if (kinds.texts || kinds.blobs) return 'String';
  if (kinds.reals) return kinds.inexact ? 'String' : 'Float64';
  if (!kinds.integers) return 'String';
  return /^bool/i.test(declared) ? 'Boolean' : 'Int64';
}

function typed(texts: DataFrame, names: readonly string[], types: readonly TypeName[]): DataFrame {
  const pl = polars();
  const frame = collect(
    texts.lazy().select(
      ...types.map((type, index) => {
        const text = pl.col(`c${index}`);
        if (type === 'String') return text;
        if (type === 'Boolean') return text.cast(pl.Int64, true).neq(pl.lit(0)).alias(`c${index}`);
        return text.cast(dataTypeOf(type), true);
      }),
    ),
  );
  frame.columns = [...names];
  return frame;
}

function plan(
  name: string,
  type: TypeName,
  kinds: Kinds | undefined,
  frame: DataFrame,
  options: ReadOptions,
): Plan {
  const blobs = kinds?.blobs === true ? `column ${name} has blobs: read as hexadecimal` : undefined;
  const isMixed = type === 'String' && (kinds?.integers === true || kinds?.reals === true);
  const mixed = isMixed ? `column ${name} has values of several types: read as text` : undefined;
  return planOf({ name, note: blobs ?? mixed }, type, frame, options);
}
