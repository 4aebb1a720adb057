/** Values of SQLite as text, and the types that hold them: SQLite lets every row choose its own. */
import { collect, type DataFrame, polars } from '../../compute/polars.ts';
import type { TypeName } from '../../compute/relation.ts';
import { dataTypeOf } from '../../compute/types.ts';
import { givenType, type ReadOptions } from '../options.ts';

/** Rows made a frame at a time: JavaScript values take more room than the frame. */
const CHUNK_ROWS = 50_000;

/** Characters of a chunk, where rows are long. */
const CHUNK_CHARACTERS = 16_000_000;

type Value = bigint | number | string | Uint8Array | null;

/** What a column's values were. */
export interface Kinds {
  integers: boolean;
  reals: boolean;
  /** An integer that a double would round. */
  inexact: boolean;
  texts: boolean;
  blobs: boolean;
}

export const noKinds = (): Kinds => ({
  integers: false,
  reals: false,
  inexact: false,
  texts: false,
  blobs: false,
});

/** All values as text, in frames of some megabytes whose columns are c0, c1, ...; at least one. */
export function* textChunks(
  rows: Iterable<unknown>,
  width: number,
  kinds: Kinds[],
): Generator<DataFrame> {
  const pl = polars();
  const empty = (): (string | null)[][] => Array.from({ length: width }, () => []);
  let columns = empty();
  let characters = 0;
  const frame = (): DataFrame =>
    pl.DataFrame(columns.map((values, index) => pl.Series(`c${index}`, values, pl.Utf8)));
  for (const row of rows) {
    for (const [index, value] of (row as Value[]).entries()) {
      const text = textOf(value, kinds[index] ?? noKinds());
      characters += text?.length ?? 0;
      columns[index]?.push(text);
    }
    if ((columns[0]?.length ?? 0) < CHUNK_ROWS && characters < CHUNK_CHARACTERS) continue;
    yield frame();
    columns = empty();
    characters = 0;
  }
  yield frame();
}

function textOf(value: Value, kinds: Kinds): string | null {
  if (value === null) return null;
  if (typeof value === 'bigint') {
    kinds.integers = true;
    if (BigInt(Number(value)) !== value) kinds.inexact = true;
    return value.toString();
  }
  if (typeof value === 'number') {
    kinds.reals = true;
    return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf';
  }
  if (typeof value === 'string') {
    kinds.texts = true;
    return value;
  }
  kinds.blobs = true;
  return Buffer.from(value).toString('hex');
}

export function typeOf(kinds: Kinds, declared: string): TypeName {
  if (kinds.texts || kinds.blobs) return 'String';
  if (kinds.reals) return kinds.inexact ? 'String' : 'Float64';
  if (!kinds.integers) return 'String';
  return /^bool/i.test(declared) ? 'Boolean' : 'Int64';
}

/** A chunk in the types of its columns, under their names. */
export function typed(
  texts: DataFrame,
  names: readonly string[],
  types: readonly TypeName[],
): DataFrame {
  const pl = polars();
  const frame = collect(
    texts.lazy().select(
      ...types.map((type, index) => {
        const text = pl.col(`c${index}`);
        if (type === 'String') return text;
        if (type === 'Boolean') return text.cast(pl.Int64, true).neq(pl.lit(0)).alias(`c${index}`);
        return text.cast(dataTypeOf(type), true);
      }),
    ),
  );
  frame.columns = [...names];
  return frame;
}

/** Whether the user says the type of a column: then its text is parsed. */
export const isGiven = (name: string, options: ReadOptions): boolean =>
  options.allText === true || givenType(options, name) !== undefined;

/** What a reader should know of a column that is text. */
export function noteOf(name: string, type: TypeName, kinds: Kinds): string | undefined {
  if (kinds.blobs) return `column ${name} has blobs: read as hexadecimal`;
  const isMixed = type === 'String' && (kinds.integers || kinds.reals);
  return isMixed ? `column ${name} has values of several types: read as text` : undefined;
}
