/** OVER: window functions, aggregates over windows, frames. */
import type { FuncCall, Node, WindowDef } from 'libpg-query';
import { aggregateFunction, canonicalAggregate } from '../functions/aggregates.ts';
import type { Expression, Frame, WindowExpression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { convert } from './coerce.ts';
import type { Environment } from './environment.ts';
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
  EXCLUSION: 0x38000,
} as const;

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

function offset(node: Node | undefined, environment: Environment, position: number): number {
  const bound = node === undefined ? undefined : environment.bind(node, environment);
  if (
    bound?.kind !== 'literal' ||
    typeof bound.value !== 'bigint' ||
    bound.type.kind !== 'integer'
  ) {
    throw environment.context.unsupported(
      'frames by anything else than a number of rows',
      position,
    );
  }
  if (bound.value < 0n)
    throw environment.context.bad('A frame cannot start before itself', position);
  return Number(bound.value);
}

function bindFrame(
  definition: WindowDef,
  environment: Environment,
  ordered: boolean,
  position: number,
): Frame {
  const options = definition.frameOptions ?? 0;
  const has = (bit: number): boolean => (options & bit) !== 0;
  if (has(FRAME.EXCLUSION)) throw environment.context.unsupported('EXCLUDE in a frame', position);
  const unit = has(FRAME.ROWS) ? 'rows' : has(FRAME.GROUPS) ? 'groups' : 'range';
  if (!has(FRAME.NONDEFAULT))
    return { unit: 'range', start: undefined, end: ordered ? 0 : undefined };
  const start = has(FRAME.START_UNBOUNDED_PRECEDING)
    ? undefined
    : has(FRAME.START_OFFSET_PRECEDING)
      ? -offset(definition.startOffset, environment, position)
      : has(FRAME.START_OFFSET_FOLLOWING)
        ? offset(definition.startOffset, environment, position)
        : 0;
  const end = has(FRAME.END_UNBOUNDED_FOLLOWING)
    ? undefined
    : has(FRAME.END_OFFSET_PRECEDING)
      ? -offset(definition.endOffset, environment, position)
      : has(FRAME.END_OFFSET_FOLLOWING)
        ? offset(definition.endOffset, environment, position)
        : 0;
  const byRows = unit === 'rows' || ((start ?? 0) === 0 && (end ?? 0) === 0);
  if (!byRows)
    throw environment.context.unsupported(
      `${unit.toUpperCase()} frames with an offset`,
      position,
      'use ROWS',
    );
  return { unit, start, end };
}

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
  const given = (call.args ?? []).map(bind);
  const definition = definitionOf(call.over ?? {}, environment, position);
  const order = bindSortItems(definition.orderClause, bind);
  const base = {
    kind: 'window' as const,
    filter:
      call.agg_filter === undefined
        ? undefined
        : convert(context, bind(call.agg_filter), t.BOOLEAN),
    distinct: call.agg_distinct === true,
    ignoreNulls: false,
    partition: (definition.partitionClause ?? []).map(bind),
    order,
    frame: bindFrame(definition, inner, order.length > 0, position),
    position,
  };
  const typeOf = FUNCTIONS[name];
  if (typeOf !== undefined) {
    const type = typeOf(given);
    if (type === undefined) throw context.bad(`${name}() misses an argument`, position);
    return { ...base, name, args: offsetsAndDefault(name, given, type, environment), type };
  }
  const canonical = canonicalAggregate(name);
  const fn = aggregateFunction(canonical);
  if (fn === undefined) throw context.bad(`There is no window function ${name}()`, position);
  const resolved = fn.resolve(
    given.map((each) => each.type),
    given,
  );
  if (resolved === undefined || typeof resolved === 'string')
    throw context.bad(`${name}() does not take these arguments`, position, `usage: ${fn.usage}`);
  const args = given.map((each, index) =>
    convert(context, each, resolved.args[index] ?? each.type),
  );
  return { ...base, name: canonical, args, type: resolved.type } satisfies WindowExpression;
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
