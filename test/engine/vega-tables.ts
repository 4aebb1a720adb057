/** The tables of vega-datasets through the program, and their values through DuckDB. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'vitest';
import { collect } from '../../src/compute/polars.ts';
import type { ColumnFigures } from '../../src/compute/stats/figures.ts';
import { Reporter } from '../../src/engine/run/report.ts';
import { Session } from '../../src/engine/session.ts';
import { stats } from '../../src/engine/stats/stats.ts';
import { expectEveryFigure, QUANTILES, valueKind } from '../compute/every-figure.ts';
import type { Value } from '../compute/second-opinion-deep.ts';

const DATA = path.resolve('node_modules/vega-datasets/data');
const HOST = {
  memoryLimit: undefined,
  threads: undefined,
  cpus: undefined,
  io: 'auto',
  direct: 'auto',
} as const;

/** Objects of lists of lists that are no table: refused, with a reason. */
const NO_TABLES = ['londonBoroughs.json', 'londonTubeLines.json', 'us-10m.json', 'world-110m.json'];

/** Of every format that has rows. */
export function vegaTables(isWanted: (bytes: number) => boolean): string[] {
  return readdirSync(DATA)
    .filter((name) => /\.(csv|tsv|json|parquet|arrow)$/.test(name))
    .filter((name) => !NO_TABLES.includes(name))
    .filter((name) => isWanted(statSync(path.join(DATA, name)).size));
}

/** SQL for the values of a column as the second opinion takes them. */
function valuesSql(name: string, type: string): string {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  if (/^U?Int/.test(type)) return `${quoted}::HUGEINT`;
  if (type === 'Date') return `(${quoted}::DATE - DATE '1970-01-01')::HUGEINT`;
  if (/^Datetime/.test(type)) return `epoch_us(${quoted})::HUGEINT`;
  return valueKind(type) === undefined ? `${quoted} is not null` : quoted;
}

/** DuckDB's words for some figures of numbers: a third opinion, on the second one. */
const DUCKDB = {
  mean: 'avg(x)',
  sd: 'stddev_samp(x)',
  median: 'quantile_cont(x, 0.5)',
  q1: 'quantile_cont(x, 0.25)',
  mad: 'mad(x)',
  entropy: 'entropy(x)',
} as const;

export async function checkVegaTable(file: string): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-stats-'));
  try {
    using session = new Session({ host: HOST, read: {} }, new Reporter());
    const relation = session.open({ path: path.join(DATA, file) });
    const options = { columns: undefined, quantiles: QUANTILES };
    const result = await session.attempt(() => stats(relation, options, session.reporter));
    const parquet = path.join(folder, 'table.parquet');
    collect(relation.scan()).writeParquet(parquet);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    for (const column of result.columns) {
      const sql = valuesSql(column.column, column.type);
      const from = `(select ${sql} as x from '${parquet}')`;
      const reader = await connection.runAndReadAll(`select x from ${from}`);
      const values = reader.getColumns()[0] as Value[];
      const isCounted = valueKind(column.type) === undefined;
      expectEveryFigure(column, isCounted ? values.map((x) => x || null) : values);
      if (!/^U?Int|^Float/.test(column.type)) continue;
      const asked = Object.values(DUCKDB).join(', ');
      const known = `select ${asked} from (select x::DOUBLE as x from ${from}) where isfinite(x)`;
      const row = (await connection.runAndReadAll(known)).getRows()[0] ?? [];
      for (const [i, name] of Object.keys(DUCKDB).entries()) {
        expectNear(column, name, row[i], `${file} ${column.column} ${name}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Nine digits: DuckDB's sums are naive, its third and fourth moments too much so to be of use. */
function expectNear(column: ColumnFigures, name: string, theirs: unknown, what: string): void {
  if (typeof theirs !== 'number' || !Number.isFinite(theirs)) return;
  const ours = Number((column as Readonly<Record<string, unknown>>)[name]);
  const scale = Math.max(Math.abs(theirs), name === 'mad' ? Math.abs(Number(column.mean)) : 1e-3);
  expect(Math.abs(ours - theirs), `${what}: ${ours}, DuckDB ${theirs}`).toBeLessThan(1e-9 * scale);
}
