/** From frames into accumulators: each column leaves Polars as an Arrow file. */
import { type DataFrame, polars } from '../polars.ts';
import type { Column } from '../relation.ts';
import type { Accumulator } from './accumulate.ts';
import { columnBatches } from './arrow.ts';
import { kindOf } from './kinds.ts';

/** Rows that leave Polars at once: a column of them is some ten MiB. */
export const MOST_ROWS = 500_000;

/** Adds the rows of a frame, in their order, to the accumulators of these columns. */
export function feed(
  frame: DataFrame,
  columns: readonly Column[],
  accumulators: readonly Accumulator[],
): void {
  for (let from = 0; from < frame.height; from += MOST_ROWS) {
    const part = frame.slice(from, MOST_ROWS);
    for (const [i, column] of columns.entries()) {
      const one = plainColumn(part, column);
      for (const batch of columnBatches(one.writeIPC())) accumulators[i]?.add(batch);
    }
  }
}

/** The column alone, in one of the layouts the accumulators know. */
export function plainColumn(frame: DataFrame, { name, type }: Column): DataFrame {
  const { col, Utf8, Decimal } = polars();
  const kind = kindOf(type);
  if (kind.is === 'opaque') return frame.select(col(name).isNull().not().alias(name));
  if (kind.is === 'text' && type !== 'String') return frame.select(col(name).cast(Utf8));
  if (type === 'Int128') return frame.select(col(name).cast(Decimal(38, 0)));
  return frame.select(name);
}
