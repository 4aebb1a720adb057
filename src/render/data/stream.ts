/** Columns out of a relation as typed arrays, whole or piece by piece. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { collect, type DataFrame, type Expr, type LazyFrame } from '../../compute/polars.ts';
import type { Relation } from '../../compute/relation.ts';

/**
 * The rows of `relation` mapped by `plan`: one frame when everything fits the memory limit, else
 * one per segment. Polars' frames die only when the event loop turns, hence the await.
 */
export async function* frames(
  relation: Relation,
  columns: readonly string[],
  plan: (frame: LazyFrame) => LazyFrame,
): AsyncGenerator<DataFrame> {
  const wanted = [...new Set(columns)];
  if (relation.fits) {
    yield collect(plan(relation.scan(wanted)));
    return;
  }
  for await (const piece of relation.segments(wanted)) {
    yield collect(plan(piece));
    await nextTurn();
  }
}

/** The frames of a selection. */
export function select(
  relation: Relation,
  columns: readonly string[],
  exprs: readonly Expr[],
): AsyncGenerator<DataFrame> {
  return frames(relation, columns, (frame) => frame.select(...exprs));
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
  return frame.getColumn(name).toTypedArray() as T;
}

/** One column as plain values; only for results that are small already. */
export function values<T>(frame: DataFrame, name: string): T[] {
  return frame.getColumn(name).toArray() as T[];
}
