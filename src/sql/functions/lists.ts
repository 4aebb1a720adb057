/** Lists: made, cut, searched, changed and aggregated. Indices count from 1, or from the end. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { AggregateExpression, CallExpression, Expression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { lowerAggregate } from './aggregate.ts';
import { aggregateFunction, aggregateNames, canonicalAggregate } from './aggregates.ts';
import {
  arg,
  type FunctionTable,
  literalOf,
  type Resolution,
  type ScalarFunction,
} from './function.ts';
import { unify } from './logic.ts';

type ListType = Extract<SqlType, { kind: 'list' }>;
const isList = (type: SqlType | undefined): type is ListType => type?.kind === 'list';

const int = (node: Dsl): Dsl => d.cast(node, 'Int64');
const plus = (a: Dsl, b: Dsl): Dsl => d.binary('Plus', a, b);
const minus = (a: Dsl, b: Dsl): Dsl => d.binary('Minus', a, b);
const zero = d.int64(0);
const one = d.int64(1);
const lengthOf = (list: Dsl): Dsl => int(d.listCall('Length', list));
const single = (node: Dsl): Dsl => d.call('AsList', node);
const joined = (...lists: readonly Dsl[]): Dsl => d.listCall('Concat', ...lists);
const distinct = (list: Dsl): Dsl =>
  d.eachElement(list, d.call({ Unique: true }, d.call('DropNulls', d.element)));

/** A function of one list and what else `more` wants. */
function ofList(
  usage: string,
  more: readonly SqlType[],
  result: (list: ListType) => SqlType,
  lower: (args: readonly Dsl[], call: CallExpression) => Dsl,
): ScalarFunction {
  return {
    usage,
    resolve: ([a, ...rest]) => {
      if (a?.kind === 'null' && rest.length === more.length)
        return { args: [t.listOf(t.INT32), ...more], type: result({ kind: 'list', of: t.INT32 }) };
      return isList(a) && rest.length === more.length
        ? { args: [a, ...more], type: result(a) }
        : undefined;
    },
    lower,
  };
}

const same = (list: ListType): SqlType => list;

/** A list and a value of its kind, in the order the function takes them. */
function withValue(
  usage: string,
  listAt: 0 | 1,
  result: (list: ListType) => SqlType,
  lower: (list: Dsl, value: Dsl) => Dsl,
): ScalarFunction {
  return {
    usage,
    resolve: (types) => {
      const [list, value] = [types[listAt], types[1 - listAt]];
      if (!isList(list) || value === undefined || types.length !== 2) return undefined;
      const of = t.commonType(list.of, value);
      if (of === undefined) return undefined;
      const args = listAt === 0 ? [t.listOf(of), of] : [of, t.listOf(of)];
      return { args, type: result({ kind: 'list', of }) };
    },
    lower: (args) => lower(arg(args, listAt), arg(args, 1 - listAt)),
  };
}

/** Two or more lists of one kind. */
function ofLists(
  usage: string,
  result: (list: ListType) => SqlType,
  lower: (args: readonly Dsl[]) => Dsl,
): ScalarFunction {
  return {
    usage,
    resolve: (types) => {
      const common = unify(types);
      return isList(common) && types.length > 1
        ? { args: types.map(() => common), type: result(common) }
        : undefined;
    },
    lower: (args) => lower(args),
  };
}

/** The 0-based start and the length of list[from:to]. */
function span(length: Dsl, from: Dsl | undefined, to: Dsl | undefined): readonly [Dsl, Dsl] {
  const back = (index: Dsl): Dsl => plus(length, index);
  const begin =
    from === undefined ? zero : d.ternary(d.binary('Lt', from, zero), back(from), minus(from, one));
  const end =
    to === undefined ? length : d.ternary(d.binary('Lt', to, zero), plus(back(to), one), to);
  const start = d.call('MaxHorizontal', begin, zero);
  const stop = d.call('MinHorizontal', end, length);
  return [start, d.call('MaxHorizontal', minus(stop, start), zero)];
}

