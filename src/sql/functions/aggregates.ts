/** The aggregate functions. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { rareIfLoaded } from '../rare.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import type { AggregateFunction, AggregateTable } from './aggregate.ts';
import { arg, literalOf } from './function.ts';
import { raise, toFloat } from './numbers.ts';
import { STATISTICS } from './statistics.ts';

/** SQL's aggregates of no value are NULL where Polars has a neutral element. */
export const whenAny = (counted: Dsl, value: Dsl, type: SqlType): Dsl =>
  d.ternary(
    d.binary('Gt', d.countOf(counted), d.scalar('UInt32', 0)),
    value,
    d.nullOf(t.dtypeOf(type)),
  );

const count: AggregateFunction = {
  usage: 'count(*) or count([DISTINCT] value)',
  resolve: (types) => (types.length <= 1 ? { args: types, type: t.INT64 } : undefined),
  lower: (args, { distinct }) => {
    if (args.length === 0) return d.cast(d.len, 'Int64');
    const values = arg(args, 0);
    if (!distinct) return d.cast(d.countOf(values), 'Int64');
    return distinctCount(values);
  },
  skipsNulls: true,
  ofNothing: 0n,
};

/** n_unique counts NULL as a value. */
function distinctCount(values: Dsl): Dsl {
  const hasNull = d.binary('Gt', d.call('NullCount', values), d.scalar('UInt32', 0));
  return d.binary('Minus', d.cast(d.agg('NUnique', values), 'Int64'), d.cast(hasNull, 'Int64'));
}

/** A sum of up to 2^33 rows needs 10 digits more than its values; past 38 it is checked. */
const SUM_DIGITS = 10;

function decimalSum(values: Dsl, type: SqlType): Dsl {
  const sum = d.agg('Sum', values);
  if (t.decimalShape(type)[0] + SUM_DIGITS <= t.MAX_PRECISION) return sum;
  const size = (variant: string): Dsl => d.call('Abs', d.cast(d.agg(variant, values), 'Float64'));
  const largest = d.call('MaxHorizontal', size('Min'), size('Max'));
  const bound = d.binary('Multiply', largest, d.cast(d.countOf(values), 'Float64'));
  const outside = d.coalesce(d.binary('Gt', bound, d.float64(1.6e38)), d.bool(false));
  return d.ternary(outside, raise(outside, 'sum out of range: 38 digits', 'Int128'), sum);
}

/** What sums of integers of this type are added up in: 2^31 rows of any fit. */
const wholeSum = ({ bits }: SqlType & { kind: 'integer' }): SqlType =>
  bits <= 32 ? t.INT64 : t.INT128;

const sum: AggregateFunction = {
  usage: 'sum(number)',
  resolve: ([a]) => {
    if (a === undefined) return undefined;
    if (a.kind === 'null') return { args: [t.INT64], type: t.INT64 };
    if (a.kind === 'boolean') return { args: [t.INT32], type: t.INT64 };
    if (a.kind === 'integer') return { args: [a], type: wholeSum(a) };
    if (a.kind === 'decimal') return { args: [a], type: t.decimal(38, a.scale) };
    if (a.kind === 'interval') return { args: [a], type: a };
    return a.kind === 'float' ? { args: [t.FLOAT64], type: t.FLOAT64 } : undefined;
  },
  lower: (args, { type, args: [input] }) => {
    const values = arg(args, 0);
    const wide = type.kind === 'integer' ? d.cast(values, t.dtypeOf(type)) : values;
    const total =
      type.kind === 'decimal' ? decimalSum(wide, input?.type ?? type) : d.agg('Sum', wide);
    return whenAny(values, total, type);
  },
  skipsNulls: true,
  ofNothing: null,
};

