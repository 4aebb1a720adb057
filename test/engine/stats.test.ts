import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../../src/compute/polars.ts';
import type { ColumnFigures } from '../../src/compute/stats/figures.ts';
import { Reporter } from '../../src/engine/report.ts';
import { Session } from '../../src/engine/session.ts';
import { stats } from '../../src/engine/stats.ts';

const DATA = path.resolve('node_modules/vega-datasets/data');
const HOST = {
  memoryLimit: undefined,
  threads: undefined,
  cpus: undefined,
  io: 'auto',
  direct: 'auto',
} as const;

const files = readdirSync(DATA).filter((name) => /\.(csv|tsv|parquet)$/.test(name));
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nairobi-stats-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Nothing, or within 1e-12 of each other; beside 1, where figures may cancel. */
function expectSame(ours: unknown, theirs: unknown, what: string): void {
  if (theirs === null || theirs === undefined || Number.isNaN(theirs)) {
    expect(ours ?? null, what).toBeNull();
    return;
  }
  const slack =
    1e-12 *
    Math.max(Math.abs(Number(theirs)), what.endsWith('osis') || what.endsWith('ness') ? 1 : 0);
  expect(
    Math.abs(Number(ours) - Number(theirs)),
    `${what}: ${ours} and ${theirs}`,
  ).toBeLessThanOrEqual(slack);
}

/** Our name of a figure, and DuckDB's way to it. */
const COUNTS = { count: 'count(x)', distinct: 'count(distinct x)' };
const NUMBERS = {
  min: 'min(x)',
  max: 'max(x)',
  sum: 'sum(x)',
  mean: 'avg(x)',
  sd: 'stddev_samp(x)',
  variance: 'var_samp(x)',
  sem: 'stddev_samp(x) / sqrt(count(x))',
};

describe('stats and DuckDB', () => {
  it.each(files)('say the same of %s', async (file) => {
    using session = new Session({ host: HOST, read: {} }, new Reporter());
    const relation = session.open({ path: path.join(DATA, file) });
    const result = await session.attempt(() =>
      stats(relation, { columns: undefined }, session.reporter),
    );
    const parquet = path.join(folder, `${file}.parquet`);
    collect(relation.scan()).writeParquet(parquet);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    for (const column of result.columns) {
      const numeric = /^U?Int|^Float/.test(column.type);
      const wanted = { ...COUNTS, ...(numeric ? NUMBERS : {}) };
      const name = `"${column.column.replaceAll('"', '""')}"`;
      const list = Object.values(wanted).join(', ');
      const reader = await connection.runAndReadAll(
        `select count(*) - count(x), ${list} from (select ${name} as x from '${parquet.replaceAll("'", "''")}')`,
      );
      const [nulls, ...values] = reader.getRows()[0] ?? [];
      expectSame(column.nulls, nulls, `${column.column} nulls`);
      for (const [i, figure] of Object.keys(wanted).entries()) {
        if (figure === 'distinct' && column.distinct_exact === false) continue;
        expectSame(column[figure as keyof ColumnFigures], values[i], `${column.column} ${figure}`);
      }
    }
  });
});