/** A bound written as NULL or left out is the list's own end. */
const bound = (call: CallExpression, args: readonly Dsl[], index: number): Dsl | undefined =>
  call.args[index] === undefined || literalOf(call.args[index]) === null ? undefined : args[index];

const listSlice: ScalarFunction = {
  usage: 'list_slice(list, from, to [, step]) or list[from:to]',
  resolve: ([a, ...rest], args) => {
    if (rest.length < 2 || rest.length > 3 || (!isList(a) && a?.kind !== 'text')) return undefined;
    const step = args[3];
    if (step !== undefined && (a?.kind === 'text' || literalOf(step) === undefined))
      return 'the step must be a constant, and of a list';
    if (step !== undefined && Number(literalOf(step)) < 1) return 'the step must be positive';
    return { args: [a, ...rest.map(() => t.INT64)], type: a };
  },
  lower: (args, call) => {
    const [node, from, to] = [arg(args, 0), bound(call, args, 1), bound(call, args, 2)];
    if (call.type.kind === 'text') {
      const [start, count] = span(int(d.stringCall('LenChars', node)), from, to);
      return d.stringCall('Slice', node, start, d.cast(count, 'UInt64'));
    }
    const [start, count] = span(lengthOf(node), from, to);
    const cut = d.listCall('Slice', node, start, count);
    const step = Number(literalOf(call.args[3]) ?? 1);
    return step === 1
      ? cut
      : d.eachElement(cut, d.call({ GatherEvery: { n: step, offset: 0 } }, d.element));
  },
};

const listExtract: ScalarFunction = {
  usage: 'list[index]',
  resolve: ([a]) => {
    if (isList(a)) return { args: [a, t.INT64], type: a.of };
    return a?.kind === 'text' ? { args: [a, t.INT64], type: t.TEXT } : undefined;
  },
  lower: (args, call) => {
    const [node, index] = [arg(args, 0), arg(args, 1)];
    if (call.args[0]?.type.kind === 'text') {
      const [start] = span(int(d.stringCall('LenChars', node)), index, undefined);
      return d.stringCall('Slice', node, start, d.cast(one, 'UInt64'));
    }
    const at = d.ternary(
      d.binary('Gt', index, zero),
      minus(index, one),
      // Index 0 is outside of every list.
      d.ternary(d.binary('Eq', index, zero), d.nullOf('Int64'), index),
    );
    return d.listCall({ Get: true }, node, at);
  },
};

/** 1-based place of the value's first occurrence: it goes ahead of the list to be seen inside. */
function placeOf(list: Dsl, value: Dsl): Dsl {
  const rest = d.slice(d.element, one, d.nullOf('Int64'));
  const hits = d.binary('EqValidity', rest, d.agg('First', d.element));
  const found = d.boolCall({ Any: { ignore_nulls: true } }, hits);
  const at = plus(int(d.call('ArgMax', d.cast(hits, 'UInt8'))), one);
  const place = d.ternary(found, at, d.nullOf('Int64'));
  return d.ofElements(joined(single(value), list), place);
}

const sizeOfUnion = (a: Dsl, b: Dsl): Dsl => lengthOf(distinct(joined(distinct(a), distinct(b))));
const sharesAny = (a: Dsl, b: Dsl): Dsl =>
  d.binary('Lt', sizeOfUnion(a, b), plus(lengthOf(distinct(a)), lengthOf(distinct(b))));
const holdsAll = (a: Dsl, b: Dsl): Dsl => d.binary('Eq', sizeOfUnion(a, b), lengthOf(distinct(a)));
const intersection = (a: Dsl, b: Dsl): Dsl =>
  d.eachElement(
    joined(distinct(a), distinct(b)),
    d.call({ Unique: true }, d.filter(d.element, d.boolCall('IsDuplicated', d.element))),
  );

