/** Aggregates, first_value and their like over a frame of rows around each row. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { DIRECT_ROWS, frameWay } from '../frame-way.ts';
import { toFloat } from '../functions/numbers.ts';
import type { AggregateExpression, WindowExpression } from '../ir.ts';
import { dtypeOf, type SqlType } from '../types.ts';
import type { Lowerer } from './plan.ts';
import type { Over } from './window.ts';

const cumulative = (variant: string, node: Dsl): Dsl =>
  d.call({ [variant]: { reverse: false } }, node);
const forwardFill = (node: Dsl): Dsl => d.call({ FillNullWithStrategy: { Forward: null } }, node);

/** The argument with rows that FILTER leaves out made NULL. */
export function argument(lowerer: Lowerer, window: WindowExpression, over?: Over): Dsl {
  const [value] = window.args;
  // count(*) counts the rows' own numbers.
  const node = value === undefined ? (over?.row ?? d.int64(1)) : lowerer.dsl(value);
  if (window.filter === undefined) return node;
  const type = value === undefined ? 'Int64' : dtypeOf(value.type);
  return d.ternary(d.coalesce(lowerer.dsl(window.filter), d.bool(false)), node, d.nullOf(type));
}

const known = (node: Dsl): Dsl => d.cast(d.isNotNull(node), 'Int64');

function wide(node: Dsl, window: WindowExpression): Dsl {
  const zero = d.coalesce(node, d.cast(d.int64(0), dtypeOf(window.args[0]?.type ?? window.type)));
  return window.type.kind === 'integer' ? d.cast(zero, dtypeOf(window.type)) : zero;
}

/** Integers as they are added up exactly, nothing for NULL. */
const wholeOf = (node: Dsl): Dsl => d.cast(d.coalesce(node, d.int64(0)), 'Int128');

export const withoutNan = (node: Dsl, type: SqlType): Dsl =>
  d.ternary(d.boolCall('IsNan', node), d.nullOf(dtypeOf(type)), node);

const nanCount = (node: Dsl): Dsl =>
  d.coalesce(d.cast(d.boolCall('IsNan', node), 'Int64'), d.int64(0));

/** The end of the numbers, where NaN is above each of them. */
function withNan(name: 'min' | 'max', end: Dsl, nans: Dsl, type: SqlType): Dsl {
  const some = d.binary('Gt', nans, d.int64(0));
  const shown = name === 'min' ? d.and(d.isNull(end), some) : some;
  return d.ternary(shown, d.cast(d.float64(Number.NaN), dtypeOf(type)), end);
}

/** The least or greatest so far: the engine's own drop NaN. */
function runningEnd(name: 'min' | 'max', node: Dsl, type: SqlType): Dsl {
  const variant = name === 'min' ? 'CumMin' : 'CumMax';
  if (type.kind !== 'float') return forwardFill(cumulative(variant, node));
  const end = forwardFill(cumulative(variant, withoutNan(node, type)));
  return withNan(name, end, cumulative('CumSum', nanCount(node)), type);
}

/** From the partition's first row to this one (or its last peer). */
function running(window: WindowExpression, node: Dsl, over: Over): Dsl {
  const counted = cumulative('CumSum', known(node));
  const upTo = (value: Dsl): Dsl => {
    const within = over.stage(over.within(value));
    return window.frame.unit === 'rows' ? within : over.withinPeers(d.agg('Last', within));
  };
  const some = d.binary('Gt', upTo(counted), d.int64(0));
  const nothing = d.nullOf(dtypeOf(window.type));
  switch (window.name) {
    case 'count':
      return upTo(counted);
    case 'sum':
      return d.ternary(some, upTo(cumulative('CumSum', wide(node, window))), nothing);
    case 'avg': {
      const type = window.args[0]?.type ?? window.type;
      const total =
        type.kind === 'integer'
          ? toFloat(upTo(cumulative('CumSum', wholeOf(node))), type)
          : upTo(cumulative('CumSum', d.coalesce(toFloat(node, type), d.float64(0))));
      return d.ternary(
        some,
        d.binary('TrueDivide', total, d.cast(upTo(counted), 'Float64')),
        nothing,
      );
    }
    default:
      return upTo(runningEnd(window.name === 'min' ? 'min' : 'max', node, window.type));
  }
}

/** Rows [start, end] around this one, by shifting: exact for every type. */
function shifts(node: Dsl, start: number, end: number, over: Over): Dsl[] {
  return Array.from({ length: end - start + 1 }, (_, index) =>
    over.within(d.shift(node, -(start + index))),
  );
}

