/** Categories of a column and the code each row gets: the most frequent, then "other". */
import { type Expr, type LazyFrame, polars } from '../../compute/polars.ts';
import type { Relation } from '../../compute/relation.ts';
import { type Field, labelOf } from '../fields.ts';
import { frames, values } from './stream.ts';

export interface Groups {
  readonly labels: readonly string[];
  /** Index into `labels` as Float64; never null. */
  readonly code: Expr;
  /** Categories folded into "other". */
  readonly folded: number;
}

export const OTHER = 'other';
export const MISSING = '(none)';

/** One group that holds every row. */
export function oneGroup(label: string): Groups {
  return { labels: [label], code: polars().lit(0).cast(polars().Float64), folded: 0 };
}

/** The `limit` most frequent values of `field`, in their natural order. */
export async function groupsOf(relation: Relation, field: Field, limit: number): Promise<Groups> {
  const counts = await countLabels(relation, field);
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || compareLabels(a[0], b[0]));
  const kept = byCount.slice(0, byCount.length > limit ? limit - 1 : limit).map(([label]) => label);
  const folded = byCount.length - kept.length;
  const labels = kept.sort(compareLabels);
  const shown = labels.map((label) => shownLabel(field, label));
  return { labels: folded > 0 ? [...shown, OTHER] : shown, code: codeOf(field, labels), folded };
}

/** Polars prints the whole number four of a Float64 as "4.0"; people write 4. */
export function shownLabel(field: Field, label: string): string {
  return field.type.startsWith('Float') && label !== MISSING ? String(Number(label)) : label;
}

/** Rows per label; null is a label of its own. */
export async function countLabels(relation: Relation, field: Field): Promise<Map<string, number>> {
  const pl = polars();
  const label = labelOf(field).fillNull(pl.lit(MISSING)).alias('label');
  const counts = new Map<string, number>();
  const count = (frame: LazyFrame): LazyFrame =>
    frame.select(label).groupBy('label').agg(pl.len().cast(pl.Float64).alias('n'));
  for await (const frame of frames(relation, [field.name], count, 'reduction')) {
    const n = values<number>(frame, 'n');
    values<string>(frame, 'label').forEach((text, index) => {
      counts.set(text, (counts.get(text) ?? 0) + (n[index] ?? 0));
    });
  }
  return counts;
}

function codeOf(field: Field, labels: readonly string[]): Expr {
  const pl = polars();
  const label = labelOf(field).fillNull(pl.lit(MISSING));
  let code = pl.lit(labels.length);
  for (const [index, text] of labels.entries()) {
    code = pl
      .when(label.eq(pl.lit(text)))
      .then(pl.lit(index))
      .otherwise(code);
  }
  return code.cast(pl.Float64);
}

/** Numbers by value, text by code point: the same order on every host. */
export function compareLabels(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}