const sortOf = (descendingByDefault: boolean): ScalarFunction => ({
  usage: "list_sort(list [, 'ASC' | 'DESC' [, 'NULLS FIRST' | 'NULLS LAST']])",
  resolve: ([a, ...rest], args) => {
    if (!isList(a) || rest.length > 2) return undefined;
    if (args.slice(1).some((each) => typeof literalOf(each) !== 'string'))
      return 'the order must be a constant';
    return { args: [a, ...rest.map(() => t.TEXT)], type: a };
  },
  lower: (args, call) => {
    const words = call.args.slice(1).map((each) => String(literalOf(each)).toUpperCase());
    const [first, second] = words;
    const descending = descendingByDefault || first === 'DESC';
    const nulls = descendingByDefault ? first : second;
    const last = nulls === undefined ? !descending : nulls.includes('LAST');
    return d.eachElement(arg(args, 0), d.sorted(d.element, descending, last));
  },
});

const ELEMENT: Omit<Extract<Expression, { kind: 'column' }>, 'type'> = {
  kind: 'column',
  id: '@element',
  name: 'element',
  position: -1,
};

/** list_sum and its like: the aggregate over the elements of each list. */
function aggregateCall(
  name: string,
  types: readonly SqlType[],
  args: readonly Expression[],
): { readonly aggregate: AggregateExpression; readonly resolution: Resolution } | undefined {
  const [list] = types;
  const fn = aggregateFunction(name);
  if (fn === undefined || !isList(list)) return undefined;
  const element: Expression = { ...ELEMENT, type: list.of };
  const inner = [element, ...args.slice(1)];
  const resolved = fn.resolve(
    inner.map((each) => each.type),
    inner,
  );
  if (resolved === undefined || typeof resolved === 'string') return undefined;
  const of = resolved.args[0] ?? list.of;
  return {
    aggregate: {
      kind: 'aggregate',
      name: canonicalAggregate(name),
      args: [{ ...element, type: of }, ...args.slice(1)],
      distinct: false,
      filter: undefined,
      order: [],
      type: resolved.type,
      position: -1,
    },
    resolution: { args: [t.listOf(of), ...resolved.args.slice(1)], type: resolved.type },
  };
}

function lowerListAggregate(aggregate: AggregateExpression, list: Dsl, rest: readonly Dsl[]): Dsl {
  const fn = aggregateFunction(aggregate.name);
  if (fn === undefined) throw new RangeError(aggregate.name);
  let next = 0;
  const node = lowerAggregate(fn, aggregate, (inner) =>
    inner.kind === 'column' ? d.element : arg(rest, next++),
  );
  return d.ofElements(list, node);
}

const listAggregate = (name: string): ScalarFunction => ({
  usage: `list_${name}(list)`,
  resolve: (types, args) => aggregateCall(name, types, args)?.resolution,
  lower: (args, call) => {
    const types = call.args.map((each) => each.type);
    const found = aggregateCall(name, types, call.args);
    if (found === undefined) throw new RangeError(name);
    return lowerListAggregate(found.aggregate, arg(args, 0), args.slice(1));
  },
});

/** list_aggregate(list, 'name', ...): the name is a constant. */
const listAggregateByName: ScalarFunction = {
  usage: "list_aggregate(list, 'sum')",
  resolve: (types, args) => {
    const name = literalOf(args[1]);
    if (typeof name !== 'string') return 'the name of the aggregate must be a constant';
    const pick = <T>(all: readonly T[]): T[] => [...all.slice(0, 1), ...all.slice(2)];
    const found = aggregateCall(name, pick(types), pick(args));
    if (found === undefined) return `there is no aggregate ${name}() of these`;
    const [list, ...rest] = found.resolution.args as [SqlType, ...SqlType[]];
    return { args: [list, t.TEXT, ...rest], type: found.resolution.type };
  },
  lower: (args, call) => {
    const name = String(literalOf(call.args[1]));
    const inner = [...call.args.slice(0, 1), ...call.args.slice(2)];
    const types = inner.map((each) => each.type);
    const found = aggregateCall(name, types, inner);
    if (found === undefined) throw new RangeError(name);
    return lowerListAggregate(found.aggregate, arg(args, 0), args.slice(2));
  },
};

