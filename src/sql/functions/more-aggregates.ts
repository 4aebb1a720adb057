/** Aggregates that few queries use: bits, histograms, the n best, entropy, absolute deviation. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import type { AggregateFunction, AggregateTable } from './aggregate.ts';
import { aggregateFunction } from './aggregates.ts';
import { arg, literalOf } from './function.ts';
import { interpolated } from './statistics.ts';

const any = (values: Dsl, result: Dsl, type: SqlType): Dsl =>
  d.ternary(
    d.binary('Gt', d.countOf(values), d.scalar('UInt32', 0)),
    result,
    d.nullOf(t.dtypeOf(type)),
  );

const BITS = 64;

/** Bit by bit: the engine has no aggregate for it, and a sum of single bits is exact. */
const bits = (name: string, holds: (ones: Dsl, known: Dsl) => Dsl): AggregateFunction => ({
  usage: `${name}(integer)`,
  resolve: ([a, more]) => {
    if (a?.kind === 'null') return { args: [t.INT64], type: t.INT64 };
    return a?.kind === 'integer' && a.bits <= BITS && more === undefined
      ? { args: [a], type: a }
      : undefined;
  },
  lower: (args, { type }) => {
    const values = d.cast(arg(args, 0), 'Int64');
    const width = type.kind === 'integer' ? type.bits : BITS;
    const known = d.countOf(values);
    const parts = Array.from({ length: width }, (_, bit): Dsl => {
      const mask = bit === 63 ? -(2n ** 63n) : 2n ** BigInt(bit);
      const set = d.binary('NotEq', d.binary('And', values, d.int64(mask)), d.int64(0));
      const ones = d.agg('Sum', d.cast(set, 'UInt32'));
      return d.ternary(holds(ones, known), d.int64(mask), d.int64(0));
    });
    const join = (nodes: readonly Dsl[]): Dsl => {
      if (nodes.length === 1) return nodes[0] as Dsl;
      const middle = nodes.length >> 1;
      return d.binary('Or', join(nodes.slice(0, middle)), join(nodes.slice(middle)));
    };
    const wide = join(parts);
    if (type.kind === 'integer' && type.signed && width < BITS) {
      // The sign is the highest bit of the narrow type.
      const over = d.binary('GtEq', wide, d.int64(2n ** BigInt(width - 1)));
      const signed = d.ternary(over, d.binary('Minus', wide, d.int64(2n ** BigInt(width))), wide);
      return any(values, d.cast(signed, t.dtypeOf(type)), type);
    }
    return any(values, d.cast(wide, t.dtypeOf(type)), type);
  },
  skipsNulls: true,
  ofNothing: null,
});

/** value -> how often, in the order of the values: a map. */
const histogram: AggregateFunction = {
  usage: 'histogram(value)',
  resolve: ([a, more]) =>
    a === undefined || more !== undefined
      ? undefined
      : { args: [a], type: { kind: 'map', key: a, value: t.INT64 } },
  lower: (args, { type }) => {
    const known = d.sorted(d.call('DropNulls', arg(args, 0)), false, true);
    const distinct = d.call({ Unique: true }, known);
    const counts = d.cast(d.call('UniqueCounts', known), 'Int64');
    const pairs = d.struct([
      ['key', distinct],
      ['value', counts],
    ]);
    return any(arg(args, 0), d.cast(d.implode(pairs), t.dtypeOf(type)), type);
  },
  skipsNulls: true,
  ofNothing: null,
};

const count = (expression: unknown): number => Number(expression);

/** arg_max(value, by, n) and max(value, n): lists of the n first. */
const best = (name: string, descending: boolean): AggregateFunction => ({
  usage: `${name}(value, by, n)`,
  resolve: ([a, b, n], args) => {
    if (a === undefined || b === undefined || n === undefined) return undefined;
    if (!(count(literalOf(args[2])) > 0)) return 'n must be a constant above 0';
    return { args: [a, b, t.INT64], type: t.listOf(a) };
  },
  lower: (args) => {
    const [value, by] = [arg(args, 0), arg(args, 1)];
    const known = d.and(d.isNotNull(value), d.isNotNull(by));
    const key = { node: d.filter(by, known), descending, nullsLast: true };
    return d.implode(d.slice(d.sortBy(d.filter(value, known), [key]), d.int64(0), arg(args, 2)));
  },
  skipsNulls: false,
  ofNothing: null,
});

const extremes = (name: string, descending: boolean): AggregateFunction => ({
  usage: `${name}(value, n)`,
  resolve: ([a, n], args) => {
    if (a === undefined || n === undefined) return undefined;
    if (!(count(literalOf(args[1])) > 0)) return 'n must be a constant above 0';
    return { args: [a, t.INT64], type: t.listOf(a) };
  },
  lower: (args) => {
    const known = d.call('DropNulls', arg(args, 0));
    return d.implode(d.slice(d.sorted(known, descending, true), d.int64(0), arg(args, 1)));
  },
  skipsNulls: true,
  ofNothing: null,
});

