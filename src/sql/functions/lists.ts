/** Lists: made by ARRAY[...], [..], array_agg and string_split. */
import * as d from '../../compute/dsl.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { arg, type FunctionTable, type ScalarFunction } from './function.ts';
import { unify } from './logic.ts';

const isList = (type: SqlType | undefined): type is Extract<SqlType, { kind: 'list' }> =>
  type?.kind === 'list';

const elementOf = (usage: string, variant: unknown): ScalarFunction => ({
  usage,
  resolve: ([a]) => (isList(a) ? { args: [a], type: a.of } : undefined),
  lower: (args) => d.listCall(variant, arg(args, 0)),
});

const sorted = (usage: string, descending: boolean): ScalarFunction => ({
  usage,
  resolve: ([a]) => (isList(a) ? { args: [a], type: a } : undefined),
  lower: (args) =>
    d.listCall(
      {
        Sort: {
          descending,
          nulls_last: false,
          multithreaded: true,
          maintain_order: false,
          limit: null,
        },
      },
      arg(args, 0),
    ),
});

export const LISTS: FunctionTable = {
  array: {
    usage: 'ARRAY[value, ...]',
    resolve: (types) => {
      const of = unify(types);
      return of && { args: types.map(() => of), type: { kind: 'list', of } };
    },
    lower: (args) => d.listCall('Concat', ...args.map((each) => d.call('AsList', each))),
  },
  list_extract: {
    usage: 'list[index]',
    resolve: ([a]) => (isList(a) ? { args: [a, t.INT64], type: a.of } : undefined),
    lower: (args) => {
      const index = arg(args, 1);
      const at = d.ternary(
        d.binary('Gt', index, d.int64(0)),
        d.binary('Minus', index, d.int64(1)),
        // Index 0 is outside of every list.
        d.ternary(d.binary('Eq', index, d.int64(0)), d.nullOf('Int64'), index),
      );
      return d.listCall({ Get: true }, arg(args, 0), at);
    },
  },
  list_contains: {
    usage: 'list_contains(list, value)',
    resolve: ([a]) => (isList(a) ? { args: [a, a.of], type: t.BOOLEAN } : undefined),
    lower: (args) => d.listCall({ Contains: { nulls_equal: false } }, arg(args, 0), arg(args, 1)),
  },
  list_min: elementOf('list_min(list)', 'Min'),
  list_max: elementOf('list_max(list)', 'Max'),
  list_sum: elementOf('list_sum(list)', 'Sum'),
  list_sort: sorted('list_sort(list)', false),
  list_reverse_sort: sorted('list_reverse_sort(list)', true),
  array_to_string: {
    usage: 'array_to_string(list, separator)',
    resolve: ([a]) =>
      isList(a) ? { args: [{ kind: 'list', of: t.TEXT }, t.TEXT], type: t.TEXT } : undefined,
    lower: (args) => d.listCall({ Join: true }, arg(args, 0), arg(args, 1)),
  },
};

export const LIST_ALIASES: Readonly<Record<string, string>> = {
  array_length: 'length',
  cardinality: 'length',
  list_value: 'array',
  list_element: 'list_extract',
  array_extract: 'list_extract',
  list_has: 'list_contains',
  array_contains: 'list_contains',
  array_sort: 'list_sort',
  array_max: 'list_max',
  array_min: 'list_min',
};