/** What a lambda was bound to: over `element`; see bind/lambda.ts. */
const lambdaList = (
  usage: string,
  result: (list: ListType, body: SqlType) => SqlType,
  lower: (list: Dsl, body: Dsl) => Dsl,
): ScalarFunction => ({
  usage,
  resolve: ([a, b]) =>
    isList(a) && b !== undefined ? { args: [a, b], type: result(a, b) } : undefined,
  lower: (args) => lower(arg(args, 0), arg(args, 1)),
});

const bothDoubles = (
  usage: string,
  lower: (products: (f: Product) => Dsl) => Dsl,
): ScalarFunction => {
  const type = t.listOf(t.FLOAT64);
  return {
    usage,
    resolve: (types) =>
      types.length === 2 && types.every(isList)
        ? { args: [type, type], type: t.FLOAT64 }
        : undefined,
    lower: (args) => {
      const [a, b] = [arg(args, 0), arg(args, 1)];
      // Both lists in one, so that the elements can be seen side by side.
      const count = d.binary('FloorDivide', int(d.countOf(d.element)), d.int64(2));
      const left = d.slice(d.element, zero, count);
      const right = d.slice(d.element, count, count);
      return d.ofElements(
        joined(a, b),
        lower((f) => d.agg('Sum', f(left, right))),
      );
    },
  };
};
type Product = (left: Dsl, right: Dsl) => Dsl;
const multiplied: Product = (x, y) => d.binary('Multiply', x, y);
const squared = (x: Dsl): Dsl => multiplied(x, x);
const root = (node: Dsl): Dsl => d.call({ Pow: 'Sqrt' }, node);

function series(inclusive: boolean): ScalarFunction {
  const name = inclusive ? 'generate_series' : 'range';
  return {
    usage: `${name}([start,] stop [, step])`,
    resolve: (types) => {
      if (types.length < 1 || types.length > 3) return undefined;
      if (types.every((type) => type.kind === 'integer' || type.kind === 'null'))
        return { args: types.map(() => t.INT64), type: t.listOf(t.INT64) };
      const [a, b, step] = types;
      const isTime = (type: SqlType | undefined): boolean =>
        type?.kind === 'date' || type?.kind === 'timestamp';
      return isTime(a) && isTime(b) && step?.kind === 'interval'
        ? { args: [t.TIMESTAMP, t.TIMESTAMP, t.INTERVAL], type: t.listOf(t.TIMESTAMP) }
        : undefined;
    },
    lower: (args, call) => {
      if (call.args.length === 3 && call.args[2]?.type.kind === 'interval')
        return moments(args, inclusive);
      const [start, stop, step] = args.length === 1 ? [zero, arg(args, 0)] : args;
      return integers(start as Dsl, stop as Dsl, step ?? one, inclusive);
    },
  };
}

/** An empty list where the step leads away; NULL where a bound is. */
function integers(start: Dsl, stop: Dsl, step: Dsl, inclusive: boolean): Dsl {
  const up = d.binary('Gt', step, zero);
  const end = inclusive ? plus(stop, d.ternary(up, one, d.int64(-1))) : stop;
  const runs = d.ternary(up, d.binary('Gt', end, start), d.binary('Lt', end, start));
  const list = d.call(
    { Range: { IntRanges: { dtype: { Literal: 'Int64' } } } },
    start,
    d.ternary(runs, end, start),
    d.ternary(d.binary('Eq', step, zero), one, step),
  );
  const isZero = d.binary('Eq', step, zero);
  const empty = d.listCall('Slice', list, zero, zero);
  const unknown = d.or(d.isNull(start), d.isNull(stop), d.isNull(step));
  return d.ternary(unknown, d.nullOf({ List: 'Int64' }), d.ternary(isZero, empty, list));
}