function sliding(window: WindowExpression, node: Dsl, over: Over, start: number, end: number): Dsl {
  if (end < start)
    return window.name === 'count'
      ? d.ternary(d.isNotNull(over.row), d.int64(0), d.int64(0))
      : d.nullOf(dtypeOf(window.type));
  const small = end - start < DIRECT_ROWS;
  const total = (values: Dsl): Dsl => {
    if (small) return d.sumAcross(...shifts(values, start, end, over));
    return difference(values, over, start, end);
  };
  const counted = total(known(node));
  const some = d.binary('Gt', counted, d.int64(0));
  const nothing = d.nullOf(dtypeOf(window.type));
  if (window.name === 'count') return counted;
  if (window.name === 'min' || window.name === 'max') {
    const least = (of: Dsl): Dsl =>
      d.call(
        window.name === 'min' ? 'MinHorizontal' : 'MaxHorizontal',
        ...shifts(of, start, end, over),
      );
    if (window.type.kind !== 'float') return least(node);
    const nans = d.sumAcross(...shifts(nanCount(node), start, end, over));
    return withNan(window.name, least(withoutNan(node, window.type)), nans, window.type);
  }
  if (window.name === 'sum')
    return d.ternary(some, addUp(wide(node, window), start, end, over, small), nothing);
  const values = d.coalesce(toFloat(node, window.args[0]?.type ?? window.type), d.float64(0));
  return d.ternary(
    some,
    d.binary('TrueDivide', addUp(values, start, end, over, true), d.cast(counted, 'Float64')),
    nothing,
  );
}

function addUp(values: Dsl, start: number, end: number, over: Over, small: boolean): Dsl {
  if (!small) return difference(values, over, start, end);
  return shifts(values, start, end, over)
    .map((each) => d.call('FillNull', each, d.int64(0)))
    .reduce((a, b) => d.binary('Plus', a, b));
}

/** Running total at the end of the frame less the one before its start; exact for integers. */
function difference(values: Dsl, over: Over, start: number, end: number): Dsl {
  const total = cumulative('CumSum', values);
  const last = over.within(d.agg('Last', total));
  const upper = d.coalesce(over.within(d.shift(total, -end)), end > 0 ? last : d.int64(0));
  const lower = d.coalesce(over.within(d.shift(total, 1 - start)), d.int64(0));
  return d.binary('Minus', upper, lower);
}

/** first_value, last_value, nth_value: the value at an edge of the frame. */
function edge(window: WindowExpression, node: Dsl, over: Over): Dsl {
  const { start, end, unit } = window.frame;
  if (window.name === 'first_value') {
    if (start === undefined) return over.within(d.agg('First', node));
    if (unit !== 'rows') return over.withinPeers(d.agg('First', node));
    const before = over.within(d.shift(node, -start));
    return start >= 0
      ? before
      : d.ternary(
          d.binary('LtEq', over.row, d.int64(-start)),
          over.within(d.agg('First', node)),
          before,
        );
  }
  if (window.name === 'last_value') {
    if (end === undefined) return over.within(d.agg('Last', node));
    if (unit !== 'rows') return over.withinPeers(d.agg('Last', node));
    const after = over.within(d.shift(node, -end));
    const late = d.binary('Gt', d.binary('Plus', over.row, d.int64(end)), over.rows);
    return end <= 0 ? after : d.ternary(late, over.within(d.agg('Last', node)), after);
  }
  const n = window.args[1]?.kind === 'literal' ? BigInt(window.args[1].value as bigint) : 1n;
  const nth = over.within(d.agg('First', d.filter(node, d.binary('Eq', over.row, d.int64(n)))));
  if (end === undefined) return nth;
  const reached =
    unit === 'rows'
      ? d.binary('Plus', over.row, d.int64(end))
      : over.withinPeers(d.agg('Max', over.row));
  return d.ternary(d.binary('GtEq', reached, d.int64(n)), nth, d.nullOf(dtypeOf(window.type)));
}

/** The last known value up to here, the first one of all: what fills gaps. */
function filled(window: WindowExpression, node: Dsl, over: Over): Dsl {
  const { end, unit } = window.frame;
  const [first, last] = [
    d.agg('First', d.call('DropNulls', node)),
    d.agg('Last', d.call('DropNulls', node)),
  ];
  if (end === undefined) return over.within(window.name === 'first_value' ? first : last);
  const sofar = over.stage(over.within(forwardFill(node)));
  return unit === 'rows' ? sofar : over.withinPeers(d.agg('Last', sofar));
}

/** Undefined where the frame needs the general way; see src/sql/rare/frames.ts. */
export function frameAggregate(
  lowerer: Lowerer,
  window: WindowExpression,
  over: Over,
): Dsl | undefined {
  const { start, end } = window.frame;
  const node = argument(lowerer, window, over);
  switch (frameWay(window)) {
    case 'edge':
      return edge(window, node, over);
    case 'filled':
      return filled(window, node, over);
    case 'whole':
      return over.within(lowerer.aggregate(aggregateOf(window)));
    case 'peers':
      return over.withinPeers(lowerer.aggregate(aggregateOf(window)));
    case 'running':
      return running(window, node, over);
    case 'sliding':
      return sliding(window, node, over, start ?? 0, end ?? 0);
    case undefined:
      return undefined;
  }
}

/** The same over all rows given. */
export const aggregateOf = ({
  name,
  args,
  distinct,
  filter,
  type,
  position,
}: WindowExpression): AggregateExpression => ({
  kind: 'aggregate',
  name,
  args,
  distinct,
  filter,
  order: [],
  type,
  position,
});
