/**
 * TPC-H on Parquet: nairobi's plans against DuckDB, interleaved in one process.
 *   node bench/tpch/run.ts [--scale 1] [--runs 3] [--folder DIR] [--only 1,6]
 * Prints one JSON line for each query (medians in ms, CPU seconds, a hash of the result) and the
 * geometric mean of the ratios. The data is made once from the seed and kept in the folder.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { collect, polars } from '../../src/compute/polars.ts';
import type { Relation } from '../../src/compute/relation.ts';
import { columnsOf } from '../../src/compute/types.ts';
import { compile } from '../../src/sql/plan.ts';
import { QUERIES } from './queries.ts';
import { macros, tables } from './tables.ts';

const SEED = 20240229;

async function makeData(folder: string, scale: number): Promise<void> {
  if (existsSync(join(folder, 'orders.parquet'))) return;
  mkdirSync(folder, { recursive: true });
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  for (const sql of macros(SEED)) await duckdb.run(sql);
  for (const [name, sql] of Object.entries(tables(scale))) {
    await duckdb.run(`CREATE TABLE ${name} AS ${sql}`);
    await duckdb.run(
      `COPY ${name} TO '${join(folder, `${name}.parquet`)}' (FORMAT parquet, COMPRESSION zstd)`,
    );
  }
  duckdb.closeSync();
}

function relation(folder: string, name: string): Relation {
  const path = join(folder, `${name}.parquet`);
  const pl = polars();
  const columns = columnsOf(collect(pl.scanParquet(path).limit(0) as never));
  const rows = (collect(pl.scanParquet(path).select(pl.len()) as never).rows()[0] as [number])[0];
  return {
    name,
    columns,
    fits: true,
    rowEstimate: rows,
    scan: (wanted) =>
      (wanted === undefined
        ? pl.scanParquet(path)
        : pl.scanParquet(path).select(...wanted)) as never,
    async *segments() {},
  };
}

interface Timed {
  readonly ms: number;
  readonly cpu: number;
  readonly hash: string;
}

async function timed(work: () => Promise<string>): Promise<Timed> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const text = await work();
  const ms = performance.now() - start;
  const used = process.cpuUsage(cpu);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { ms, cpu: (used.user + used.system) / 1e6, hash };
}

async function duckRun(duckdb: DuckDBConnection, sql: string): Promise<string> {
  const statements = sql
    .replace('day (3)', 'day')
    .split(';')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  let text = '';
  for (const statement of statements) {
    const reader = await duckdb.runAndReadAll(statement);
    if (!/^(create|drop)/i.test(statement)) text = JSON.stringify(reader.getRowsJson());
  }
  return text;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

const { values: flags } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    runs: { type: 'string', default: '3' },
    folder: { type: 'string' },
    only: { type: 'string' },
    explain: { type: 'boolean', default: false },
  },
});
const folder = flags.folder ?? `/var/tmp/nairobi-data/tpch${flags.scale}`;
await makeData(folder, Number(flags.scale));
const relations = new Map(Object.keys(tables(1)).map((name) => [name, relation(folder, name)]));
const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
for (const name of relations.keys()) {
  await duckdb.run(`CREATE VIEW ${name} AS SELECT * FROM '${join(folder, `${name}.parquet`)}'`);
}
const wanted = flags.only?.split(',').map(Number);
const ratios: number[] = [];
for (const [index, sql] of QUERIES.entries()) {
  if (wanted !== undefined && !wanted.includes(index + 1)) continue;
  const ours: Timed[] = [];
  const theirs: Timed[] = [];
  const query = await compile(sql, ({ name }) => relations.get(name) as Relation);
  if (flags.explain) console.error(query.explain());
  for (let run = 0; run < Number(flags.runs); run += 1) {
    ours.push(
      await timed(async () =>
        (await compile(sql, ({ name }) => relations.get(name) as Relation))
          .run()
          .writeCSV()
          .toString(),
      ),
    );
    theirs.push(await timed(() => duckRun(duckdb, sql)));
  }
  const [mine, other] = [
    median(ours.map((each) => each.ms)),
    median(theirs.map((each) => each.ms)),
  ];
  ratios.push(mine / other);
  console.log(
    JSON.stringify({
      query: index + 1,
      ms: Math.round(mine),
      duckdbMs: Math.round(other),
      ratio: Number((mine / other).toFixed(2)),
      cpu: median(ours.map((each) => each.cpu)).toFixed(2),
      duckdbCpu: median(theirs.map((each) => each.cpu)).toFixed(2),
      hash: ours[0]?.hash,
    }),
  );
}
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
console.log(
  JSON.stringify({
    geometricMean: Number(mean.toFixed(3)),
    worst: Number(Math.max(...ratios).toFixed(2)),
    scale: Number(flags.scale),
    seed: SEED,
  }),
);
duckdb.closeSync();
