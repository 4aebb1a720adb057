/**
 * An SQLite table as a target, by Node's own module. The state lies in the same file, written in
 * the same transaction: a commit is SQLite's.
 */
import { DatabaseSync } from 'node:sqlite';
import { type DataFrame, polars } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { isFloatType, isIntegerType } from '../../compute/types.ts';
import { assert, messageOf, NairobiError } from '../../errors.ts';
import type { Clearing } from '../commit/after.ts';
import { type CommitRecord, NO_ROWS, type SourceState } from '../commit/record.ts';
import { requireColumns } from './columns.ts';
import { publishRejects, quoteName, STATE_TABLE } from './database.ts';
import { addTotals } from './dataset.ts';
import { newRunId } from './layout.ts';
import type { CommitSummary, Progress, Target } from './target.ts';

export interface SqliteOptions {
  readonly path: string;
  readonly table: string;
  /** The name under which this reader's state is kept; undefined: none is. */
  readonly state: string | undefined;
}

/** Rows a statement takes at once: below SQLite's limit of 32,766 parameters for any table. */
const BATCH_ROWS = 500;

export class SqliteTarget implements Target {
  readonly previous: CommitRecord | undefined;
  readonly encoding = undefined;
  readonly #options: SqliteOptions;
  readonly #database: DatabaseSync;
  readonly #before: CommitRecord | undefined;
  #last: CommitRecord | undefined;
  #columns: readonly Column[] = [];
  #written = 0;
  #open = false;

  constructor(options: SqliteOptions) {
    this.#options = options;
    try {
      this.#database = new DatabaseSync(options.path, { timeout: 10_000 });
      this.#database.exec('pragma journal_mode = wal; pragma synchronous = full');
      this.#before = this.readRecord();
    } catch (cause) {
      throw sqliteError(`open ${options.path}`, options.path, cause);
    }
    this.#last = this.#before;
    this.previous = options.state === undefined ? undefined : this.#before;
  }

  private get key(): string {
    return `${this.#options.table}:${this.#options.state ?? ''}`;
  }

  private readRecord(): CommitRecord | undefined {
    const tables = this.#database.prepare('select 1 from sqlite_master where name = ?');
    if (tables.get(STATE_TABLE) === undefined) return undefined;
    const row = this.#database
      .prepare(`select record from ${STATE_TABLE} where name = ?`)
      .get(this.key);
    return row === undefined ? undefined : (JSON.parse(String(row['record'])) as CommitRecord);
  }