const avg: AggregateFunction = {
  usage: 'avg(number)',
  resolve: ([a]) => {
    if (a === undefined) return undefined;
    if (a.kind === 'decimal') return { args: [a], type: t.FLOAT64 };
    if (a.kind === 'interval') return { args: [a], type: a };
    // Polars' mean of REAL is a REAL.
    if (a.kind === 'float') return { args: [t.FLOAT64], type: t.FLOAT64 };
    return t.isNumeric(a) || a.kind === 'null' || a.kind === 'boolean'
      ? { args: [t.isNumeric(a) ? a : t.INT64], type: t.FLOAT64 }
      : undefined;
  },
  lower: (args, { args: [input] }) => {
    const values = arg(args, 0);
    const type = input?.type;
    if (type?.kind !== 'decimal' && type?.kind !== 'integer') return d.agg('Mean', values);
    // Polars' mean adds doubles: of large integers that cancel each other out nothing is left.
    const wide = type.kind === 'integer' ? d.cast(values, t.dtypeOf(wholeSum(type))) : values;
    const total = toFloat(d.agg('Sum', wide), type);
    return whenAny(values, d.binary('TrueDivide', total, d.countOf(values)), t.FLOAT64);
  },
  skipsNulls: true,
  ofNothing: null,
};

/** A value of the group: same type as its argument. */
export function oneOf(
  usage: string,
  lower: (values: Dsl, type: SqlType) => Dsl,
  skipsNulls = true,
): AggregateFunction {
  return {
    usage,
    resolve: ([a, ...rest]) =>
      a === undefined || rest.length > 0 ? undefined : { args: [a], type: a },
    lower: (args, { type }) => lower(arg(args, 0), type),
    skipsNulls,
    ofNothing: null,
  };
}

/** The least or the greatest: Polars orders no lists and structs. */
function extreme(name: string, variant: 'Min' | 'Max'): AggregateFunction {
  const one = oneOf(`${name}(value)`, (a, type) =>
    variant === 'Max' && type.kind === 'float' ? greatest(a, type) : d.agg(variant, a),
  );
  const isNested = ({ kind }: SqlType): boolean => /^(list|struct|map)$/.test(kind);
  return {
    ...one,
    resolve: (types, given) =>
      types.some(isNested) ? 'lists, structs and maps have no order' : one.resolve(types, given),
  };
}

/** Polars' streaming maximum that knows NaN begins at the least finite double: -inf is below it. */
const greatest = (values: Dsl, type: SqlType): Dsl =>
  d.ternary(
    d.boolCall('IsNan', d.agg('Max', values)),
    d.cast(d.float64(Number.NaN), t.dtypeOf(type)),
    d.greatestKnown(values),
  );

/** The value of the first argument in the row where the second is least or greatest. */
const extremeRow = (name: string, descending: boolean): AggregateFunction => ({
  usage: `${name}(value, by)`,
  resolve: ([a, b, ...rest]) =>
    a === undefined || b === undefined || rest.length > 0 ? undefined : { args: [a, b], type: a },
  lower: (args) => {
    const [value, by] = [arg(args, 0), arg(args, 1)];
    const known = d.and(d.isNotNull(value), d.isNotNull(by));
    const key = { node: d.filter(by, known), descending, nullsLast: true };
    return d.agg('First', d.sortBy(d.filter(value, known), [key]));
  },
  skipsNulls: false,
  ofNothing: null,
});

const logical = (name: string, variant: 'All' | 'Any'): AggregateFunction => ({
  usage: `${name}(condition)`,
  resolve: (types) => (types.length === 1 ? { args: [t.BOOLEAN], type: t.BOOLEAN } : undefined),
  lower: (args) =>
    whenAny(
      arg(args, 0),
      d.boolCall({ [variant]: { ignore_nulls: true } }, arg(args, 0)),
      t.BOOLEAN,
    ),
  skipsNulls: true,
  ofNothing: null,
});

