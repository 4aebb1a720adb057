/** OVER: window functions, aggregates over windows, frames. */

import type { FuncCall, Node, WindowDef } from 'libpg-query';
import { frameWay } from '../frame-way.ts';
import { aggregateFunction, canonicalAggregate } from '../functions/aggregates.ts';
import type { Expression, Frame, Interval, SortItem, WindowExpression } from '../ir.ts';
import { rare } from '../rare.ts';
import { scaleInterval } from '../temporal.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { convert, isInterval } from './coerce.ts';
import { type Environment, stringsOf } from './environment.ts';
import { bindSortItems } from './sort.ts';

/** gram.y's FRAMEOPTION bits (parsenodes.h). */
const FRAME = {
  NONDEFAULT: 0x1,
  RANGE: 0x2,
  ROWS: 0x4,
  GROUPS: 0x8,
  START_UNBOUNDED_PRECEDING: 0x20,
  END_UNBOUNDED_FOLLOWING: 0x100,
  START_CURRENT_ROW: 0x200,
  END_CURRENT_ROW: 0x400,
  START_OFFSET_PRECEDING: 0x800,
  END_OFFSET_PRECEDING: 0x1000,
  START_OFFSET_FOLLOWING: 0x2000,
  END_OFFSET_FOLLOWING: 0x4000,
} as const;

const EXCLUSIONS = [
  [0x8000, 'current row'],
  [0x10000, 'group'],
  [0x20000, 'ties'],
] as const;

/** Functions that exist only over a window: the type they give. */
const FUNCTIONS: Readonly<Record<string, (args: readonly Expression[]) => SqlType | undefined>> = {
  row_number: () => t.INT64,
  rank: () => t.INT64,
  dense_rank: () => t.INT64,
  percent_rank: () => t.FLOAT64,
  cume_dist: () => t.FLOAT64,
  ntile: ([n]) => (n === undefined ? undefined : t.INT64),
  lag: ([value]) => value?.type,
  lead: ([value]) => value?.type,
  first_value: ([value]) => value?.type,
  last_value: ([value]) => value?.type,
  nth_value: ([value, n]) => (n === undefined ? undefined : value?.type),
};

export const isWindowFunction = (name: string): boolean => Object.hasOwn(FUNCTIONS, name);
export const windowFunctionNames = (): string[] => Object.keys(FUNCTIONS);

interface Bound {
  readonly by: number | undefined;
  readonly interval?: Interval;
}

/** A number of rows or groups, or a distance of the ordering value. */
function offset(
  node: Node | undefined,
  unit: Frame['unit'],
  environment: Environment,
  position: number,
): Bound {
  const { context } = environment;
  const bound = node === undefined ? undefined : environment.bind(node, environment);
  if (bound?.kind !== 'literal' || bound.value === null)
    throw context.unsupported('frames by anything else than a constant', position);
  if (unit === 'range' && isInterval(bound.value)) return { by: 1, interval: bound.value };
  if (!t.isNumeric(bound.type) || (unit !== 'range' && bound.type.kind !== 'integer'))
    throw context.bad(`A frame in ${unit.toUpperCase()} wants a number`, position);
  const scale = bound.type.kind === 'decimal' ? bound.type.scale : 0;
  const by = Number(bound.value) / 10 ** scale;
  if (by < 0) throw context.bad('A frame cannot start before itself', position);
  return { by };
}

function bindFrame(
  definition: WindowDef,
  environment: Environment,
  order: readonly SortItem[],
  position: number,
): Frame {
  const options = definition.frameOptions ?? 0;
  const has = (bit: number): boolean => (options & bit) !== 0;
  const unit = has(FRAME.ROWS) ? 'rows' : has(FRAME.GROUPS) ? 'groups' : 'range';
  const exclude = EXCLUSIONS.find(([bit]) => has(bit))?.[1];
  const excluding = exclude === undefined ? {} : { exclude };
  if (!has(FRAME.NONDEFAULT))
    return { unit: 'range', start: undefined, end: order.length > 0 ? 0 : undefined };
  const bound = (
    unbounded: number,
    preceding: number,
    following: number,
    node: Node | undefined,
  ): Bound => {
    if (has(unbounded)) return { by: undefined };
    if (!has(preceding) && !has(following)) return { by: 0 };
    const { by, interval } = offset(node, unit, environment, position);
    const sign = has(preceding) ? -1 : 1;
    return {
      by: by === undefined ? undefined : sign * by,
      ...(interval === undefined ? {} : { interval: scaleInterval(interval, sign) }),
    };
  };
  const start = bound(
    FRAME.START_UNBOUNDED_PRECEDING,
    FRAME.START_OFFSET_PRECEDING,
    FRAME.START_OFFSET_FOLLOWING,
    definition.startOffset,
  );
  const end = bound(
    FRAME.END_UNBOUNDED_FOLLOWING,
    FRAME.END_OFFSET_PRECEDING,
    FRAME.END_OFFSET_FOLLOWING,
    definition.endOffset,
  );
  const distance = unit === 'range' && ((start.by ?? 0) !== 0 || (end.by ?? 0) !== 0);
  if (distance && order.length !== 1)
    throw environment.context.bad('RANGE by a distance needs one ORDER BY column', position);
  return {
    unit,
    start: start.by,
    end: end.by,
    ...(start.interval === undefined ? {} : { startBy: start.interval }),
    ...(end.interval === undefined ? {} : { endBy: end.interval }),
    ...excluding,
  };
}

