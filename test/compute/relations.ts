/** Relations for tests: rows in memory, cut into pieces of any size. */
import { type DataFrame, polars } from '../../src/compute/polars.ts';
import type { Relation } from '../../src/compute/relation.ts';

/** The printed name of a type, as Relation.columns has it. */
export function typeName(type: { toString(): string }): string {
  return type.toString().replace(/^DataType\((.*)\)$/, '$1');
}

/** `frame` as a relation whose pieces have `rows` rows. */
export function relationOf(frame: DataFrame, rows = frame.height): Relation {
  const types = frame.dtypes;
  const columns = frame.columns.map((name, i) => ({ name, type: typeName(types[i] as object) }));
  const all = columns.map(({ name }) => name);
  return {
    name: 'rows',
    columns,
    fits: true,
    scan: (names) => frame.select(...(names ?? all)).lazy(),
    async *segments(names) {
      for (let from = 0; from === 0 || from < frame.height; from += rows) {
        yield frame
          .select(...(names ?? all))
          .slice(from, rows)
          .lazy();
      }
    },
  };
}

/** `text` parsed as CSV, nothing dropped silently. */
export function csv(text: string): DataFrame {
  return polars().readCSV(Buffer.from(text), { truncateRaggedLines: false, ignoreErrors: false });
}