const stringAgg: AggregateFunction = {
  usage: 'string_agg(text, separator)',
  resolve: (types, args) => {
    if (types.length < 1 || types.length > 2) return undefined;
    if (args[1] !== undefined && args[1].kind !== 'literal')
      return 'the separator must be a constant';
    return { args: types.map(() => t.TEXT), type: t.TEXT };
  },
  lower: (args, { args: inputs }) => {
    const delimiter = String(literalOf(inputs[1]) ?? ',');
    const joined = d.stringCall(
      { ConcatVertical: { delimiter, ignore_nulls: true } },
      arg(args, 0),
    );
    return whenAny(arg(args, 0), joined, t.TEXT);
  },
  skipsNulls: true,
  ofNothing: null,
};

const arrayAgg: AggregateFunction = {
  usage: 'array_agg(value)',
  resolve: ([a]) => a && { args: [a], type: { kind: 'list', of: a } },
  lower: (args, { type }) => {
    // Of no rows it is NULL, not an empty list.
    const rows: Dsl = { Agg: { Count: { input: arg(args, 0), include_nulls: true } } };
    const some = d.binary('Gt', rows, d.scalar('UInt32', 0));
    return d.ternary(some, d.implode(arg(args, 0)), d.nullOf(t.dtypeOf(type)));
  },
  skipsNulls: false,
  ofNothing: null,
};

const countIf: AggregateFunction = {
  usage: 'count_if(condition)',
  resolve: (types) => (types.length === 1 ? { args: [t.BOOLEAN], type: t.INT64 } : undefined),
  lower: (args) =>
    d.cast(d.agg('Sum', d.cast(d.coalesce(arg(args, 0), d.bool(false)), 'UInt32')), 'Int64'),
  skipsNulls: true,
  ofNothing: 0n,
};

const TABLE: AggregateTable = {
  count,
  sum,
  avg,
  min: extreme('min', 'Min'),
  max: extreme('max', 'Max'),
  first: oneOf('first(value)', (a) => d.agg('First', a), false),
  last: oneOf('last(value)', (a) => d.agg('Last', a), false),
  any_value: oneOf('any_value(value)', (a) => d.agg('First', d.call('DropNulls', a))),
  mode: oneOf('mode(value)', (a) =>
    d.agg('First', d.call({ Mode: { maintain_order: true } }, d.call('DropNulls', a))),
  ),
  arg_min: extremeRow('arg_min', false),
  arg_max: extremeRow('arg_max', true),
  bool_and: logical('bool_and', 'All'),
  bool_or: logical('bool_or', 'Any'),
  string_agg: stringAgg,
  array_agg: arrayAgg,
  count_if: countIf,
  /** Of a scalar subquery's rows: the engine fails on a second one. */
  single_value: oneOf(
    'single_value(value)',
    (a) => ({ Agg: { Item: { input: a, allow_empty: true } } }),
    false,
  ),
  ...STATISTICS,
};

const ALIASES: Readonly<Record<string, string>> = {
  mean: 'avg',
  any: 'any_value',
  arbitrary: 'first',
  min_by: 'arg_min',
  max_by: 'arg_max',
  argmin: 'arg_min',
  argmax: 'arg_max',
  every: 'bool_and',
  group_concat: 'string_agg',
  listagg: 'string_agg',
  list: 'array_agg',
  countif: 'count_if',
  stddev: 'stddev_samp',
  variance: 'var_samp',
  percentile_cont: 'quantile_cont',
  percentile_disc: 'quantile_disc',
  quantile: 'quantile_disc',
  fsum: 'sum',
  kahan_sum: 'sum',
};

const own = <T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;

export const canonicalAggregate = (name: string): string =>
  own(ALIASES, name) ?? own(rareIfLoaded()?.aggregateAliases, name) ?? name;

export function aggregateFunction(name: string): AggregateFunction | undefined {
  const canonical = canonicalAggregate(name);
  return own(TABLE, canonical) ?? own(rareIfLoaded()?.aggregates, canonical);
}

export function aggregateNames(): string[] {
  const more = rareIfLoaded();
  const tables = [TABLE, ALIASES, more?.aggregates ?? {}, more?.aggregateAliases ?? {}];
  return tables.flatMap((table) => Object.keys(table));
}
