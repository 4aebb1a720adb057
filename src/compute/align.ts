/** Puts the rows of one file into the shape of the table it is part of. */
import { type Expr, type LazyFrame, polars } from './polars.ts';
import type { Column, TypeName } from './relation.ts';
import { parseDate } from './temporal.ts';
import { dataTypeOf } from './types.ts';

/**
 * `frame`, which holds the columns `own`, with exactly the columns `wanted` in their order: what
 * it holds is cast where the type was widened, what it lacks is `constants` or null.
 */
export function align(
  frame: LazyFrame,
  own: readonly Column[],
  wanted: readonly Column[],
  constants: ReadonlyMap<string, string | null>,
): LazyFrame {
  const held = new Map<string, TypeName>(own.map(({ name, type }) => [name, type]));
  const same =
    own.length === wanted.length &&
    wanted.every(({ name, type }, index) => own[index]?.name === name && own[index]?.type === type);
  if (same) return frame;
  const pl = polars();
  const columns = wanted.map(({ name, type }) => {
    const found = held.get(name);
    if (found === type) return pl.col(name);
    if (found !== undefined) return pl.col(name).cast(dataTypeOf(type), true);
    return constant(constants.get(name) ?? null, type).alias(name);
  });
  if (wanted.some(({ name }) => held.has(name))) return frame.select(...columns);
  // Constants alone would be one row, whatever the file has.
  return frame.withColumns(...columns).select(...wanted.map(({ name }) => name));
}

function constant(value: string | null, type: TypeName): Expr {
  const pl = polars();
  const text = pl.lit(value).cast(pl.Utf8);
  if (type === 'String') return text;
  return type === 'Date' ? parseDate(text, '%Y-%m-%d') : text.cast(dataTypeOf(type), true);
}

/** The frames below each other; all have the same columns. */
export function stack(frames: readonly LazyFrame[]): LazyFrame | undefined {
  const [first, ...rest] = frames;
  if (first === undefined || rest.length === 0) return first;
  return polars().concat([first, ...rest]) as LazyFrame;
}
