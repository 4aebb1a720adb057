/** What is drawn is what DuckDB computes: every aggregate, over categories and steps of time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { read } from '../../src/library/index.ts';
import type { PlotOptions } from '../../src/library/nairobi.d.ts';

const seed = Number(process.env['NAIROBI_TEST_SEED'] ?? Date.now() % 2 ** 31);

const SQL: Readonly<Record<string, string>> = {
  count: 'count(v)',
  sum: 'sum(v)',
  mean: 'avg(v)',
  median: 'median(v)',
  min: 'min(v)',
  max: 'max(v)',
  first: 'first(v order by t) filter (v is not null)',
  last: 'last(v order by t) filter (v is not null)',
};

const CHARTS: readonly (readonly [PlotOptions, string])[] = [
  [{ mark: 'bar', x: 'k' }, 'k'],
  [{ mark: 'line', x: 't', every: '1d' }, "epoch_ms(date_trunc('day', t))::double"],
  [{ mark: 'line', x: 't', every: '15m' }, "epoch_ms(time_bucket(interval '15m', t))::double"],
];

/** Numerical Recipes' generator: the same numbers for the same seed. */
function random(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function csv(next: () => number): string {
  const from = 1.7e9 - next() * 4e9;
  const lines = Array.from({ length: 50 + Math.floor(next() * 60_000) }, (_, i) => {
    const t = new Date((from + i * 60) * 1000).toISOString().slice(0, 19);
    const v = next() < 0.05 ? '' : ((next() - 0.3) * 1000).toFixed(3);
    return `${t},k${Math.floor(next() * 5)},${v}`;
  });
  return `t,k,v\n${lines.join('\n')}\n`;
}

const isClose = (a: number | null, b: number | null): boolean =>
  a === b ||
  (a !== null && b !== null && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)));

test(`aggregates are DuckDB's (seed ${seed})`, { timeout: 300_000 }, async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'nairobi-aggregates-'));
  const file = path.join(root, 'd.csv');
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
  const next = random(seed);
  try {
    for (let round = 0; round < 6; round += 1) {
      writeFileSync(file, csv(next));
      const frame = await read(file);
      await duckdb.run(`create or replace table d as from read_csv('${file}')`);
      for (const [agg, sql] of Object.entries(SQL)) {
        for (const [chart, x] of CHARTS) {
          const options = { ...chart, y: ['v'], agg, format: 'vl.json' } as PlotOptions;
          const { bytes } = await frame.plot(options);
          const { datasets } = JSON.parse(Buffer.from(bytes).toString()) as {
            datasets: { data: { x: number | string; y: number | null }[] };
          };
          const asked = `select ${x} as x, (${sql})::double as y from d group by 1`;
          const rows = (await duckdb.runAndReadAll(asked)).getRowsJS();
          const wanted = new Map(rows.map(([at, y]) => [String(at), y as number | null]));
          const drawn = datasets.data;
          const wrong = drawn.filter(({ x, y }) => !isClose(y, wanted.get(String(x)) ?? null));
          expect(wrong.slice(0, 3), `round ${round}: ${agg} by ${x}`).toEqual([]);
          expect(drawn).toHaveLength(wanted.size);
        }
      }
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});
