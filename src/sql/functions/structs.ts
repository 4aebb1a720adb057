/** Structs and maps. A map is a list of structs of a key and a value. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { arg, type FunctionTable, literalOf, type ScalarFunction } from './function.ts';
import { LISTS } from './lists.ts';
import { unify } from './logic.ts';

type MapType = Extract<SqlType, { kind: 'map' }>;
const isMap = (type: SqlType | undefined): type is MapType => type?.kind === 'map';

const ofMap = (
  usage: string,
  result: (map: MapType) => SqlType,
  lower: (map: Dsl) => Dsl,
): ScalarFunction => ({
  usage,
  resolve: ([a, more]) =>
    isMap(a) && more === undefined ? { args: [a], type: result(a) } : undefined,
  lower: (args) => lower(arg(args, 0)),
});

const key = d.field(d.element, 'key');
const keys = (map: Dsl): Dsl => d.eachElement(map, key);
const values = (map: Dsl): Dsl => d.eachElement(map, d.field(d.element, 'value'));

/** A constant key: what is sought must be known inside the list. */
const byKey = (
  usage: string,
  result: (map: MapType) => SqlType,
  lower: (hits: Dsl, map: Dsl, type: SqlType) => Dsl,
): ScalarFunction => ({
  usage,
  resolve: ([a, b], args) => {
    if (!isMap(a) || b === undefined) return undefined;
    if (literalOf(args[1]) === undefined) return 'the key must be a constant';
    return { args: [a, a.key], type: result(a) };
  },
  lower: (args, call) => {
    const map = arg(args, 0);
    const hits = d.filter(d.field(d.element, 'value'), d.binary('Eq', key, arg(args, 1)));
    return lower(hits, map, call.type);
  },
});

const MAP_EXTRACT = byKey(
  'map_extract(map, key)',
  (map) => t.listOf(map.value),
  (hits, map) => d.ofElements(map, d.implode(hits)),
);

export const STRUCTS: FunctionTable = {
  '@element': {
    usage: 'element',
    resolve: () => undefined,
    lower: () => d.element,
  },
  '@struct': {
    usage: "{'name': value}",
    resolve: () => undefined,
    lower: (args, call) =>
      d.struct(
        (call.type.kind === 'struct' ? call.type.fields : []).map(({ name, type }, index) => [
          name,
          d.cast(arg(args, index), t.dtypeOf(type)),
        ]),
      ),
  },
  '@field': {
    usage: 'struct.field',
    resolve: () => undefined,
    lower: (args, call) => d.field(arg(args, 0), String(literalOf(call.args[1]))),
  },
  /** MAP {k: v, ...}: the arguments in turn. */
  '@map': {
    usage: 'MAP {key: value, ...}',
    resolve: (types) => {
      const half = (odd: number): SqlType | undefined =>
        unify(types.filter((_, index) => index % 2 === odd));
      const [of, to] = [half(0), half(1)];
      if (of === undefined || to === undefined || types.length % 2 === 1) return undefined;
      return {
        args: types.map((_, index) => (index % 2 === 0 ? of : to)),
        type: { kind: 'map', key: of, value: to },
      };
    },
    lower: (args, call) => {
      const pairs = Array.from({ length: args.length / 2 }, (_, index) =>
        d.call(
          'AsList',
          d.struct([
            ['key', arg(args, 2 * index)],
            ['value', arg(args, 2 * index + 1)],
          ]),
        ),
      );
      return d.cast(d.listCall('Concat', ...pairs), t.dtypeOf(call.type));
    },
  },
  map_keys: ofMap('map_keys(map)', (map) => t.listOf(map.key), keys),
  map_values: ofMap('map_values(map)', (map) => t.listOf(map.value), values),
  map_entries: ofMap(
    'map_entries(map)',
    (map) => t.listOf(t.entryOf(map)),
    (map) => map,
  ),
  map_size: ofMap(
    'cardinality(map)',
    () => t.INT64,
    (map) => d.cast(d.listCall('Length', map), 'Int64'),
  ),
  map_value: byKey(
    'map[key]',
    (map) => map.value,
    (hits, map) => d.ofElements(map, d.agg('First', hits)),
  ),
  element_at: {
    usage: 'element_at(map, key) or element_at(list, index)',
    resolve: (types, args) =>
      (types[0]?.kind === 'list' ? LISTS['list_extract'] : MAP_EXTRACT)?.resolve(types, args),
    lower: (args, call) =>
      (call.args[0]?.type.kind === 'list'
        ? (LISTS['list_extract'] ?? MAP_EXTRACT)
        : MAP_EXTRACT
      ).lower(args, call),
  },
  map_extract: MAP_EXTRACT,
  map_contains: {
    usage: 'map_contains(map, key)',
    resolve: ([a, b], args) => {
      if (!isMap(a) || b === undefined) return undefined;
      if (literalOf(args[1]) === undefined) return 'the key must be a constant';
      return { args: [a, a.key], type: t.BOOLEAN };
    },
    lower: (args) =>
      d.ofElements(
        arg(args, 0),
        d.boolCall({ Any: { ignore_nulls: true } }, d.binary('Eq', key, arg(args, 1))),
      ),
  },
};
