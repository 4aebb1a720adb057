/**
 * Aggregates that can be computed piece by piece: what each piece contributes, how contributions
 * of one group are combined, and the value they give in the end. Variances are merged by Chan,
 * Golub and LeVeque (1979): never as sums of squares, which cancel.
 */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { aggregateFunction } from '../functions/aggregates.ts';
import { toFloat } from '../functions/numbers.ts';
import { atAllScales, fromAllScales, SCALES } from '../functions/scales.ts';
import type { AggregateExpression } from '../ir.ts';
import { rareIfLoaded } from '../rare.ts';
import { dtypeOf, FLOAT64, type SqlType } from '../types.ts';

export interface Part {
  /** Over the rows of a piece. */
  readonly partial: Dsl;
  /** Over the contributions to one group, in order; `column` names a part's column. */
  readonly merge: (column: (part: number) => Dsl) => Dsl;
}

export interface Decomposed {
  readonly parts: readonly Part[];
  /** From the merged parts. */
  readonly finish: (column: (part: number) => Dsl) => Dsl;
}

const sum = (node: Dsl): Dsl => d.agg('Sum', node);
const times = (a: Dsl, b: Dsl): Dsl => d.binary('Multiply', a, b);
const minus = (a: Dsl, b: Dsl): Dsl => d.binary('Minus', a, b);
const divided = (a: Dsl, b: Dsl): Dsl => d.binary('TrueDivide', a, b);
const count = (node: Dsl): Dsl => d.cast(d.countOf(node), 'Int64');

const added = (partial: Dsl, index: number): Part => ({
  partial,
  merge: (column) => sum(column(index)),
});
const itself = (column: (part: number) => Dsl): Dsl => column(0);

/** NULL when no piece had a value. */
const anySum = (node: Dsl, type: SqlType): Dsl =>
  d.ternary(
    d.binary('Gt', d.countOf(node), d.scalar('UInt32', 0)),
    sum(node),
    d.nullOf(dtypeOf(type)),
  );

const kept = (partial: Dsl, variant: string): Decomposed => ({
  parts: [{ partial, merge: (column) => d.agg(variant, column(0)) }],
  finish: itself,
});

/** n and the mean of a column, merged as weighted means; their parts start at `at`. */
const weighted = (n: (part: number) => Dsl, mean: Dsl): Dsl => {
  const weight = n(0);
  return divided(
    sum(times(d.coalesce(mean, d.float64(0)), d.cast(weight, 'Float64'))),
    d.cast(sum(weight), 'Float64'),
  );
};

/** Between-piece part of a sum of products of deviations. */
function between(column: (part: number) => Dsl, x: number, y: number): Dsl {
  const deviation = (part: number): Dsl =>
    minus(d.coalesce(column(part), d.float64(0)), weighted(column, column(part)));
  return sum(times(times(deviation(x), deviation(y)), d.cast(column(0), 'Float64')));
}

/** Parts n and, of the values at each scale, mean and M2. */
function moments(values: Dsl): readonly Part[] {
  const n = count(values);
  const scaled = atAllScales(values).flatMap((each, scale): Part[] => {
    const [mean, squares] = momentsAt(scale);
    return [
      { partial: d.agg('Mean', each), merge: (column) => weighted(column, column(mean)) },
      {
        partial: d.coalesce(times(d.variance(each, 0), d.cast(n, 'Float64')), d.float64(0)),
        merge: (column) => d.binary('Plus', sum(column(squares)), between(column, mean, mean)),
      },
    ];
  });
  return [added(n, 0), ...scaled];
}

/** Where mean and M2 stand among the parts. */
const momentsAt = (scale: number): [mean: number, squares: number] => [
  1 + 2 * scale,
  2 + 2 * scale,
];

type Finish = (column: (part: number) => Dsl) => Dsl;
const rows: Finish = (column) => d.cast(column(0), 'Float64');
const root = (value: Dsl): Dsl => d.call({ Pow: 'Sqrt' }, value);

function spread(values: Dsl, ddof: number, power: 1 | 2): Decomposed {
  return {
    parts: moments(values),
    finish: (column) => {
      const found = SCALES.map((_, scale) => {
        const [, squares] = momentsAt(scale);
        const value = divided(column(squares), minus(rows(column), d.float64(ddof)));
        return power === 1 ? root(value) : value;
      });
      const enough = d.binary('Gt', column(0), d.int64(ddof));
      return d.ternary(enough, fromAllScales(found, power), d.nullOf('Float64'));
    },
  };
}

/** The standard error of the mean. */
function standardError(values: Dsl): Decomposed {
  const { parts, finish } = spread(values, 0, 1);
  return { parts, finish: (column) => divided(finish(column), root(rows(column))) };
}

/** Parts n, mean y, mean x, M2 y, M2 x, C of two columns. */
function coMoments(y: Dsl, x: Dsl): readonly Part[] {
  const known = d.and(d.isNotNull(y), d.isNotNull(x));
  const [ky, kx] = [d.filter(y, known), d.filter(x, known)];
  const n = count(ky);
  const rows = d.cast(n, 'Float64');
  const second = (partial: Dsl, index: number, a: number, b: number): Part => ({
    partial: d.coalesce(times(partial, rows), d.float64(0)),
    merge: (column) => d.binary('Plus', sum(column(index)), between(column, a, b)),
  });
  const covariance = d.call({ Correlation: { method: { Covariance: 0 } } }, ky, kx);
  const some = d.ternary(d.binary('Gt', n, d.int64(0)), covariance, d.nullOf('Float64'));
  return [
    added(n, 0),
    { partial: d.agg('Mean', ky), merge: (column) => weighted(column, column(1)) },
    { partial: d.agg('Mean', kx), merge: (column) => weighted(column, column(2)) },
    second(d.variance(ky, 0), 3, 1, 1),
    second(d.variance(kx, 0), 4, 2, 2),
    second(some, 5, 1, 2),
  ];
}

