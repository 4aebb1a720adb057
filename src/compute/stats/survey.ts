/** The one pass: every piece of a relation through the accumulators of its columns. */
import { NairobiError } from '../../errors.ts';
import { formatBytes, MiB } from '../../units.ts';
import { freeAll, freeFrames } from '../garbage.ts';
import { collect, type DataFrame, type LazyFrame } from '../polars.ts';
import type { Column, Relation } from '../relation.ts';
import { type Accumulator, accumulatorFor, DEFAULT_DEPTH, type Depth } from './accumulate.ts';
import type { Facts } from './facts.ts';
import { feed } from './feed.ts';
import { Kernel, StateRoom } from './kernel.ts';
import { kindOf } from './kinds.ts';
import { surveyPlain } from './plain.ts';
import { surveyStream } from './streamed.ts';

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
export function survey(
  relation: Relation,
  options?: SurveyOptions,
): Promise<readonly ColumnFacts[]> {
  return surveyEach(relation, options, (facts) => facts);
}

/**
 * What `tell` makes of the facts of each column, in the relation's order; facts it does not keep are
 * gone when the next column's are made. Columns whose states outgrow depth.stateBytes together are
 * taken in by halves: the relation is gone through again for each.
 */
export async function surveyEach<Told>(
  relation: Relation,
  { columns: names, threads = 1, depth = DEFAULT_DEPTH }: SurveyOptions = {},
  tell: (one: ColumnFacts) => Told,
): Promise<readonly Told[]> {
  const told: Told[] = [];
  const columns = relation.columns.filter(({ name }) => names?.includes(name) ?? true);
  const waiting = atATime(columns, depth);
  for (let some = waiting.shift(); some !== undefined; some = waiting.shift()) {
    const accumulators = await takeIn(relation, some, { threads, depth });
    if (accumulators === 'full') {
      const half = some.length >> 1;
      waiting.unshift(some.slice(0, half), some.slice(half));
    } else if (depth.keepBytes > 0) {
      const facts = some.map((column, i) => ({ column, facts: finish(accumulators[i]) }));
      requireRoom(facts, depth);
      told.push(...facts.map(tell));
    } else {
      for (const [i, column] of some.entries()) {
        told.push(tell({ column, facts: finish(accumulators[i]) }));
        // Else V8's young generation grows by what the facts of a hundred columns take.
        if (columns.length > FEW_COLUMNS) await freeFrames();
      }
    }
    // The states of one half go before those of the next come.
    if (waiting.length > 0) await freeAll();
  }
  return told;
}

/** Of which the facts may be collected when V8 likes. */
const FEW_COLUMNS = 16;

/** What a column takes all at once, when its values have become too many to count. */
const COLUMN_BYTES = { default: MiB / 4, frequent: MiB };

/** So many columns at a time as fit for certain, however few rows are read between two looks. */
function atATime(columns: readonly Column[], { stateBytes, frequent }: Depth): Column[][] {
  const bytes = frequent ? COLUMN_BYTES.frequent : COLUMN_BYTES.default;
  const most = Math.max(1, Math.floor(Math.min(stateBytes / bytes, columns.length)));
  const groups: Column[][] = [];
  for (let at = 0; at < Math.max(1, columns.length); at += most) {
    groups.push(columns.slice(at, at + most));
  }
  return groups;
}

/** 'full': the states of so many columns do not fit depth.stateBytes. */
async function takeIn(
  relation: Relation,
  columns: readonly Column[],
  { threads, depth }: { threads: number; depth: Depth },
): Promise<readonly Accumulator[] | 'full'> {
  const text = relation.plainText?.();
  const quick =
    text === undefined ? undefined : await surveyPlain(text, columns, { threads, depth });
  if (quick !== undefined) return quick;
  const stream = relation.textStream?.(columns.map(({ name }) => name));
  const streamed =
    stream === undefined ? undefined : await surveyStream(stream, columns, { threads, depth });
  return streamed ?? (await surveyPieces(relation, columns, depth));
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
): Promise<readonly Accumulator[] | 'full'> {
  const kernel = new Kernel();
  const accumulators = columns.map(({ type }) => accumulatorFor(kernel, kindOf(type), depth));
  const room = new StateRoom(kernel, columns.length, depth.stateBytes * SHARE_BESIDE_POLARS);
  const size = relation.columnar === true ? 1 : Math.max(1, columns.length);
  for (let from = 0; from < columns.length; from += size) {
    const some = columns.slice(from, from + size);
    for await (const piece of relation.segments(some.map(({ name }) => name))) {
      for (const frame of framesOf(piece, relation.columnar === true)) {
        feed(frame, some, accumulators.slice(from, from + size));
        if (room.isFull) return 'full';
        // Polars' frames are freed by finalisers, and those run only when the loop turns.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
  return accumulators;
}

/** The other half is for the frames that come and go. */
const SHARE_BESIDE_POLARS = 0.5;

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
