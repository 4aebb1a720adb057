/** The one pass: every piece of a relation through the accumulators of its columns. */
import { NairobiError } from '../../errors.ts';
import { formatBytes, MiB } from '../../units.ts';
import { collect, type DataFrame, type LazyFrame, polars } from '../polars.ts';
import type { Column, Relation } from '../relation.ts';
import { type Accumulator, accumulatorFor, DEFAULT_DEPTH, type Depth } from './accumulate.ts';
import { columnBatches } from './arrow.ts';
import type { Facts } from './facts.ts';
import { Kernel } from './kernel.ts';
import { kindOf } from './kinds.ts';
import { surveyPlain } from './plain.ts';

/** Rows that leave Polars at once: a column of them is some ten MiB. */
export const MOST_ROWS = 500_000;

export interface ColumnFacts {
  readonly column: Column;
  readonly facts: Facts;
}

export interface SurveyOptions {
  /** All columns when undefined. */
  readonly columns?: readonly string[] | undefined;
  /** How many threads may compute; the figures do not depend on it. */
  readonly threads?: number;
  readonly depth?: Depth;
}

/** Facts of the columns, in the relation's order. */
export async function survey(
  relation: Relation,
  { columns: names, threads = 1, depth = DEFAULT_DEPTH }: SurveyOptions = {},
): Promise<readonly ColumnFacts[]> {
  const columns = relation.columns.filter(({ name }) => names?.includes(name) ?? true);
  const text = relation.plainText?.();
  const quick =
    text === undefined ? undefined : await surveyPlain(text, columns, { threads, depth });
  const accumulators = quick ?? (await surveyPieces(relation, columns, depth));
  const facts = columns.map((column, i) => ({ column, facts: finish(accumulators[i]) }));
  requireRoom(facts, depth);
  return facts;
}

/** Throws MEMORY_LIMIT when the values of a column could not all be kept. */
export function requireRoom(columns: readonly ColumnFacts[], depth: Depth): void {
  const lacks = ({ facts }: ColumnFacts): number =>
    facts.is === 'number' ? (facts.distinct.lacksBytes ?? 0) : 0;
  const lacking = columns.filter((one) => lacks(one) > 0);
  if (lacking.length === 0) return;
  const keeps = ({ facts }: ColumnFacts): number =>
    facts.is === 'number' ? (facts.distinct.kept?.n ?? 0) * 8 : 0;
  const need = columns.reduce((sum, one) => sum + lacks(one) + keeps(one), 0);
  const names = lacking.map(({ column }) => column.name).join(', ');
  throw new NairobiError(
    'MEMORY_LIMIT',
    `Quantiles and most frequent values need all numbers at hand: ${formatBytes(need)}, where the memory limit leaves ${formatBytes(depth.keepBytes)} (too many in ${names})`,
    {
      hint: `estimate them with --approx, raise --memory-limit by ${formatBytes(Math.ceil((need - depth.keepBytes) / MiB + 1) * MiB)}, or name fewer columns`,
    },
  );
}

/**
 * A relation by columns is read a column at a time, so that one column is in memory; of any other,
 * all columns of a piece are.
 */
async function surveyPieces(
  relation: Relation,
  columns: readonly Column[],
  depth: Depth,
): Promise<readonly Accumulator[]> {
  const kernel = new Kernel();
  const accumulators = columns.map(({ type }) => accumulatorFor(kernel, kindOf(type), depth));
  const size = relation.columnar === true ? 1 : Math.max(1, columns.length);
  for (let from = 0; from < columns.length; from += size) {
    const some = columns.slice(from, from + size);
    for await (const piece of relation.segments(some.map(({ name }) => name))) {
      for (const frame of framesOf(piece, relation.columnar === true)) {
        feed(frame, some, accumulators.slice(from, from + size));
        // Polars' frames are freed by finalisers, and those run only when the loop turns.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
  return accumulators;
}

/** Rows of a file by columns that are decoded at once; slices of it cost no more than the whole. */
const SLICE_ROWS = 1_000_000;

function* framesOf(piece: LazyFrame, columnar: boolean): Generator<DataFrame> {
  if (!columnar) {
    yield collect(piece);
    return;
  }
  for (let from = 0; ; from += SLICE_ROWS) {
    const frame = collect(piece.slice(from, SLICE_ROWS));
    yield frame;
    if (frame.height < SLICE_ROWS) return;
  }
}

function finish(accumulator: Accumulator | undefined): Facts {
  return accumulator?.finish() ?? { is: 'opaque', rows: 0, nulls: 0 };
}

function feed(
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