/** By a step of fixed length: as integers of microseconds. */
function moments(args: readonly Dsl[], inclusive: boolean): Dsl {
  const [start, stop, step] = args.map((each) => int(d.physical(each))) as [Dsl, Dsl, Dsl];
  const dtype = { List: t.dtypeOf(t.TIMESTAMP) };
  return d.cast(integers(start, stop, step, inclusive), dtype);
}

const AGGREGATED = aggregateNames().filter(
  (name) => !/^(single_value|count|arg_|argm|max_by|min_by|covar|corr|regr|mode)/.test(name),
);

export const LISTS: FunctionTable = {
  array: {
    usage: 'ARRAY[value, ...]',
    resolve: (types) => {
      const of = unify(types);
      return of && { args: types.map(() => of), type: t.listOf(of.kind === 'null' ? t.INT32 : of) };
    },
    lower: (args, call) =>
      args.length === 0
        ? d.listCall('Slice', single(d.nullOf('Int32')), zero, zero)
        : d.cast(joined(...args.map(single)), t.dtypeOf(call.type)),
  },
  list_extract: listExtract,
  list_slice: listSlice,
  list_contains: withValue(
    'list_contains(list, value)',
    0,
    () => t.BOOLEAN,
    (list, value) => d.listCall({ Contains: { nulls_equal: false } }, list, value),
  ),
  list_position: withValue('list_position(list, value)', 0, () => t.INT64, placeOf),
  list_has_any: ofLists(
    'list_has_any(list, list)',
    () => t.BOOLEAN,
    ([a, b]) => sharesAny(a as Dsl, b as Dsl),
  ),
  list_has_all: ofLists(
    'list_has_all(list, list)',
    () => t.BOOLEAN,
    ([a, b]) => holdsAll(a as Dsl, b as Dsl),
  ),
  '<@': ofLists(
    'list <@ list',
    () => t.BOOLEAN,
    ([a, b]) => holdsAll(b as Dsl, a as Dsl),
  ),
  list_intersect: ofLists('list_intersect(list, list)', same, ([a, b]) =>
    intersection(a as Dsl, b as Dsl),
  ),
  list_append: withValue('list_append(list, value)', 0, same, (list, value) =>
    joined(list, single(value)),
  ),
  list_prepend: withValue('list_prepend(value, list)', 1, same, (list, value) =>
    joined(single(value), list),
  ),
  array_push_front: withValue('array_push_front(list, value)', 0, same, (list, value) =>
    joined(single(value), list),
  ),
  list_concat: ofLists('list_concat(list, list, ...)', same, (args) => joined(...args)),
  list_distinct: ofList('list_distinct(list)', [], same, (args) => distinct(arg(args, 0))),
  list_unique: ofList(
    'list_unique(list)',
    [],
    () => t.INT64,
    (args) => lengthOf(distinct(arg(args, 0))),
  ),
  list_count: ofList(
    'list_count(list)',
    [],
    () => t.INT64,
    (args) => int(d.ofElements(arg(args, 0), d.countOf(d.element))),
  ),
  list_reverse: ofList('list_reverse(list)', [], same, (args) =>
    d.eachElement(arg(args, 0), d.call('Reverse', d.element)),
  ),
  list_sort: sortOf(false),
  list_reverse_sort: sortOf(true),
  list_grade_up: ofList(
    'list_grade_up(list)',
    [],
    () => t.listOf(t.INT64),
    (args) =>
      d.eachElement(
        arg(args, 0),
        plus(int(d.call({ ArgSort: { descending: false, nulls_last: true } }, d.element)), one),
      ),
  ),
  flatten: {
    usage: 'flatten(list of lists)',
    resolve: ([a]) => (isList(a) && isList(a.of) ? { args: [a], type: a.of } : undefined),
    lower: (args) => d.eachElement(arg(args, 0), d.explode(d.element)),
  },
  list_resize: {
    usage: 'list_resize(list, length [, fill])',
    resolve: ([a, b, fill]) =>
      isList(a) && b !== undefined
        ? { args: [a, t.INT64, ...(fill === undefined ? [] : [a.of])], type: a }
        : undefined,
    lower: (args, call) => {
      const [list, length] = [arg(args, 0), arg(args, 1)];
      const of = (call.type as ListType).of;
      const fill = d.cast(args[2] ?? d.nullOf(t.dtypeOf(of)), t.dtypeOf(of));
      const more = d.call('RepeatBy', fill, d.cast(length, 'UInt32'));
      return d.listCall('Slice', joined(list, more), zero, length);
    },
  },
  list_transform: lambdaList(
    'list_transform(list, x -> ...)',
    (_, body) => t.listOf(body),
    (list, body) => d.eachElement(list, body),
  ),
  list_filter: lambdaList('list_filter(list, x -> condition)', same, (list, body) =>
    d.eachElement(list, d.filter(d.element, d.coalesce(body, d.bool(false)))),
  ),
  list_dot_product: bothDoubles('list_dot_product(list, list)', (sum) => sum(multiplied)),
  list_distance: bothDoubles('list_distance(list, list)', (sum) =>
    root(sum((x, y) => squared(minus(x, y)))),
  ),
  list_cosine_similarity: bothDoubles('list_cosine_similarity(list, list)', (sum) =>
    d.binary(
      'TrueDivide',
      sum(multiplied),
      root(
        multiplied(
          sum((x) => squared(x)),
          sum((_, y) => squared(y)),
        ),
      ),
    ),
  ),
  array_to_string: {
    usage: 'array_to_string(list, separator)',
    resolve: ([a]) => (isList(a) ? { args: [t.listOf(t.TEXT), t.TEXT], type: t.TEXT } : undefined),
    lower: (args) => d.listCall({ Join: true }, arg(args, 0), arg(args, 1)),
  },
  generate_series: series(true),
  range: series(false),
  list_aggregate: listAggregateByName,
  ...Object.fromEntries(AGGREGATED.map((name) => [`list_${name}`, listAggregate(name)])),
  list_mode: listAggregate('mode'),
};

