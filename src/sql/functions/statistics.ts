/** Statistical aggregates. All compute in doubles, on the rows where every argument is known. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { Expression } from '../ir.ts';
import * as t from '../types.ts';
import type { AggregateFunction, AggregateTable } from './aggregate.ts';
import { arg, literalOf } from './function.ts';
import { atAllScales, fromAllScales } from './scales.ts';

const NOT_A_NUMBER = d.nullOf('Float64');

/** One column of doubles to one double. */
const single = (name: string, lower: (values: Dsl) => Dsl): AggregateFunction => ({
  usage: `${name}(number)`,
  resolve: (types) => (types.length === 1 ? { args: [t.FLOAT64], type: t.FLOAT64 } : undefined),
  lower: (args) => lower(arg(args, 0)),
  skipsNulls: true,
  ofNothing: null,
});

/** Too few rows for the divisor: SQL says NULL. */
const atLeast = (rows: number, values: Dsl, result: Dsl): Dsl =>
  d.ternary(d.binary('GtEq', d.countOf(values), d.scalar('UInt32', rows)), result, NOT_A_NUMBER);

/** Two columns, rows where either is NULL left out. */
const pair = (
  name: string,
  lower: (y: Dsl, x: Dsl) => Dsl,
  type: t.SqlType = t.FLOAT64,
): AggregateFunction => ({
  usage: `${name}(y, x)`,
  resolve: (types) => (types.length === 2 ? { args: [t.FLOAT64, t.FLOAT64], type } : undefined),
  lower: (args) => {
    const known = d.and(d.isNotNull(arg(args, 0)), d.isNotNull(arg(args, 1)));
    return lower(d.filter(arg(args, 0), known), d.filter(arg(args, 1), known));
  },
  skipsNulls: true,
  ofNothing: null,
});

const correlation =
  (method: unknown) =>
  (y: Dsl, x: Dsl): Dsl =>
    d.call({ Correlation: { method } }, y, x);
const covariance =
  (ddof: number) =>
  (y: Dsl, x: Dsl): Dsl =>
    atLeast(ddof + 1, x, correlation({ Covariance: ddof })(y, x));
const slope = (y: Dsl, x: Dsl): Dsl =>
  d.binary('TrueDivide', covariance(0)(y, x), d.variance(x, 0));
const std = (values: Dsl, ddof: number): Dsl =>
  fromAllScales(
    atAllScales(values).map((scaled) => d.std(scaled, ddof)),
    1,
  );
const variance = (values: Dsl, ddof: number): Dsl =>
  fromAllScales(
    atAllScales(values).map((scaled) => d.variance(scaled, ddof)),
    2,
  );
const mean = (values: Dsl): Dsl => d.agg('Mean', values);
const rows = (values: Dsl): Dsl => d.cast(d.countOf(values), 'Float64');
const pearson = correlation('Pearson');

/** The type of a value between two: doubles, and moments for days and moments. */
function between(type: t.SqlType): t.SqlType | undefined {
  if (t.isNumeric(type) || type.kind === 'null') return t.FLOAT64;
  if (type.kind === 'date') return t.TIMESTAMP;
  return type.kind === 'timestamp' ? { ...type, unit: 'us' } : undefined;
}

/** Microseconds of this era are whole numbers of a double. */
function linearOf(values: Dsl, fraction: number, type: t.SqlType, value: Expression): Dsl {
  if (type.kind !== 'timestamp')
    return isNarrow(value) ? linear(values, fraction) : interpolated(values, fraction);
  const micros = d.cast(d.cast(d.physical(values), 'Int64'), 'Float64');
  const whole = d.cast(d.call('Floor', linear(micros, fraction)), 'Int64');
  return d.cast(whole, t.dtypeOf(type));
}

/** Doubles made of integers and decimals: none is infinite, none far from another. */
const isNarrow = (value: Expression): boolean =>
  value.kind === 'cast' && t.isNumeric(value.input.type) && value.input.type.kind !== 'float';

/** The value at a fraction of the ordered values. */
const quantile = (name: string, continuous: boolean): AggregateFunction => ({
  usage: `${name}(value, fraction)`,
  resolve: ([a, b], args) => {
    if (a === undefined || b === undefined) return undefined;
    const fraction = Number(literalOf(args[1]) ?? Number.NaN);
    const scaled =
      args[1]?.type.kind === 'decimal' ? fraction / 10 ** args[1].type.scale : fraction;
    if (args[1]?.kind !== 'literal' || !(scaled >= 0 && scaled <= 1)) {
      return 'the fraction must be a constant between 0 and 1';
    }
    if (!continuous) return { args: [a, t.FLOAT64], type: a };
    const type = between(a);
    return type && { args: [type, t.FLOAT64], type };
  },
  lower: (args, { args: inputs, type }) => {
    const fraction = Number(literalOf(inputs[1]));
    return continuous
      ? linearOf(arg(args, 0), fraction, type, inputs[0] as Expression)
      : discrete(arg(args, 0), fraction);
  },
  skipsNulls: true,
  ofNothing: null,
});

const quantileBy = (method: string, values: Dsl, fraction: number): Dsl =>
  d.call({ Quantile: { method } }, values, d.float64(fraction));

/** low + (high - low) * share, in Polars. */
const linear = (values: Dsl, fraction: number): Dsl => quantileBy('Linear', values, fraction);

