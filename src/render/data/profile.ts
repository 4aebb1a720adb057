/** First pass over the data: rows, extents, and how many values cannot be drawn. */
import { type Expr, polars } from '../../compute/polars.ts';
import type { Relation } from '../../compute/relation.ts';
import { type Field, numberOf } from '../fields.ts';
import { FEW_PIECES_ROWS, select } from './stream.ts';

export interface Extent {
  /** Finite values. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
  /** The smallest value above zero, for log scales; NaN when there is none. */
  readonly minPositive: number;
  readonly nulls: number;
  readonly nans: number;
  readonly infinities: number;
}

export interface Profile {
  readonly rows: number;
  readonly extents: ReadonlyMap<string, Extent>;
}

/**
 * Rows and, for each field, its extent; one streaming pass over minima and maxima, and a second
 * one, five times as dear, only over columns that turn out to hold infinities.
 */
export async function profile(
  relation: Relation,
  fields: readonly Field[],
  zone: string,
  positives = false,
): Promise<Profile> {
  const quick = await pass(relation, fields, zone, quickExprs(positives));
  const infinite = fields.filter((field) => {
    const extent = quick.extents.get(field.name);
    return (
      extent !== undefined && !(Number.isFinite(extent.max - extent.min) || extent.count === 0)
    );
  });
  if (infinite.length === 0) return quick;
  const careful = await pass(relation, infinite, zone, carefulExprs);
  return { rows: quick.rows, extents: new Map([...quick.extents, ...careful.extents]) };
}

type Exprs = (value: Expr, index: number) => Expr[];

async function pass(
  relation: Relation,
  fields: readonly Field[],
  zone: string,
  exprsOf: Exprs,
): Promise<Profile> {
  const pl = polars();
  const exprs: Expr[] = [pl.len().cast(pl.Float64).alias('rows')];
  fields.forEach((field, index) => {
    exprs.push(...exprsOf(numberOf(field, zone), index));
  });
  const columns = fields.map((field) => field.name);
  let rows = 0;
  const extents = fields.map(() => ({ ...EMPTY_EXTENT }));
  const few = { rows: FEW_PIECES_ROWS, use: 'reduction' } as const;
  for await (const frame of select(relation, columns, exprs, few)) {
    // A column as a Series takes Polars a quarter of a millisecond.
    const [row = {}] = frame.toRecords() as Row[];
    rows += row['rows'] ?? 0;
    extents.forEach((extent, index) => {
      merge(extent, row, index);
    });
  }
  return {
    rows,
    extents: new Map(fields.map((field, i) => [field.name, extents[i] ?? EMPTY_EXTENT])),
  };
}

/**
 * Polars' min and max pass over NaN; an infinity shows in one of them. The smallest value above
 * zero costs a filter, so only log scales ask for it.
 */
const quickExprs =
  (positives: boolean): Exprs =>
  (value, index) => {
    const pl = polars();
    const [nulls, nans] = [value.isNull().sum(), value.isNan().sum()].map((n) =>
      n.cast(pl.Float64),
    );
    if (nulls === undefined || nans === undefined) return [];
    return [
      value.min().alias(`min${index}`),
      value.max().alias(`max${index}`),
      (positives ? value.filter(value.gt(pl.lit(0))).min() : pl.lit(null).cast(pl.Float64)).alias(
        `pos${index}`,
      ),
      nulls.alias(`null${index}`),
      nans.alias(`nan${index}`),
      pl.len().cast(pl.Float64).sub(nulls).sub(nans).alias(`count${index}`),
      pl.lit(0).cast(pl.Float64).alias(`inf${index}`),
    ];
  };

const carefulExprs: Exprs = (value, index) => {
  const pl = polars();
  const finite = value.filter(value.isFinite());
  return [
    finite.min().alias(`min${index}`),
    finite.max().alias(`max${index}`),
    finite
      .filter(finite.gt(pl.lit(0)))
      .min()
      .alias(`pos${index}`),
    value.isFinite().sum().cast(pl.Float64).alias(`count${index}`),
    value.isNull().sum().cast(pl.Float64).alias(`null${index}`),
    value.isNan().sum().cast(pl.Float64).alias(`nan${index}`),
    value.isInfinite().sum().cast(pl.Float64).alias(`inf${index}`),
  ];
};

/** What one pass over a piece says: a row of Float64. */
type Row = Readonly<Record<string, number | null>>;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export const EMPTY_EXTENT: Extent = {
  count: 0,
  min: Number.NaN,
  max: Number.NaN,
  minPositive: Number.NaN,
  nulls: 0,
  nans: 0,
  infinities: 0,
};

/** Of a column of NaN alone Polars' minimum is NaN, and then nothing has been seen. */
function merge(extent: Writable<Extent>, row: Row, index: number): void {
  const number = (name: string): number | null => row[`${name}${index}`] ?? null;
  extent.count += number('count') ?? 0;
  extent.nulls += number('null') ?? 0;
  extent.nans += number('nan') ?? 0;
  extent.infinities += number('inf') ?? 0;
  extent.min = smaller(extent.min, number('min'));
  extent.max = -smaller(-extent.max, negative(number('max')));
  extent.minPositive = smaller(extent.minPositive, number('pos'));
}

const negative = (value: number | null): number | null => (value === null ? null : -value);

/** The smaller of two, where NaN and null mean "nothing yet". */
function smaller(a: number, b: number | null): number {
  if (b === null || Number.isNaN(b)) return a;
  return Number.isNaN(a) ? b : Math.min(a, b);
}
