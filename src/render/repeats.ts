/** Lines over an x that several rows share: what tells those rows apart. */
import { atOnce, collect, type DataFrame, polars } from '../compute/polars.ts';
import type { Relation } from '../compute/relation.ts';
import { isFew } from './data/stream.ts';
import { type Field, labelOf } from './fields.ts';
import { MAX_SERIES } from './marks/series.ts';

/** Enough to see a repeat; the rest of a large file is not read for it. */
const FIRST_ROWS = 50_000;
/** Categories looked at. */
const CANDIDATES = 8;

export interface Repeats {
  /** Whether two of the first rows have the same x. */
  readonly are: boolean;
  /** The first column whose values tell such rows apart, with no more of them than colours. */
  readonly apart: Field | undefined;
}

export async function repeatsOf(
  relation: Relation,
  x: Field,
  fields: readonly Field[],
): Promise<Repeats> {
  const categories = fields
    .filter((field) => field.measure === 'nominal' && field.name !== x.name)
    .slice(0, CANDIDATES);
  const pl = polars();
  const label = (field: Field) => labelOf(field).fillNull(pl.lit('\u0000'));
  const rows = await firstRows(
    relation,
    [x, ...categories].map(({ name }) => name),
  );
  const known = rows.filter(pl.col(x.name).isNotNull());
  const different = (by: readonly Field[]): number =>
    known
      .select(pl.concatString(by.map(label), '\u0001').alias('key'))
      .getColumn('key')
      .nUnique();
  // Text made of them takes ten times as long.
  if (known.getColumn(x.name).nUnique() === known.height) return { are: false, apart: undefined };
  const apart = categories.find((field) => {
    const values = known.select(label(field).alias('key')).getColumn('key').nUnique();
    return values > 1 && values <= MAX_SERIES && different([x, field]) === known.height;
  });
  return { are: true, apart };
}

async function firstRows(relation: Relation, columns: readonly string[]): Promise<DataFrame> {
  const blocks = relation.blocks?.(columns);
  if (blocks === undefined && relation.fits) {
    const first = (): DataFrame => collect(relation.scan(columns).head(FIRST_ROWS));
    return isFew(relation) ? atOnce(first) : first();
  }
  const parts: DataFrame[] = [];
  let rows = 0;
  for await (const piece of blocks ?? relation.segments(columns)) {
    const part = collect(piece.head(FIRST_ROWS - rows));
    parts.push(part);
    rows += part.height;
    if (rows >= FIRST_ROWS) break;
  }
  if (parts.length > 0) return polars().concat(parts);
  return polars().DataFrame(Object.fromEntries(columns.map((name) => [name, []])) as never);
}
