/** Lists: made, cut, searched, changed and aggregated. Indices count from 1, or from the end. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { aggregateNames } from './aggregates.ts';
import { arg, type FunctionTable, literalOf, type ScalarFunction } from './function.ts';
import { listAggregate, listAggregateByName } from './lists/aggregates.ts';
import { listExtract, listSlice } from './lists/cut.ts';
import { series } from './lists/series.ts';
import {
  distinct,
  int,
  isList,
  joined,
  type ListType,
  lengthOf,
  minus,
  ofList,
  ofLists,
  one,
  plus,
  same,
  single,
  withValue,
  zero,
} from './lists/shapes.ts';
import { unify } from './logic.ts';

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