export const LIST_ALIASES: Readonly<Record<string, string>> = {
  array_length: 'length',
  cardinality: 'length',
  list_value: 'array',
  array_value: 'array',
  list_pack: 'array',
  list_element: 'list_extract',
  array_extract: 'list_extract',
  array_slice: 'list_slice',
  list_has: 'list_contains',
  array_has: 'list_contains',
  array_contains: 'list_contains',
  array_position: 'list_position',
  list_indexof: 'list_position',
  array_indexof: 'list_position',
  array_has_any: 'list_has_any',
  '&&': 'list_has_any',
  array_has_all: 'list_has_all',
  '@>': 'list_has_all',
  array_intersect: 'list_intersect',
  array_append: 'list_append',
  array_push_back: 'list_append',
  array_prepend: 'list_prepend',
  list_cat: 'list_concat',
  array_cat: 'list_concat',
  array_concat: 'list_concat',
  array_distinct: 'list_distinct',
  array_unique: 'list_unique',
  array_reverse: 'list_reverse',
  array_sort: 'list_sort',
  array_reverse_sort: 'list_reverse_sort',
  array_grade_up: 'list_grade_up',
  array_resize: 'list_resize',
  array_transform: 'list_transform',
  list_apply: 'list_transform',
  array_apply: 'list_transform',
  array_filter: 'list_filter',
  list_inner_product: 'list_dot_product',
  array_inner_product: 'list_dot_product',
  array_distance: 'list_distance',
  array_cosine_similarity: 'list_cosine_similarity',
  array_aggregate: 'list_aggregate',
  list_aggr: 'list_aggregate',
  array_aggr: 'list_aggregate',
  array_max: 'list_max',
  array_min: 'list_min',
  array_sum: 'list_sum',
  array_avg: 'list_avg',
};
