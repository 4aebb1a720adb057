/** Relations for tests: from rows, or from a data set of the vega-datasets package. */
import { readFileSync } from 'node:fs';
import { type DataFrame, type LazyFrame, polars } from '../../src/compute/polars.ts';
import type { Relation } from '../../src/compute/relation.ts';
import { columnsOf } from '../../src/compute/types.ts';

/** A relation over a frame; with `pieces` it claims not to fit and comes in that many segments. */
export function relationOf(frame: DataFrame, pieces = 0): Relation {
  const pick = (lazy: LazyFrame, columns?: readonly string[]): LazyFrame =>
    columns === undefined || columns.length === 0 ? lazy : lazy.select(...columns);
  return {
    name: 'data',
    columns: columnsOf(frame),
    fits: pieces === 0,
    scan: (columns) => pick(frame.lazy(), columns),
    async *segments(columns) {
      const size = Math.ceil(frame.height / Math.max(1, pieces));
      for (let at = 0; at < frame.height; at += size) {
        yield pick(frame.slice(at, size).lazy(), columns);
      }
    },
  };
}

export function relation(columns: Record<string, unknown>, pieces = 0): Relation {
  return relationOf(polars().DataFrame(columns as never), pieces);
}

/** A CSV or JSON data set by its file name. */
export function dataset(name: string): Relation {
  const bytes = readFileSync(
    new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url),
  );
  const pl = polars();
  if (name.endsWith('.csv'))
    return relationOf(pl.readCSV(bytes, { inferSchemaLength: 10_000, nullValues: ['NA'] }));
  return relationOf(fromRecords(JSON.parse(bytes.toString('utf8')) as Record<string, unknown>[]));
}

/** Records whose keys may be missing, without type inference from the first row alone. */
function fromRecords(records: readonly Record<string, unknown>[]): DataFrame {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const columns = names.map((name) => {
    const values = records.map((record) => record[name] ?? null);
    const numeric = values.every((value) => value === null || typeof value === 'number');
    return [
      name,
      numeric ? values : values.map((value) => (value === null ? null : String(value))),
    ];
  });
  return polars().DataFrame(Object.fromEntries(columns) as never);
}
