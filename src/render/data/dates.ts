/** Recognises dates written as text, from a sample; ambiguous orders stay text. */
import { collect, polars } from '../../compute/polars.ts';
import type { Relation } from '../../compute/relation.ts';

/** Enough to see past a header block, small enough to cost nothing. */
const SAMPLE_ROWS = 200;

const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}-\d\d-\d\d$/, '%Y-%m-%d'],
  [/^\d{4}\/\d\d?\/\d\d?$/, '%Y/%m/%d'],
  [/^\d{4}-\d\d-\d\d \d\d:\d\d$/, '%Y-%m-%d %H:%M'],
  [/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/, '%Y-%m-%d %H:%M:%S%.f'],
  [/^\d{4}\/\d\d?\/\d\d? \d\d?:\d\d$/, '%Y/%m/%d %H:%M'],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/, '%Y-%m-%dT%H:%M:%S%.f'],
  [/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, '%Y-%m-%dT%H:%M:%S%.fZ'],
  [/^[A-Z][a-z]{2} \d\d? \d{4}$/, '%b %d %Y'],
  [/^\d\d? [A-Z][a-z]{2} \d{4}$/, '%d %b %Y'],
];

/** The strptime format of a text column, or undefined when its sample is not all dates. */
export async function dateFormatOf(relation: Relation, name: string): Promise<string | undefined> {
  const values = await sampleText(relation, name);
  if (values.length === 0) return undefined;
  return FORMATS.find(([pattern]) => values.every((value) => pattern.test(value)))?.[1];
}

async function sampleText(relation: Relation, name: string): Promise<readonly string[]> {
  const pl = polars();
  const head = pl.col(name).dropNulls().head(SAMPLE_ROWS);
  const blocks = relation.blocks?.([name]);
  if (blocks === undefined && relation.fits)
    return textsOf(
      collect(
        relation
          .scan([name])
          .head(4 * SAMPLE_ROWS)
          .select(head),
      ),
    );
  for await (const piece of blocks ?? relation.segments([name], 'reduction')) {
    return textsOf(collect(piece.head(4 * SAMPLE_ROWS).select(head)));
  }
  return [];

  function textsOf(frame: ReturnType<typeof collect>): readonly string[] {
    return frame.getColumn(name).toArray() as string[];
  }
}