const numbers = (name: string, lower: (values: Dsl) => Dsl): AggregateFunction => ({
  usage: `${name}(number)`,
  resolve: (types) => (types.length === 1 ? { args: [t.FLOAT64], type: t.FLOAT64 } : undefined),
  lower: (args) => lower(arg(args, 0)),
  skipsNulls: true,
  ofNothing: null,
});

const median = (values: Dsl): Dsl => interpolated(values, 0.5);

/** Several quantiles at once, as a list. */
const quantiles = (name: 'quantile_cont' | 'quantile_disc'): AggregateFunction => ({
  usage: `${name}(value, [fraction, ...])`,
  resolve: ([a, b], args) => {
    const fractions = fractionsOf(args[1]);
    if (a === undefined || b === undefined || fractions === undefined) return undefined;
    const inner = aggregateFunction(name)?.resolve(
      [a, t.FLOAT64],
      [args[0] as never, fractions[0] as never],
    );
    if (inner === undefined || typeof inner === 'string') return inner;
    return { args: [inner.args[0] as SqlType, b], type: t.listOf(inner.type) };
  },
  lower: (args, aggregate) => {
    const fn = aggregateFunction(name);
    const fractions = fractionsOf(aggregate.args[1]) ?? [];
    const each = fractions.map((fraction) => {
      const inner = [aggregate.args[0] as never, fraction];
      return d.call('AsList', fn?.lower(args, { ...aggregate, args: inner }) as Dsl);
    });
    const some = d.binary('Gt', d.countOf(arg(args, 0)), d.scalar('UInt32', 0));
    return d.ternary(some, d.listCall('Concat', ...each), d.nullOf('Null'));
  },
  skipsNulls: true,
  ofNothing: null,
});

type Literal = Extract<import('../ir.ts').Expression, { kind: 'literal' }>;

/** The fractions of [0.25, 0.5], as doubles; undefined when they are no constants. */
function fractionsOf(list: import('../ir.ts').Expression | undefined): Literal[] | undefined {
  const inner = list?.kind === 'cast' ? list.input : list;
  if (inner?.kind !== 'call' || inner.name !== 'array') return undefined;
  const literals = inner.args.map((each): Literal | undefined => {
    const value = each.kind === 'cast' ? each.input : each;
    if (value.kind !== 'literal' || !t.isNumeric(value.type)) return undefined;
    const scale = value.type.kind === 'decimal' ? value.type.scale : 0;
    const number = Number(value.value) / 10 ** scale;
    return { kind: 'literal', value: number, type: t.FLOAT64, position: value.position };
  });
  return literals.some((each) => each === undefined) ? undefined : (literals as Literal[]);
}

/** Exact where the rows are at hand; see rare/sketches.ts for what runs piece by piece. */
const approximateCount: AggregateFunction = {
  usage: 'approx_count_distinct(value)',
  resolve: (types) => (types.length === 1 ? { args: types, type: t.INT64 } : undefined),
  lower: (args) => d.cast(d.agg('NUnique', d.call('DropNulls', arg(args, 0))), 'Int64'),
  skipsNulls: true,
  ofNothing: 0n,
};

const approximateQuantile: AggregateFunction = {
  usage: 'approx_quantile(number, fraction)',
  resolve: (types, args) => aggregateFunction('quantile_cont')?.resolve(types, args),
  lower: (args, aggregate) => aggregateFunction('quantile_cont')?.lower(args, aggregate) as Dsl,
  skipsNulls: true,
  ofNothing: null,
};

export const MORE_AGGREGATES: AggregateTable = {
  approx_count_distinct: approximateCount,
  approx_quantile: approximateQuantile,
  bit_and: bits('bit_and', (ones, known) => d.binary('Eq', ones, known)),
  bit_or: bits('bit_or', (ones) => d.binary('Gt', ones, d.scalar('UInt32', 0))),
  bit_xor: bits('bit_xor', (ones) =>
    d.binary('Eq', d.binary('Modulus', ones, d.scalar('UInt32', 2)), d.scalar('UInt32', 1)),
  ),
  histogram,
  arg_max_n: best('arg_max', true),
  arg_min_n: best('arg_min', false),
  max_n: extremes('max', true),
  min_n: extremes('min', false),
  /** In bits, as DuckDB. */
  entropy: {
    usage: 'entropy(value)',
    resolve: ([a, more]) =>
      a === undefined || more !== undefined ? undefined : { args: [a], type: t.FLOAT64 },
    lower: (args) => {
      const counts = d.cast(d.call('UniqueCounts', d.element), 'Float64');
      const entropy = d.call({ Entropy: { base: 2, normalize: true } }, counts);
      const known = d.implode(d.call('DropNulls', arg(args, 0)));
      return any(arg(args, 0), d.call('Abs', d.ofElements(known, entropy)), t.FLOAT64);
    },
    skipsNulls: true,
    ofNothing: null,
  },
  mad: numbers('mad', (values) => median(d.call('Abs', d.binary('Minus', values, median(values))))),
  quantile_cont_list: quantiles('quantile_cont'),
  quantile_disc_list: quantiles('quantile_disc'),
};

export const MORE_AGGREGATE_ALIASES: Readonly<Record<string, string>> = {
  geometric_mean: 'geomean',
  favg: 'avg',
  sumkahan: 'sum',
};