/**
 * The same by the rule of `stats` (compute/stats/multiset.ts), for any doubles: where two are
 * farther apart than the largest one they are weighed, and from -inf to a number it is -inf, as in
 * DuckDB; Polars' way gives inf and NaN. Takes twice its time.
 */
export function interpolated(values: Dsl, fraction: number): Dsl {
  const last = d.binary('Minus', d.cast(d.countOf(values), 'Float64'), d.float64(1));
  const position = d.binary('Multiply', last, d.float64(fraction));
  const share = d.binary('Modulus', position, d.float64(1));
  // In one list, because Polars would compute a neighbour anew wherever it is mentioned.
  const [low, high] = ['Lower', 'Higher'].map((way) => quantileBy(way, values, fraction));
  return d.ofElements(d.call('AsList', low as Dsl, high as Dsl, share), BETWEEN);
}

const BETWEEN: Dsl = (() => {
  const at = (index: number) => d.agg('First', d.slice(d.element, d.int64(index), d.int64(1)));
  const [low, high, share] = [at(0), at(1), at(2)];
  const span = d.binary('Minus', high, low);
  const stepped = d.binary('Plus', low, d.binary('Multiply', span, share));
  const rest = d.binary('Minus', d.float64(1), share);
  const weighed = d.binary(
    'Plus',
    d.binary('Multiply', low, rest),
    d.binary('Multiply', high, share),
  );
  const known = d.ternary(d.boolCall('IsFinite', span), stepped, weighed);
  return d.ternary(d.binary('Eq', low, high), low, known);
})();

/** The first value at or past the fraction of the rows, as PostgreSQL defines percentile_disc. */
function discrete(values: Dsl, fraction: number): Dsl {
  const known = d.call('DropNulls', values);
  const ordered = {
    Sort: {
      expr: known,
      options: {
        descending: false,
        nulls_last: false,
        multithreaded: true,
        maintain_order: false,
        limit: null,
      },
    },
  };
  const wanted = d.call(
    'Ceil',
    d.binary('Multiply', d.cast(d.countOf(values), 'Float64'), d.float64(fraction)),
  );
  const index = d.call(
    'MaxHorizontal',
    d.binary('Minus', d.cast(wanted, 'Int64'), d.int64(1)),
    d.int64(0),
  );
  return d.agg('First', { Slice: { input: ordered, offset: index, length: d.int64(1) } });
}

export const STATISTICS: AggregateTable = {
  stddev_samp: single('stddev_samp', (a) => atLeast(2, a, std(a, 1))),
  stddev_pop: single('stddev_pop', (a) => std(a, 0)),
  var_samp: single('var_samp', (a) => atLeast(2, a, variance(a, 1))),
  var_pop: single('var_pop', (a) => variance(a, 0)),
  sem: single('sem', (a) => d.binary('TrueDivide', std(a, 0), d.call({ Pow: 'Sqrt' }, rows(a)))),
  median: {
    usage: 'median(value)',
    resolve: ([a, more]) => {
      const type = a === undefined || more !== undefined ? undefined : between(a);
      return type && { args: [type], type };
    },
    lower: (args, { args: [value], type }) =>
      linearOf(arg(args, 0), 0.5, type, value as Expression),
    skipsNulls: true,
    ofNothing: null,
  },
  quantile_cont: quantile('quantile_cont', true),
  quantile_disc: quantile('quantile_disc', false),
  /** Adjusted Fisher-Pearson, as DuckDB and most spreadsheets. */
  skewness: single('skewness', (a) => atLeast(3, a, d.call({ Skew: false }, a))),
  kurtosis: single('kurtosis', (a) => atLeast(4, a, d.call({ Kurtosis: [true, false] }, a))),
  kurtosis_pop: single('kurtosis_pop', (a) => atLeast(2, a, d.call({ Kurtosis: [true, true] }, a))),
  product: single('product', (a) => atLeast(1, a, d.call('Product', a))),
  geomean: single('geomean', (a) => d.call('Exp', mean(d.call('Log', a, d.float64(Math.E))))),
  corr: pair('corr', (y, x) => atLeast(2, x, pearson(y, x))),
  /** Ranks over the rows where both are known; ties share the average rank. */
  corr_spearman: pair('corr_spearman', correlation({ SpearmanRank: false })),
  covar_pop: pair('covar_pop', covariance(0)),
  covar_samp: pair('covar_samp', covariance(1)),
  regr_count: pair('regr_count', (_, x) => d.cast(d.countOf(x), 'Int64'), t.INT64),
  regr_avgx: pair('regr_avgx', (_, x) => mean(x)),
  regr_avgy: pair('regr_avgy', (y) => mean(y)),
  regr_slope: pair('regr_slope', slope),
  regr_intercept: pair('regr_intercept', (y, x) =>
    d.binary('Minus', mean(y), d.binary('Multiply', slope(y, x), mean(x))),
  ),
  regr_r2: pair('regr_r2', (y, x) => d.binary('Multiply', pearson(y, x), pearson(y, x))),
  regr_sxx: pair('regr_sxx', (_, x) => d.binary('Multiply', d.variance(x, 0), rows(x))),
  regr_syy: pair('regr_syy', (y, x) => d.binary('Multiply', d.variance(y, 0), rows(x))),
  regr_sxy: pair('regr_sxy', (y, x) => d.binary('Multiply', covariance(0)(y, x), rows(x))),
};
