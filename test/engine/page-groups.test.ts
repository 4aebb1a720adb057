/** GROUP BY over the pages of Parquet files in a partitioned directory. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DataFrame, polars } from '../../src/compute/polars.ts';
import { compile } from '../../src/sql/plan.ts';
import { cells, difference } from '../sql/oracle.ts';
import { open } from './text-groups.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-page-groups-'));
  for (const year of [2023, 2024, 2025]) {
    const folder = path.join(root, 'sound', `year=${year}`);
    mkdirSync(folder, { recursive: true });
    const numbers = Array.from({ length: 500 }, (_, n) => n * year);
    const frame = polars().DataFrame({
      k: numbers.map((n) => `key ${n % 7}`),
      v: numbers.map((n) => n / 8),
    }) as DataFrame;
    frame.writeParquet(path.join(folder, 'part.parquet'));
    mkdirSync(path.join(root, 'mixed', `year=${year}`), { recursive: true });
    const pl = polars();
    const other = year === 2025 ? frame.withColumn(pl.col('v').cast(pl.Float32)) : frame;
    other.writeParquet(path.join(root, 'mixed', `year=${year}`, 'part.parquet'));
  }
});
afterAll(() => rmSync(root, { recursive: true }));

/** How many reads are left to Polars, and whether the rows are the same without them. */
async function left(folder: string, sql: string): Promise<number> {
  using session = open('mmap', {});
  const relation = session.open({ name: 't', path: path.join(root, folder) }, true);
  const compiled = await compile(sql, () => relation);
  const reads = await compiled.prepare();
  const rows = cells(compiled.run());
  const polarsOnly = cells((await compile(sql, () => relation)).run());
  expect(difference(rows, polarsOnly, false), sql).toBeUndefined();
  return reads.length;
}

test('all files', async () => {
  const select = 'select k, count(*), sum(v), max(v) from t';
  expect(await left('sound', `${select} group by k`)).toBe(0);
  expect(await left('sound', `${select} where v > 30 group by k`)).toBe(0);
});

test('partition keys, and files of several types, are left to Polars', async () => {
  expect(await left('sound', 'select year, count(*) from t group by year')).toBe(1);
  expect(await left('sound', 'select k, sum(v) from t where year > 2023 group by k')).toBe(1);
  expect(await left('mixed', 'select k, sum(v) from t group by k')).toBe(1);
});
