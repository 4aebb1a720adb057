/** Grouped aggregates as rows, merged over segments so that memory depends on groups alone. */
import { type DataFrame, type Expr, type LazyFrame, polars } from '../../compute/polars.ts';
import type { Relation } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import type { Aggregate, Band } from '../request.ts';
import { frames, values } from './stream.ts';

export interface Key {
  readonly name: string;
  readonly expr: Expr;
}

/** n is the number of finite values, rows of all. */
export interface Moments {
  rows: number;
  n: number;
  sum: number;
  mean: number;
  m2: number;
  min: number;
  max: number;
  first: number;
  last: number;
  median: number;
  q1: number;
  q3: number;
}

export interface Group {
  readonly key: readonly (number | string | null)[];
  readonly moments: Moments;
}

const MERGEABLE = ['rows', 'n', 'sum', 'mean', 'm2', 'min', 'max', 'first', 'last'] as const;
const WHOLE = ['median', 'q1', 'q3'] as const;

/**
 * Moments of `value` (Float64; not finite counts as missing) for every combination of keys.
 * Quantiles need all rows at once: MEMORY_LIMIT when the relation does not fit.
 */
export async function aggregate(
  relation: Relation,
  columns: readonly string[],
  keys: readonly Key[],
  value: Expr | undefined,
  quantiles: boolean,
): Promise<Group[]> {
  if (quantiles && !relation.fits) {
    throw new NairobiError(
      'MEMORY_LIMIT',
      'Quantiles need every row at once and these do not fit',
      {
        hint: 'raise --memory-limit, or use --agg mean and --band stdev',
      },
    );
  }
  const groups = new Map<string, Group>();
  const grouped = (frame: LazyFrame): LazyFrame =>
    frame
      .select(...keys.map((key) => key.expr.alias(key.name)), valueColumn(value))
      .groupBy(keys.map((key) => key.name))
      .agg(...moments(quantiles));
  const use = quantiles ? 'rows' : 'reduction';
  for await (const frame of frames(relation, columns, grouped, use)) {
    mergeFrame(groups, frame, keys, quantiles);
  }
  return [...groups.values()];
}

function valueColumn(value: Expr | undefined): Expr {
  const pl = polars();
  const number = value ?? pl.lit(1).cast(pl.Float64);
  return pl.when(number.isFinite()).then(number).otherwise(pl.lit(null)).alias('__value');
}

function moments(quantiles: boolean): Expr[] {
  const pl = polars();
  const value = pl.col('__value');
  const known = value.dropNulls();
  const exprs = [
    pl.len().cast(pl.Float64).alias('rows'),
    value.count().cast(pl.Float64).alias('n'),
    value.sum().alias('sum'),
    value.mean().alias('mean'),
    value
      .var()
      .mul(value.count().cast(pl.Float64).sub(pl.lit(1)))
      .alias('m2'),
    value.min().alias('min'),
    value.max().alias('max'),
    known.first().alias('first'),
    known.last().alias('last'),
  ];
  if (!quantiles) return exprs;
  return [
    ...exprs,
    value.median().alias('median'),
    value.quantile(0.25, 'linear' as never).alias('q1'),
    value.quantile(0.75, 'linear' as never).alias('q3'),
  ];
}

function mergeFrame(
  groups: Map<string, Group>,
  frame: DataFrame,
  keys: readonly Key[],
  quantiles: boolean,
): void {
  const keyColumns = keys.map((key) => values<number | string | null>(frame, key.name));
  const names = quantiles ? [...MERGEABLE, ...WHOLE] : MERGEABLE;
  const columns = names.map((name) => values<number | null>(frame, name));
  for (let row = 0; row < frame.height; row += 1) {
    const key = keyColumns.map((column) => column[row] ?? null);
    const part = { ...NOTHING };
    names.forEach((name, index) => {
      // The variance of one value is null: its squares sum to zero.
      part[name] = columns[index]?.[row] ?? (name === 'm2' ? 0 : Number.NaN);
    });
    const id = JSON.stringify(key);
    const known = groups.get(id);
    groups.set(id, known === undefined ? { key, moments: part } : merged(known, part));
  }
}

const NOTHING: Moments = {
  rows: 0,
  n: 0,
  sum: 0,
  mean: Number.NaN,
  m2: 0,
  min: Number.NaN,
  max: Number.NaN,
  first: Number.NaN,
  last: Number.NaN,
  median: Number.NaN,
  q1: Number.NaN,
  q3: Number.NaN,
};

/** Chan, Golub and LeVeque's pairwise update for mean and m2. */
function merged(known: Group, b: Moments): Group {
  const a = known.moments;
  if (b.n === 0) return { key: known.key, moments: { ...a, rows: a.rows + b.rows } };
  if (a.n === 0) return { key: known.key, moments: { ...b, rows: a.rows + b.rows } };
  const n = a.n + b.n;
  const delta = b.mean - a.mean;
  return {
    key: known.key,
    moments: {
      ...a,
      rows: a.rows + b.rows,
      n,
      sum: a.sum + b.sum,
      mean: a.mean + (delta * b.n) / n,
      m2: a.m2 + b.m2 + (delta * delta * a.n * b.n) / n,
      min: Math.min(a.min, b.min),
      max: Math.max(a.max, b.max),
      last: b.last,
    },
  };
}

/** The value of one aggregate; null when the group holds no finite value. */
export function pick(moments: Moments, agg: Aggregate): number | null {
  // Of values when there is a column of them, as SQL's count(v); else of rows.
  if (agg === 'count') return moments.n;
  return moments.n === 0 ? null : moments[agg];
}

/** The ends of a band around the middle, or undefined where it is not defined (one value). */
export function bandOf(m: Moments, band: Band): readonly [number, number] | undefined {
  if (m.n === 0) return undefined;
  if (band === 'minmax') return [m.min, m.max];
  if (band === 'iqr') return [m.q1, m.q3];
  if (m.n < 2) return undefined;
  const stdev = Math.sqrt(m.m2 / (m.n - 1));
  const stderr = stdev / Math.sqrt(m.n);
  const half = band === 'stdev' ? stdev : band === 'stderr' ? stderr : 1.96 * stderr;
  return [m.mean - half, m.mean + half];
}
