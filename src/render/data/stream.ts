/** Columns out of a relation as typed arrays, whole or piece by piece. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { freeFrames } from '../../compute/garbage.ts';
import {
  atOnce,
  collect,
  type DataFrame,
  type Expr,
  type LazyFrame,
  polars,
} from '../../compute/polars.ts';
import { FEW_ROWS, type PieceUse, type Relation } from '../../compute/relation.ts';

type Plan = (frame: LazyFrame) => LazyFrame;

/**
 * The rows of `relation` mapped by `plan`: one frame when everything fits the memory limit, else
 * one per segment; a plan that leaves little of them says so. Polars' frames die only when the
 * event loop turns, hence the await.
 */
export async function* frames(
  relation: Relation,
  columns: readonly string[],
  plan: Plan,
  use: PieceUse = 'rows',
): AsyncGenerator<DataFrame> {
  const wanted = [...new Set(columns)];
  const blocks = use === 'reduction' ? relation.blocks?.(wanted) : undefined;
  if (blocks !== undefined) {
    for await (const frame of planned(blocks, plan)) {
      yield frame;
      await freeFrames();
    }
    return;
  }
  if (relation.fits) {
    yield collect(plan(relation.scan(wanted)));
    return;
  }
  for await (const piece of relation.segments(wanted, use)) {
    yield collect(plan(piece));
    await nextTurn();
  }
}

/** Small frames are not worth Polars' streams. */
async function* planned(blocks: AsyncIterable<LazyFrame>, plan: Plan): AsyncGenerator<DataFrame> {
  for await (const block of blocks) yield atOnce(() => collect(plan(block)));
}

/**
 * Rows decoded at once. The kernel clears memory that is touched for the first time, which took
 * half of the time of drawing ten million points; pieces use the same memory again.
 */
const PIECE_ROWS = 2 ** 20;

/** The same for who makes one row of many: file pages are mapped, but no memory is filled. */
export const FEW_PIECES_ROWS = 2 ** 22;

/** The typed arrays of frames that are on loan. */
const taken = new WeakMap<DataFrame, ArrayBuffer[]>();

/**
 * The rows of a selection in file order, about a million at a time. A frame and its typed arrays
 * are valid until the next is asked for. A file by columns is decoded `rows` at a time.
 */
export async function* select(
  relation: Relation,
  columns: readonly string[],
  exprs: readonly Expr[],
  { rows = PIECE_ROWS, use = 'rows' }: { rows?: number; use?: PieceUse } = {},
): AsyncGenerator<DataFrame> {
  const plan: Plan = (frame) => frame.select(...exprs);
  const few = isFew(relation);
  const blocks = relation.blocks?.([...new Set(columns)]);
  const source = few
    ? [atOnce(() => collect(plan(relation.scan([...new Set(columns)]))))]
    : relation.columnar === true
      ? pieces(relation, columns, plan, rows)
      : blocks === undefined
        ? frames(relation, columns, plan, use)
        : planned(blocks, plan);
  for await (const whole of source) {
    for (const frame of slices(whole)) {
      const arrays: ArrayBuffer[] = [];
      taken.set(frame, arrays);
      yield frame;
      // Their memory is there for the next at once, not when V8 collects them.
      for (const array of arrays) array.transfer(0);
    }
    if (!few) await freeFrames();
  }
}

/** Of few rows streams, and frames freed at once, take longer than all else. */
export const isFew = ({ fits, rowsHeld, rowEstimate }: Relation): boolean =>
  fits && (rowsHeld ?? rowEstimate ?? Number.POSITIVE_INFINITY) <= FEW_ROWS;

async function* pieces(
  relation: Relation,
  columns: readonly string[],
  plan: Plan,
  rows: number,
): AsyncGenerator<DataFrame> {
  const pl = polars();
  for await (const piece of relation.segments([...new Set(columns)])) {
    // The footer says it; an aggregate would not tell a piece without rows from one with.
    const counted = collect(piece.select(pl.len().cast(pl.Float64)));
    const total = counted.getColumn('len').get(0) as number;
    for (let at = 0; at === 0 || at < total; at += rows) yield collect(plan(piece.slice(at, rows)));
  }
}

/** Rows copied out of Polars at once: small enough to stay in a cache that several cores share. */
const SLICE_ROWS = 2 ** 20;

/** The frame in pieces whose typed arrays are short-lived. */
export function* slices(frame: DataFrame): Generator<DataFrame> {
  for (let at = 0; at < frame.height; at += SLICE_ROWS) yield frame.slice(at, SLICE_ROWS);
}

type Numbers = Float64Array | Float32Array | Uint8Array | Uint32Array;

/** One column as the typed array of its type; it must hold no nulls. */
export function typed<T extends Numbers>(frame: DataFrame, name: string): T {
  const array = frame.getColumn(name).toTypedArray() as T & { readonly buffer: ArrayBuffer };
  taken.get(frame)?.push(array.buffer);
  return array;
}

/** One column as plain values; only for results that are small already. */
export function values<T>(frame: DataFrame, name: string): T[] {
  return frame.getColumn(name).toArray() as T[];
}
