/** Databases of SQLite, from bytes or in place, and the statements that read them. */
import { closeSync, constants, existsSync, openSync, readSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { messageOf, NairobiError } from '../../errors.ts';
import type { Source } from '../decoded.ts';

const require = createRequire(import.meta.url);

type DatabaseClass = typeof DatabaseSync;

const databaseClass = (): DatabaseClass =>
  (require('node:sqlite') as typeof import('node:sqlite')).DatabaseSync;

/** The file itself, read only, as it is now until it is closed: writers of its rows wait. */
export function openInPlace(path: string): DatabaseSync {
  const { header, size } = headerOf(path);
  if (!hasLog(path) && !hasJournal(path)) requireWhole(header, size, path);
  return openShared(path);
}

/** SQLite's own file handle only where a journal or a log, or a writer, makes the bytes untrue. */
export function open(source: Source): DatabaseSync {
  const { path, bytes } = source;
  if (hasLog(path) || hasJournal(path) || wasWritten(source)) return openShared(path);
  requireWhole(bytes, bytes.length, path);
  const Database = databaseClass();
  try {
    const database = new Database(':memory:');
    database.deserialize(withoutLog(bytes));
    database.prepare('select count(*) from sqlite_master').get();
    return database;
  } catch (error) {
    throw damaged(source, error);
  }
}

/** How long to wait for a writer that is about to commit. */
const LOCK_TIMEOUT_MS = 5000;

/** Opens and takes the shared lock. Throws LOCKED for a writer, BAD_DATA for one that died. */
function openShared(path: string): DatabaseSync {
  const Database = databaseClass();
  let database: DatabaseSync | undefined;
  try {
    database = new Database(path, { readOnly: true, timeout: LOCK_TIMEOUT_MS });
    database.exec('begin');
    database.prepare('select count(*) from sqlite_master').get();
    return database;
  } catch (error) {
    database?.close();
    throw refused(path, error);
  }
}

/** Result codes: https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_READONLY_ROLLBACK = 776;

function refused(path: string, error: unknown): NairobiError {
  const { errcode = 0 } = error as { errcode?: number };
  if (errcode === SQLITE_READONLY_ROLLBACK) {
    const message = 'A writer of this SQLite file was cut off: its journal has to be rolled back';
    return new NairobiError('BAD_DATA', message, {
      where: { file: path },
      hint: 'keep the -journal file beside it and let SQLite do it: sqlite3 FILE "select 1"',
      cause: error,
    });
  }
  if ((errcode & 0xff) === SQLITE_BUSY) {
    return new NairobiError('LOCKED', 'Another program is writing this SQLite file', {
      where: { file: path },
      hint: 'try again when it is done',
      cause: error,
    });
  }
  return damaged({ path }, error);
}

function hasLog(path: string): boolean {
  const log = `${path}-wal`;
  return existsSync(log) && statSync(log).size > 0;
}

/** See https://sqlite.org/fileformat.html#the_rollback_journal; zeros instead are no journal. */
const JOURNAL_MAGIC = 'd9d505f920a163d7';

/** Whether pages from before a transaction that did not end lie beside the file. */
function hasJournal(path: string): boolean {
  const journal = `${path}-journal`;
  if (!existsSync(journal)) return false;
  return headerOf(journal).header.toString('hex', 0, JOURNAL_MAGIC.length / 2) === JOURNAL_MAGIC;
}

/** Whether the file of this name is the database, and no longer as it was when it was read. */
function wasWritten({ path, bytes }: Source): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const { header, size } = headerOf(path);
  const isDatabase = header.subarray(0, 16).equals(bytes.subarray(0, 16));
  return isDatabase && (size !== bytes.length || !header.equals(bytes.subarray(0, HEADER_BYTES)));
}

/** See https://sqlite.org/fileformat.html: the first 100 bytes of the file. */
const HEADER_BYTES = 100;

function headerOf(path: string): { readonly header: Buffer; readonly size: number } {
  const fd = openSync(path, constants.O_NONBLOCK);
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(fd, header, 0, HEADER_BYTES, 0);
    return { header, size: statSync(path).size };
  } finally {
    closeSync(fd);
  }
}

/** Pages behind the end of a file are zeros to SQLite: values of a file that was cut are NULL. */
function requireWhole(header: Buffer, size: number, path: string): void {
  if (header.length < HEADER_BYTES) throw damaged({ path }, 'the file ends within its header');
  const pageBytes = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  // The count of pages is valid when whoever wrote last knew about it.
  const isValid = header.readUInt32BE(24) === header.readUInt32BE(92);
  const wanted = isValid ? header.readUInt32BE(28) * pageBytes : 0;
  if (size >= wanted) return;
  throw damaged({ path }, `it was cut: ${size} bytes of ${wanted} are there`);
}

/** What quick_check says of values that break a rule of their table and are there all the same. */
const HARMLESS =
  /^(NULL value in|CHECK constraint failed|(TEXT|NUMERIC) value in|non-unique entry)/;

/** Looks at the structure of a table's pages: damage there can read as other values. */
function requireSound(database: DatabaseSync, table: string, path: string): void {
  const told = database.prepare(`pragma quick_check(${quoted(table)})`).all();
  const texts = told.flatMap((row) => String(Object.values(row)[0]).split('\n'));
  const wrong = texts.find(
    (text) => text !== 'ok' && !text.startsWith('***') && !HARMLESS.test(text),
  );
  if (wrong !== undefined) throw damaged({ path }, wrong);
}

/** A database in memory has no log: bytes 18 and 19 say so (https://sqlite.org/fileformat.html). */
function withoutLog(bytes: Buffer): Buffer {
  if (bytes[18] !== 2 && bytes[19] !== 2) return bytes;
  const copy = Buffer.from(bytes);
  copy[18] = 1;
  copy[19] = 1;
  return copy;
}

export function damaged(source: Pick<Source, 'path'>, cause: unknown): NairobiError {
  return new NairobiError('BAD_DATA', `Cannot read this SQLite file: ${messageOf(cause)}`, {
    where: { file: source.path },
    hint: 'check it with: sqlite3 FILE "pragma integrity_check"',
    cause,
  });
}

/** The name of the only table. */
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

/** The table `wanted`, or the only one there is. */
export function tableOf(database: DatabaseSync, wanted: string | undefined, path: string): string {
  const table = wanted ?? onlyTable(database, path);
  const known = database
    .prepare("select type from sqlite_master where type in ('table', 'view') and name = ?")
    .get(table);
  if (known?.['type'] === 'table') requireSound(database, table, path);
  if (known !== undefined) return table;
  throw new NairobiError('NOT_FOUND', `There is no table "${table}"`, { where: { file: path } });
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A statement whose rows are arrays, integers as bigints. */
export function rowsOf(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement;
}
