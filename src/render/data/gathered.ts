/** The columns of few rows, decoded once for all the passes that a chart makes over them. */
import { atOnce, collect, type LazyFrame, polars, type Series } from '../../compute/polars.ts';
import type { Relation } from '../../compute/relation.ts';
import { isFew } from './stream.ts';

/** The same rows; columns of few are kept from when they were first asked for. */
export function gathered(relation: Relation): Relation {
  const { name, columns, fits, rowsHeld, rowEstimate } = relation;
  // Those in memory need no decoding.
  if (!isFew(relation) || rowsHeld !== undefined) return relation;
  const held = new Map<string, Series>();
  const scan = (wanted?: readonly string[]): LazyFrame => {
    if (wanted === undefined || wanted.length === 0) return relation.scan(wanted);
    const missing = [...new Set(wanted)].filter((column) => !held.has(column));
    if (missing.length > 0) {
      const frame = atOnce(() => collect(relation.scan(missing)));
      for (const column of missing) held.set(column, frame.getColumn(column));
    }
    const series = [...new Set(wanted)].map((column) => held.get(column));
    return polars()
      .DataFrame(series.filter((one) => one !== undefined))
      .lazy();
  };
  return {
    name,
    columns,
    fits,
    rowEstimate,
    scan,
    async *segments(wanted) {
      yield scan(wanted);
    },
  };
}
