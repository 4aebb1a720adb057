/** DuckDB as the second engine: the same tables, the same question, the same answer. */
import { fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { call, cast, column as columnNode, expression, timeCall } from '../../src/compute/dsl.ts';
import { collect, type DataFrame, type LazyFrame, polars } from '../../src/compute/polars.ts';
import type { Column, Relation } from '../../src/compute/relation.ts';
import { columnsOf } from '../../src/compute/types.ts';
import { NairobiError } from '../../src/errors.ts';
import { type CompiledQuery, type CompileOptions, compile } from '../../src/sql/plan.ts';

export type Cell = string | number | boolean | null;

/** A relation over a Parquet file; segments are slices of it. */
export function parquetRelation(name: string, path: string, segmentRows = 1000): Relation {
  const lazy = (): LazyFrame => polars().scanParquet(path) as LazyFrame;
  const columns: Column[] = columnsOf(collect(lazy().limit(0)));
  const rows = (collect(lazy().select(polars().len())).rows()[0] as [number])[0];
  let fd: number | undefined;
  const pick = (frame: LazyFrame, wanted?: readonly string[]): LazyFrame =>
    wanted === undefined ? frame : frame.select(...wanted);
  return {
    name,
    columns,
    fits: true,
    rowEstimate: rows,
    scan: (wanted) => pick(lazy(), wanted),
    async *segments(wanted) {
      for (let at = 0; at < rows; at += segmentRows)
        yield pick(lazy().slice(at, segmentRows), wanted);
    },
    parquet: () => {
      fd ??= openSync(path, 'r');
      return { files: [{ fd, size: fstatSync(fd).size }], threads: 2, memoryBytes: 2 ** 30 };
    },
  };
}

export class Oracle implements AsyncDisposable {
  readonly #duckdb: DuckDBConnection;
  readonly #folder = mkdtempSync(join(tmpdir(), 'nairobi-sql-'));
  readonly #relations = new Map<string, Relation>();

  readonly #segmentRows: number;

  private constructor(duckdb: DuckDBConnection, segmentRows: number) {
    this.#duckdb = duckdb;
    this.#segmentRows = segmentRows;
  }

  static async open(segmentRows = 1000): Promise<Oracle> {
    const instance = await DuckDBInstance.create(':memory:');
    const duckdb = await instance.connect();
    await duckdb.run(
      "SET TimeZone = 'UTC'; SET threads = 2; SET default_null_order = 'nulls_last_on_asc_first_on_desc'",
    );
    return new Oracle(duckdb, segmentRows);
  }

  /** Makes a table by DuckDB's SQL and gives both engines the same Parquet file of it. */
  async table(name: string, sql: string): Promise<void> {
    const path = join(this.#folder, `${name}.parquet`);
    await this.#duckdb.run(`CREATE TABLE "${name}" AS ${sql}`);
    await this.#duckdb.run(`COPY "${name}" TO '${path}' (FORMAT parquet)`);
    this.#relations.set(name, parquetRelation(name, path, this.#segmentRows));
  }

  async run(sql: string): Promise<void> {
    await this.#duckdb.run(sql);
  }

  /** The same rows as a file that DuckDB writes with these options, or whoever `write` is. */
  async rewritten(
    name: string,
    from: string,
    options: string | ((path: string) => void),
  ): Promise<void> {
    const path = join(this.#folder, `${name}.parquet`);
    if (typeof options === 'function') options(path);
    else await this.#duckdb.run(`COPY "${from}" TO '${path}' (FORMAT parquet, ${options})`);
    this.#relations.set(name, parquetRelation(name, path, this.#segmentRows));
  }

  /** Of a file that `table` or `rewritten` made. */
  pathOf(name: string): string {
    return join(this.#folder, `${name}.parquet`);
  }

  relation(name: string): Relation {
    const found = this.#relations.get(name);
    if (found === undefined) throw new NairobiError('NOT_FOUND', `There is no table "${name}"`);
    return found;
  }

  compile(sql: string, options: CompileOptions = {}): Promise<CompiledQuery> {
    return compile(sql, ({ name }) => this.relation(name), options);
  }

  async ours(sql: string, options: CompileOptions = {}): Promise<Cell[][]> {
    const query = await this.compile(sql, options);
    await query.prepare();
    return cells(query.run());
  }

  /** The same without reading pages ourselves. */
  async byPolars(sql: string, options: CompileOptions = {}): Promise<Cell[][]> {
    return cells((await this.compile(sql, options)).run());
  }

  async theirs(sql: string): Promise<Cell[][]> {
    // Of several statements the query is the one that is read; views come before, drops after.
    const statements = sql.split(';').map((each) => each.trim());
    const at = statements.findIndex((each) => !/^(create|drop)\b/i.test(each));
    for (const before of statements.slice(0, at)) await this.#duckdb.run(before);
    const reader = await this.#duckdb.runAndReadAll(statements[at] ?? sql);
    for (const after of statements.slice(at + 1)) if (after !== '') await this.#duckdb.run(after);
    const types = reader.columnTypes();
    return reader
      .getRows()
      .map((row) => row.map((value, index) => duckCell(value, String(types[index]))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#duckdb.closeSync();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Numbers as numbers where doubles hold them, times in one spelling, lists as JSON. */
function duckCell(value: unknown, type: string): Cell {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return value.toString();
  if (type.endsWith('[]') || /^(STRUCT|MAP)/.test(type)) return JSON.stringify(plain(value));
  if (type.startsWith('DECIMAL')) return trimZeros(String(value));
  if (type.startsWith('TIMESTAMP')) return timestamp(String(value));
  if (type === 'INTERVAL')
    return intervalMicros(value as { months: number; days: number; micros: bigint });
  return String(value);
}

const intervalMicros = (value: { months: number; days: number; micros: bigint }): string =>
  (BigInt(value.months * 30 + value.days) * 86_400_000_000n + value.micros).toString();
const trimZeros = (text: string): string =>
  text.includes('.') ? text.replace(/\.?0+$/, '') : text;
const timestamp = (text: string): string =>
  text
    .replace('T', ' ')
    .replace(/(\+00(:?00)?| UTC|Z)$/, '')
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
/** Nested values of both engines in one form: lists, and objects; a map is a list of entries. */
function plain(value: unknown): unknown {
  if (value === null || value === undefined || typeof value === 'boolean') return value ?? null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint')
    return Number(Number(value).toPrecision(12));
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return timestamp(value.toISOString()).replace(/ 00:00:00$/, '');
  const { items, entries } = value as { items?: unknown[]; entries?: unknown };
  if (items !== undefined) return items.map(plain);
  if (Array.isArray(entries)) return entries.map(plain);
  const named = entries ?? (String(value) === '[object Object]' ? value : undefined);
  if (named !== undefined)
    return Object.fromEntries(
      Object.entries(named as object).map(([name, each]) => [name, plain(each)]),
    );
  const text = String(value);
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : timestamp(text).replace(/ 00:00:00$/, '');
}

/** Our frame's cells in the same spelling. */
export function cells(frame: DataFrame): Cell[][] {
  const pl = polars();
  const columns = columnsOf(frame);
  const texts = frame.select(
    ...columns.map(({ name, type }) => {
      const column = pl.col(name);
      if (type.startsWith('Duration'))
        return column.cast(pl.Duration('us')).cast(pl.Int64).cast(pl.Utf8).alias(name);
      if (type === 'Time')
        return expression(timeCall({ ToString: '%H:%M:%S%.f' }, columnNode(name)), name);
      if (type.startsWith('Struct'))
        return expression(call({ StructExpr: 'JsonEncode' }, columnNode(name)), name);
      if (type.startsWith('List(Decimal'))
        return expression(cast(columnNode(name), { List: 'Float64' }), name);
      return type.startsWith('Float') || type === 'Boolean' || /^(List|Struct)/.test(type)
        ? column
        : column.cast(pl.Utf8).alias(name);
    }),
  );
  return texts.rows().map((row: unknown[]) =>
    row.map((value, index): Cell => {
      const type = columns[index]?.type ?? '';
      if (value === null || value === undefined) return null;
      if (type.startsWith('Decimal')) return trimZeros(String(value));
      if (type.startsWith('Datetime')) return timestamp(String(value));
      if (type === 'Time') return String(value).replace(/(\.\d*?)0+$/, '$1');
      if (type.startsWith('Struct')) return JSON.stringify(plain(JSON.parse(String(value))));
      if (type.startsWith('List')) return JSON.stringify(plain(value));
      return value as Cell;
    }),
  );
}

/** Equal but for the last digits of doubles, and for 1 being also "1". */
export function sameCell(a: Cell | undefined, b: Cell | undefined): boolean {
  if (a === b) return true;
  if (a === null || b === null || a === undefined || b === undefined) return false;
  const [x, y] = [Number(a), Number(b)];
  if (typeof a !== 'number' && typeof b !== 'number')
    return (
      a === b || (trimZeros(String(a)) === trimZeros(String(b)) && a !== '' && !Number.isNaN(x))
    );
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y);
  return x === y || Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y), 1e-6);
}

const order = (rows: readonly Cell[][]): Cell[][] =>
  rows
    .map((row) => ({ row, key: `${key(row)}\0${exact(row)}` }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
/** Sets apart what nine digits do not: long integers, and texts such as " 5". */
const exact = (row: readonly Cell[]): string =>
  row.map((cell) => (Number.isInteger(cell) || typeof cell === 'string' ? cell : '')).join('|');
const key = (row: readonly Cell[]): string =>
  row
    .map((cell) =>
      cell === null
        ? '~'
        : Number.isFinite(Number(cell)) && cell !== ''
          ? Number(cell).toPrecision(9)
          : String(cell),
    )
    .join('|');

/** Undefined when equal; else the first difference in words. */
/** JSON, with NaN and infinities by their names. */
const told = (row: readonly Cell[]): string =>
  JSON.stringify(row, (_, cell) =>
    typeof cell === 'number' && !Number.isFinite(cell) ? String(cell) : cell,
  );

export function difference(
  ours: readonly Cell[][],
  theirs: readonly Cell[][],
  ordered: boolean,
): string | undefined {
  if (ours.length !== theirs.length)
    return `${ours.length} rows, DuckDB has ${theirs.length}: ${JSON.stringify(ours.slice(0, 3))} / ${JSON.stringify(theirs.slice(0, 3))}`;
  const [a, b] = ordered ? [ours, theirs] : [order(ours), order(theirs)];
  for (let i = 0; i < a.length; i += 1) {
    const [mine, other] = [a[i] ?? [], b[i] ?? []];
    if (
      mine.length !== other.length ||
      !mine.every((cell, index) => sameCell(cell, other[index]))
    ) {
      return `row ${i}: ${told(mine)}, DuckDB has ${told(other)}`;
    }
  }
  return undefined;
}