  setColumns(columns: readonly Column[]): void {
    requireColumns(this.#last?.columns ?? [], columns, this.#options.path);
    this.#columns = columns;
  }

  get uncleared(): readonly Clearing[] {
    return this.#last?.clear ?? [];
  }

  get empty(): boolean {
    return this.#written === 0;
  }

  private begin(): void {
    if (this.#open) return;
    this.#database.exec('begin immediate');
    this.#open = true;
    // Within the transaction: a log in which nothing is committed goes when the database is closed.
    this.#database.exec(
      `create table if not exists ${STATE_TABLE} (name text primary key, record text not null)`,
    );
    if (this.#columns.length === 0) return;
    const list = this.#columns.map(({ name, type }) => `${quoteName(name)} ${sqliteType(type)}`);
    const { table } = this.#options;
    this.#database.exec(`create table if not exists ${quoteName(table)} (${list.join(', ')})`);
  }

  write(frame: DataFrame): void {
    try {
      this.begin();
      this.insert(frame);
      this.#written += frame.height;
    } catch (cause) {
      const { table, path } = this.#options;
      throw sqliteError(`write into ${table} of ${path}`, path, cause);
    }
  }

  private insert(frame: DataFrame): void {
    const names = this.#columns.map(({ name }) => quoteName(name)).join(', ');
    const one = `(${this.#columns.map(() => '?').join(', ')})`;
    const into = `insert into ${quoteName(this.#options.table)} (${names}) values `;
    const full = this.#database.prepare(into + Array(BATCH_ROWS).fill(one).join(', '));
    const single = this.#database.prepare(into + one);
    const values = this.#columns.map((column) => valuesOf(frame, column));
    let row = 0;
    for (; row + BATCH_ROWS <= frame.height; row += BATCH_ROWS) {
      const flat = [];
      for (let at = row; at < row + BATCH_ROWS; at += 1) {
        for (const column of values) flat.push(column[at] ?? null);
      }
      full.run(...flat);
    }
    for (; row < frame.height; row += 1) single.run(...values.map((column) => column[row] ?? null));
  }

  take(): void {
    assert(false, 'a database takes frames only');
  }

  commit(progress: Progress): CommitSummary {
    const rows = this.#written;
    const record = recordOf(this.#last, progress, this.#options.path, this.#columns);
    try {
      this.begin();
      this.#database
        .prepare(`insert or replace into ${STATE_TABLE} (name, record) values (?, ?)`)
        .run(this.key, JSON.stringify(record));
      this.#database.exec('commit');
    } catch (cause) {
      throw sqliteError(`commit to ${this.#options.path}`, this.#options.path, cause);
    }
    this.#open = false;
    this.#written = 0;
    this.#last = record;
    publishRejects(progress.rejects);
    return { files: rows > 0 ? [this.#options.path] : [], bytes: 0, rows };
  }

  [Symbol.dispose](): void {
    if (!this.#database.isOpen) return;
    // A full disk has rolled it back already.
    if (this.#database.isTransaction) this.#database.exec('rollback');
    this.#database.close();
  }
}

type SqliteValue = string | number | bigint | null;

/** Integers stay exact as BigInt, floats are numbers, all else is its text. */
function valuesOf(frame: DataFrame, { name, type }: Column): SqliteValue[] {
  const pl = polars();
  if (isFloatType(type)) return frame.getColumn(name).toArray() as SqliteValue[];
  if (type === 'Boolean') {
    return frame
      .getColumn(name)
      .toArray()
      .map((value) => (value === null ? null : Number(value)));
  }
  const texts = frame.select(pl.col(name).cast(pl.Utf8)).getColumn(name).toArray() as (
    | string
    | null
  )[];
  if (!isIntegerType(type)) return texts;
  return texts.map((text) => (text === null ? null : BigInt(text)));
}

function sqliteType(type: string): string {
  if (isIntegerType(type) || type === 'Boolean') return 'integer';
  return isFloatType(type) ? 'real' : 'text';
}

function sqliteError(what: string, path: string, cause: unknown): NairobiError {
  if (cause instanceof NairobiError) return cause;
  const reason = messageOf(cause);
  // SQLite keeps the errno to itself.
  const isVague = /unable to open|disk I\/O error|readonly database/.test(reason);
  const look = isVague
    ? '; look at the room, the rights and the health of its disk'
    : /disk is full/.test(reason)
      ? '; make room on its disk'
      : '';
  return new NairobiError('IO', `Cannot ${what}: ${reason}`, {
    cause,
    where: { file: path },
    hint: `nothing was committed: the table is as it was${look}`,
  });
}

/** The record of a commit whose parts are rows of a database. */
export function recordOf(
  last: CommitRecord | undefined,
  progress: Progress,
  target: string,
  columns: readonly Column[],
): CommitRecord {
  const sources: readonly SourceState[] = progress.sources;
  return {
    format: 'nairobi-commit',
    version: 1,
    sequence: (last?.sequence ?? 0) + 1,
    run: newRunId(),
    committedAt: new Date().toISOString(),
    target,
    columns: columns.length > 0 ? columns : (last?.columns ?? []),
    partitionBy: [],
    publish: [],
    append: [],
    remove: [],
    sources,
    clear: progress.clear,
    totals: addTotals(last?.totals ?? NO_ROWS, progress.totals),
  };
}