/** Computed from the rows' places alone. */
const RANKING = /^(row_number|rank|dense_rank|percent_rank|cume_dist|ntile)$/;

/** OVER name and OVER (name ORDER BY ...) take over what the WINDOW clause says. */
function definitionOf(over: WindowDef, environment: Environment, position: number): WindowDef {
  const base =
    over.refname ??
    (over.partitionClause === undefined && over.orderClause === undefined ? over.name : undefined);
  if (base === undefined) return over;
  const found = environment.windowDefinitions.get(base);
  if (found === undefined) throw environment.context.bad(`There is no window "${base}"`, position);
  const named = definitionOf(found, environment, position);
  return over.refname === undefined
    ? named
    : {
        ...named,
        ...over,
        partitionClause: named.partitionClause ?? over.partitionClause ?? [],
        orderClause: over.orderClause ?? named.orderClause ?? [],
      };
}

export function bindWindow(call: FuncCall, name: string, environment: Environment): Expression {
  const { context } = environment;
  const position = call.location ?? 0;
  if (!environment.windows)
    throw context.bad(
      `${name}() OVER cannot stand in ${environment.clause}`,
      position,
      'use QUALIFY, or a query around this one',
    );
  const inner: Environment = { ...environment, windows: false, clause: 'OVER' };
  const bind = (node: Node): Expression => environment.bind(node, inner);
  const isMark = (node: Node): boolean =>
    'ColumnRef' in node && stringsOf(node.ColumnRef.fields)[0] === '@ignore';
  const nodes = call.args ?? [];
  const given = nodes.filter((node) => !isMark(node)).map(bind);
  const definition = definitionOf(call.over ?? {}, environment, position);
  const order = bindSortItems(definition.orderClause, bind);
  const base = {
    kind: 'window' as const,
    filter:
      call.agg_filter === undefined
        ? undefined
        : convert(context, bind(call.agg_filter), t.BOOLEAN),
    distinct: call.agg_distinct === true,
    ignoreNulls: nodes.some(isMark),
    partition: (definition.partitionClause ?? []).map(bind),
    order,
    frame: bindFrame(definition, inner, order, position),
    position,
  };
  const typeOf = FUNCTIONS[name];
  if (typeOf !== undefined) {
    const type = typeOf(given);
    if (type === undefined) throw context.bad(`${name}() misses an argument`, position);
    return checked({
      ...base,
      name,
      args: offsetsAndDefault(name, given, type, environment),
      type,
    });
  }
  const canonical = canonicalAggregate(name);
  if (aggregateFunction(canonical) === undefined) rare();
  const fn = aggregateFunction(canonical);
  if (fn === undefined) throw context.bad(`There is no window function ${name}()`, position);
  const resolved = fn.resolve(
    given.map((each) => each.type),
    given,
  );
  if (resolved === undefined || typeof resolved === 'string') {
    const why = resolved === undefined ? '' : `: ${resolved}`;
    const message = `${name}() does not take these arguments${why}`;
    throw context.bad(message, position, `usage: ${fn.usage}`);
  }
  const args = given.map((each, index) =>
    convert(context, each, resolved.args[index] ?? each.type),
  );
  return checked({ ...base, name: canonical, args, type: resolved.type });
}

/** The rare ones need their part loaded by the time they are lowered. */
function checked(window: WindowExpression): WindowExpression {
  const isShift = window.name === 'lag' || window.name === 'lead';
  const isRare = isShift ? window.ignoreNulls : frameWay(window) === undefined;
  if (isRare && !RANKING.test(window.name)) rare();
  return window;
}

/** lag(x, n, default): n is a constant, the default takes x's type. */
function offsetsAndDefault(
  name: string,
  given: readonly Expression[],
  type: SqlType,
  environment: Environment,
): readonly Expression[] {
  const { context } = environment;
  const constant = name === 'ntile' ? given[0] : given[1];
  if (
    constant !== undefined &&
    constant.kind !== 'literal' &&
    /^(ntile|lag|lead|nth_value)$/.test(name)
  ) {
    throw context.unsupported(`${name}() by a number that is not constant`, constant.position);
  }
  const fallback = given[2];
  return fallback === undefined ? given : [...given.slice(0, 2), convert(context, fallback, type)];
}