const slope: Finish = (column) => divided(column(5), column(4));
const correlation: Finish = (column) =>
  divided(column(5), d.call({ Pow: 'Sqrt' }, times(column(3), column(4))));

const PAIRS: Readonly<Record<string, { readonly least: number; readonly finish: Finish }>> = {
  corr: { least: 2, finish: correlation },
  covar_pop: { least: 1, finish: (column) => divided(column(5), rows(column)) },
  covar_samp: {
    least: 2,
    finish: (column) => divided(column(5), minus(rows(column), d.float64(1))),
  },
  regr_count: { least: 0, finish: itself },
  regr_avgy: { least: 1, finish: (column) => column(1) },
  regr_avgx: { least: 1, finish: (column) => column(2) },
  regr_syy: { least: 1, finish: (column) => column(3) },
  regr_sxx: { least: 1, finish: (column) => column(4) },
  regr_sxy: { least: 1, finish: (column) => column(5) },
  regr_slope: { least: 1, finish: slope },
  regr_intercept: {
    least: 1,
    finish: (column) => minus(column(1), times(slope(column), column(2))),
  },
  regr_r2: { least: 1, finish: (column) => times(correlation(column), correlation(column)) },
};

function paired(name: string, args: readonly Dsl[]): Decomposed | undefined {
  const pair = PAIRS[name];
  const [y, x] = args;
  if (pair === undefined || y === undefined || x === undefined) return undefined;
  return {
    parts: coMoments(y, x),
    finish: (column) => {
      if (pair.least === 0) return pair.finish(column);
      const enough = d.binary('GtEq', column(0), d.int64(pair.least));
      return d.ternary(enough, pair.finish(column), d.nullOf('Float64'));
    },
  };
}

function average(values: Dsl, type: SqlType): Decomposed {
  const exact = type.kind === 'integer' || type.kind === 'decimal';
  const total = sum(exact ? d.cast(values, 'Int128') : values);
  return {
    parts: [added(total, 0), added(count(values), 1)],
    finish: (column) => {
      const some = d.binary('Gt', column(1), d.int64(0));
      const value = divided(
        toFloat(column(0), exact ? type : FLOAT64),
        d.cast(column(1), 'Float64'),
      );
      return d.ternary(some, value, d.nullOf('Float64'));
    },
  };
}

/** The different values of each group: as much memory as the result of DISTINCT takes. */
function distinctValues(aggregate: AggregateExpression, values: Dsl): Decomposed | undefined {
  const fn = aggregateFunction(aggregate.name);
  if (!/^(count|sum|avg)$/.test(aggregate.name) || fn === undefined) return undefined;
  const different = (node: Dsl): Dsl =>
    d.implode(d.call({ Unique: true }, d.call('DropNulls', node)));
  return {
    parts: [{ partial: different(values), merge: (column) => different(d.explode(column(0))) }],
    finish: (column) =>
      aggregate.name === 'count'
        ? d.cast(d.listCall('Length', column(0)), 'Int64')
        : d.ofElements(column(0), fn.lower([d.element], { ...aggregate, distinct: false })),
  };
}

/** The parts of an aggregate, or undefined when it needs all its rows at once. */
export function decompose(
  aggregate: AggregateExpression,
  whole: Dsl,
  args: readonly Dsl[],
): Decomposed | undefined {
  if (aggregate.order.length > 0) return undefined;
  const { name, type } = aggregate;
  const [values] = args;
  if (aggregate.distinct && name !== 'min' && name !== 'max')
    return values === undefined ? undefined : distinctValues(aggregate, values);
  if (name === 'count' || name === 'count_if') return { parts: [added(whole, 0)], finish: itself };
  if (name === 'sum') {
    return {
      parts: [{ partial: whole, merge: (column) => anySum(column(0), type) }],
      finish: itself,
    };
  }
  if (name === 'min') return kept(whole, 'Min');
  if (name === 'max') {
    const merge = (column: (part: number) => Dsl): Dsl =>
      aggregateFunction('max')?.lower([column(0)], aggregate) as Dsl;
    return { parts: [{ partial: whole, merge }], finish: itself };
  }
  if (name === 'first') return kept(whole, 'First');
  if (name === 'last') return kept(whole, 'Last');
  if (values === undefined) return undefined;
  const input = aggregate.args[0]?.type ?? type;
  if (name === 'approx_count_distinct') return rareIfLoaded()?.distinctSketch(values);
  if (name === 'approx_quantile' && type.kind === 'float')
    return rareIfLoaded()?.quantileSketch(values, aggregate);
  if (name === 'any_value') {
    const merge = (column: (part: number) => Dsl): Dsl =>
      d.agg('First', d.call('DropNulls', column(0)));
    return { parts: [{ partial: whole, merge }], finish: itself };
  }
  if (name === 'avg' && input.kind !== 'interval') return average(values, input);
  if (name === 'bool_and') return kept(whole, 'Min');
  if (name === 'bool_or') return kept(whole, 'Max');
  if (name === 'stddev_samp') return spread(values, 1, 1);
  if (name === 'stddev_pop') return spread(values, 0, 1);
  if (name === 'var_samp') return spread(values, 1, 2);
  if (name === 'var_pop') return spread(values, 0, 2);
  if (name === 'sem') return standardError(values);
  return paired(name, args);
}
