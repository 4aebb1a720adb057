/** Aggregates, first_value and their like over a frame of rows around each row. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { toFloat } from '../functions/numbers.ts';
import type { Expression, WindowExpression } from '../ir.ts';
import { accumulates, dtypeOf } from '../types.ts';
import type { Lowerer } from './plan.ts';
import type { Over } from './window.ts';

/** Up to this many rows a sliding frame is summed value by value; beyond, by differences. */
const DIRECT_ROWS = 64;

const cumulative = (variant: string, node: Dsl): Dsl =>
  d.call({ [variant]: { reverse: false } }, node);
const forwardFill = (node: Dsl): Dsl => d.call({ FillNullWithStrategy: { Forward: null } }, node);

/** The argument with rows that FILTER leaves out made NULL. */
function argument(lowerer: Lowerer, window: WindowExpression): Dsl {
  const [value] = window.args;
  const node = value === undefined ? d.int64(1) : lowerer.dsl(value);
  if (window.filter === undefined) return node;
  const type = value === undefined ? 'Int64' : dtypeOf(value.type);
  return d.ternary(d.coalesce(lowerer.dsl(window.filter), d.bool(false)), node, d.nullOf(type));
}

const known = (node: Dsl): Dsl => d.cast(d.isNotNull(node), 'Int64');

/** A constant argument has one row; within a partition it must have as many as the partition. */
const spread = (node: Dsl, over: Over): Dsl => d.ternary(d.isNotNull(over.row), node, node);

function wide(node: Dsl, window: WindowExpression): Dsl {
  const zero = d.coalesce(node, d.cast(d.int64(0), dtypeOf(window.args[0]?.type ?? window.type)));
  return window.type.kind === 'integer' ? d.cast(zero, dtypeOf(window.type)) : zero;
}

/** Integers as they are added up exactly, nothing for NULL. */
const wholeOf = (node: Dsl): Dsl => d.cast(d.coalesce(node, d.int64(0)), 'Int128');

/** From the partition's first row to this one (or its last peer). */
function running(window: WindowExpression, node: Dsl, over: Over): Dsl | undefined {
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
    case 'min':
    case 'max':
      if (!accumulates(window.type)) return undefined;
      return upTo(forwardFill(cumulative(window.name === 'min' ? 'CumMin' : 'CumMax', node)));
    default:
      return undefined;
  }
}

/** Rows [start, end] around this one, by shifting: exact for every type. */
function shifts(node: Dsl, start: number, end: number, over: Over): Dsl[] {
  return Array.from({ length: end - start + 1 }, (_, index) =>
    over.within(d.shift(node, -(start + index))),
  );
}

function sliding(
  window: WindowExpression,
  node: Dsl,
  over: Over,
  start: number,
  end: number,
): Dsl | undefined {
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
    if (!small) return undefined;
    return d.call(
      window.name === 'min' ? 'MinHorizontal' : 'MaxHorizontal',
      ...shifts(node, start, end, over),
    );
  }
  if (window.name === 'sum') {
    if (!small && window.type.kind === 'float') return undefined;
    return d.ternary(some, addUp(wide(node, window), start, end, over, small), nothing);
  }
  if (window.name === 'avg' && small) {
    const values = d.coalesce(toFloat(node, window.args[0]?.type ?? window.type), d.float64(0));
    return d.ternary(
      some,
      d.binary('TrueDivide', addUp(values, start, end, over, true), d.cast(counted, 'Float64')),
      nothing,
    );
  }
  return undefined;
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
function edge(window: WindowExpression, node: Dsl, over: Over): Dsl | undefined {
  const { start, end, unit } = window.frame;
  const still = (start ?? 0) === 0 && (end ?? 0) === 0;
  if (unit !== 'rows' && !still) return undefined;
  // A frame that lies beside its row may be empty.
  if ((start ?? 0) > 0 || (end ?? 0) < 0) return undefined;
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
  if (window.name !== 'nth_value') return undefined;
  const n = window.args[1]?.kind === 'literal' ? BigInt(window.args[1].value as bigint) : 1n;
  if (start !== undefined) return undefined;
  const nth = over.within(d.agg('First', d.filter(node, d.binary('Eq', over.row, d.int64(n)))));
  if (end === undefined) return nth;
  const reached =
    unit === 'rows'
      ? d.binary('Plus', over.row, d.int64(end))
      : over.withinPeers(d.agg('Max', over.row));
  return d.ternary(d.binary('GtEq', reached, d.int64(n)), nth, d.nullOf(dtypeOf(window.type)));
}

/** The last known value up to here, the first one of all: what fills gaps. */
function filled(window: WindowExpression, node: Dsl, over: Over): Dsl | undefined {
  const { start, end, unit } = window.frame;
  if (start !== undefined) return undefined;
  const [first, last] = [
    d.agg('First', d.call('DropNulls', node)),
    d.agg('Last', d.call('DropNulls', node)),
  ];
  if (end === undefined) {
    if (window.name === 'nth_value') return undefined;
    return over.within(window.name === 'first_value' ? first : last);
  }
  if (end !== 0 || window.name !== 'last_value') return undefined;
  const sofar = over.stage(over.within(forwardFill(node)));
  return unit === 'rows' ? sofar : over.withinPeers(d.agg('Last', sofar));
}

/** Undefined where the frame needs the general way; see src/sql/rare/frames.ts. */
export function frameAggregate(
  lowerer: Lowerer,
  window: WindowExpression,
  over: Over,
): Dsl | undefined {
  const { start, end, exclude } = window.frame;
  if (exclude !== undefined) return undefined;
  const node = spread(argument(lowerer, window), over);
  if (window.ignoreNulls) return filled(window, node, over);
  const atEdge = edge(window, node, over);
  if (atEdge !== undefined) return atEdge;
  if (/_value$/.test(window.name)) return undefined;
  if (start === undefined && end === undefined) {
    const whole: Expression[] = [...window.args];
    const filter = window.filter;
    return over.within(
      lowerer.aggregate({
        kind: 'aggregate',
        name: window.name,
        args: whole,
        distinct: window.distinct,
        filter,
        order: [],
        type: window.type,
        position: window.position,
      }),
    );
  }
  if (window.distinct) return undefined;
  if (window.frame.unit !== 'rows' && ((start ?? 0) !== 0 || (end ?? 0) !== 0)) return undefined;
  if (start === undefined && end === 0) return running(window, node, over);
  if (window.frame.unit !== 'rows') {
    if (start === 0 && end === 0) {
      return over.withinPeers(
        lowerer.aggregate({
          kind: 'aggregate',
          name: window.name,
          args: window.args,
          distinct: false,
          filter: window.filter,
          order: [],
          type: window.type,
          position: window.position,
        }),
      );
    }
    return undefined;
  }
  if (start !== undefined && end !== undefined) return sliding(window, node, over, start, end);
  return undefined;
}
