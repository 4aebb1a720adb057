/**
 * A PostgreSQL table as a target, by COPY. Rows and state are one transaction. The driver loads
 * when the first row or commit comes.
 */
import { once } from 'node:events';
import type { Client } from 'pg';
import { type DataFrame, polars } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import { assert, messageOf, NairobiError } from '../../errors.ts';
import type { Clearing } from '../commit/after.ts';
import type { CommitRecord } from '../commit/record.ts';
import { requireColumns } from './columns.ts';
import { publishRejects, quoteName, STATE_TABLE } from './database.ts';
import { recordOf } from './sqlite.ts';
import type { CommitSummary, Progress, Target } from './target.ts';

export interface PostgresOptions {
  /** postgres://user@host/database, without the table. */
  readonly url: string;
  readonly table: string;
  readonly state: string | undefined;
}

const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^Int(8|16)$/, 'smallint'],
  [/^(Int32|UInt8|UInt16)$/, 'integer'],
  [/^(Int64|UInt32)$/, 'bigint'],
  [/^(UInt64|Int128)$/, 'numeric'],
  [/^Decimal/, 'numeric'],
  [/^Float32$/, 'real'],
  [/^Float64$/, 'double precision'],
  [/^Boolean$/, 'boolean'],
  [/^Date$/, 'date'],
  [/^Time$/, 'time'],
  [/^Datetime\(\w+, /, 'timestamptz'],
  [/^Datetime/, 'timestamp'],
];

const postgresType = (type: string): string =>
  TYPES.find(([pattern]) => pattern.test(type))?.[1] ?? 'text';

/** Connects and reads the state: before the target exists as such. */
export async function openPostgres(options: PostgresOptions): Promise<PostgresTarget> {
  const { Client: PgClient } = (await import('pg')).default;
  const client = new PgClient({
    connectionString: options.url,
    application_name: 'nairobi ingest',
  });
  try {
    await client.connect();
    await client.query(
      `create table if not exists ${STATE_TABLE} (name text primary key, record jsonb not null)`,
    );
    const key = `${options.table}:${options.state ?? ''}`;
    const { rows } = await client.query<{ record: CommitRecord }>(
      `select record from ${STATE_TABLE} where name = $1`,
      [key],
    );
    return new PostgresTarget(client, options, key, rows[0]?.record);
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw postgresError('connect to the database', cause);
  }
}

export class PostgresTarget implements Target {
  readonly previous: CommitRecord | undefined;
  readonly encoding = undefined;
  readonly #client: Client;
  readonly #options: PostgresOptions;
  readonly #key: string;
  #last: CommitRecord | undefined;
  #columns: readonly Column[] = [];
  #written = 0;
  #begun = false;

  constructor(
    client: Client,
    options: PostgresOptions,
    key: string,
    last: CommitRecord | undefined,
  ) {
    this.#client = client;
    this.#options = options;
    this.#key = key;
    this.#last = last;
    this.previous = options.state === undefined ? undefined : last;
  }

  setColumns(columns: readonly Column[]): void {
    requireColumns(this.#last?.columns ?? [], columns, this.#options.table);
    this.#columns = columns;
  }

  get uncleared(): readonly Clearing[] {
    return this.#last?.clear ?? [];
  }

  get empty(): boolean {
    return this.#written === 0;
  }

  private get table(): string {
    return this.#options.table.split('.').map(quoteName).join('.');
  }

  private async begin(): Promise<void> {
    if (this.#begun) return;
    await this.#client.query('begin');
    this.#begun = true;
    // Two writers under one state would both read the same rows: the second waits and then fails.
    await this.#client.query('select pg_advisory_xact_lock(hashtext($1))', [this.#key]);
    if (this.#columns.length === 0) return;
    const list = this.#columns.map(({ name, type }) => `${quoteName(name)} ${postgresType(type)}`);
    await this.#client.query(`create table if not exists ${this.table} (${list.join(', ')})`);
  }

  async write(frame: DataFrame): Promise<void> {
    try {
      await this.begin();
      if (frame.height > 0) await this.copy(frame);
      this.#written += frame.height;
    } catch (cause) {
      throw postgresError(`write into ${this.#options.table}`, cause);
    }
  }

  /** Nulls are unquoted and empty, empty texts are quoted: COPY's CSV tells them apart. */
  private async copy(frame: DataFrame): Promise<void> {
    // By way of the default export: the bundle gives CommonJS modules no other.
    const { from } = (await import('pg-copy-streams')).default;
    const names = this.#columns.map(({ name }) => quoteName(name)).join(', ');
    const stream = this.#client.query(
      from(`copy ${this.table} (${names}) from stdin with (format csv, null '')`),
    );
    const text: unknown = textual(frame, this.#columns).writeCSV({ includeHeader: false });
    assert(Buffer.isBuffer(text), 'writeCSV without a path answers with a buffer');
    const finished = once(stream, 'finish');
    stream.end(text);
    await finished;
  }

  take(): void {
    assert(false, 'a database takes frames only');
  }

  async commit(progress: Progress): Promise<CommitSummary> {
    const rows = this.#written;
    const record = recordOf(this.#last, progress, this.#options.table, this.#columns);
    try {
      await this.begin();
      await this.#client.query(
        `insert into ${STATE_TABLE} (name, record) values ($1, $2)
         on conflict (name) do update set record = excluded.record`,
        [this.#key, JSON.stringify(record)],
      );
      await this.#client.query('commit');
    } catch (cause) {
      throw postgresError(`commit to ${this.#options.table}`, cause, IN_DOUBT);
    }
    this.#begun = false;
    this.#written = 0;
    this.#last = record;
    publishRejects(progress.rejects);
    return { files: rows > 0 ? [this.#options.table] : [], bytes: 0, rows };
  }

  /** The server rolls back what was not committed when the connection ends. */
  [Symbol.dispose](): void {
    this.#client.end().catch(() => undefined);
  }
}

/** Nested values and zones as texts that PostgreSQL reads. */
function textual(frame: DataFrame, columns: readonly Column[]): DataFrame {
  const pl = polars();
  return frame.select(
    ...columns.map(({ name, type }) =>
      /^Datetime\(\w+, /.test(type)
        ? pl.col(name).dt.strftime('%Y-%m-%d %H:%M:%S%.f%:z').alias(name)
        : pl.col(name),
    ),
  );
}

/** The server may have committed what it could not answer any more. */
const IN_DOUBT = 'the next run with the same --state sees whether it was committed, and reads on';

function postgresError(
  what: string,
  cause: unknown,
  hint = 'nothing was committed: the table is as it was',
): NairobiError {
  if (cause instanceof NairobiError) return cause;
  return new NairobiError('IO', `Cannot ${what}: ${messageOf(cause)}`, { cause, hint });
}
