import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { polars } from '../../src/compute/polars.ts';
import { ParquetWriter } from '../../src/ingest/parquet/writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));

const frameOf = (rows: readonly { id: number; name: string | null; value: number }[]) =>
  polars().DataFrame(
    {
      id: rows.map((row) => row.id),
      name: rows.map((row) => row.name),
      value: rows.map((row) => row.value),
    },
    { schema: { id: polars().Int32, name: polars().Utf8, value: polars().Float64 } },
  );

const rowArbitrary = fc.record({
  id: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  name: fc.option(fc.string({ unit: 'grapheme', maxLength: 12 }), { nil: null }),
  value: fc.double({ noNaN: true, noDefaultInfinity: true }),
});

test('frames appended one by one read back as one file, in DuckDB and in Polars', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  let file = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(rowArbitrary, { maxLength: 30 }), { minLength: 1, maxLength: 20 }),
      fc.constantFrom('zstd' as const, 'snappy' as const, 'uncompressed' as const),
      async (frames, codec) => {
        file += 1;
        const path = join(folder, `${file}.parquet`);
        const writer = new ParquetWriter(path, codec);
        for (const rows of frames) writer.append(frameOf(rows));
        writer.close();
        const expected = frames.flat();
        const answer = await connection.runAndReadAll(`select id, name, value from '${path}'`);
        expect(answer.getRows()).toEqual(expected.map((row) => [row.id, row.name, row.value]));
        const read = polars().readParquet(path);
        expect(read.height).toBe(expected.length);
        expect(read.getColumn('name').toArray()).toEqual(expected.map((row) => row.name));
      },
    ),
    { numRuns: 60, seed: 20261121 },
  );
});

test('the statistics of every row group survive, so that readers can skip by them', async () => {
  const path = join(folder, 'statistics.parquet');
  const writer = new ParquetWriter(path, 'zstd');
  for (let group = 0; group < 40; group += 1) {
    writer.append(frameOf([{ id: group, name: `n${group}`, value: group / 2 }]));
  }
  writer.close();
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const answer = await connection.runAndReadAll(
    `select row_group_id::int, stats_min_value from parquet_metadata('${path}') where path_in_schema = 'id' order by 1`,
  );
  expect(answer.getRows()).toEqual(Array.from({ length: 40 }, (_, i) => [i, String(i)]));
});

test('a column that changes its type on the way is an error, not a broken file', () => {
  const writer = new ParquetWriter(join(folder, 'changed.parquet'), 'zstd');
  writer.append(frameOf([{ id: 1, name: 'a', value: 1 }]));
  expect(() => writer.append(polars().DataFrame({ id: ['x'] }))).toThrow('columns changed');
  writer.abandon();
});
