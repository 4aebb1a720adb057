/** + - * of dates, timestamps and intervals. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { CallExpression } from '../../ir.ts';
import type { SqlType } from '../../types.ts';
import * as t from '../../types.ts';
import { arg, type Resolution } from '../function.ts';
import { OPS, type Operator } from './exact.ts';

export const isTime = (type: SqlType): boolean => type.kind === 'date' || type.kind === 'timestamp';

/** What a date or timestamp is after an interval: microseconds at least. */
function moved(from: SqlType): SqlType {
  if (from.kind !== 'timestamp') return t.TIMESTAMP;
  return from.unit === 'ms' ? { ...from, unit: 'us' } : from;
}

/** Dates move by days and by intervals; two dates differ by days, two timestamps by an interval. */
export function temporalResult(op: Operator, a: SqlType, b: SqlType): Resolution | undefined {
  if (op === '*') {
    if (a.kind === 'interval' && t.isNumeric(b)) return { args: [a, t.FLOAT64], type: t.INTERVAL };
    if (b.kind === 'interval' && t.isNumeric(a)) return { args: [t.FLOAT64, b], type: t.INTERVAL };
    return undefined;
  }
  if (a.kind === 'date' && b.kind === 'integer') return { args: [a, b], type: t.DATE };
  if (op === '+' && a.kind === 'integer' && b.kind === 'date')
    return { args: [a, b], type: t.DATE };
  if (isTime(a) && b.kind === 'interval') {
    return { args: [a, b], type: moved(a) };
  }
  if (op === '+' && a.kind === 'interval' && isTime(b)) {
    return { args: [a, b], type: moved(b) };
  }
  if (a.kind === 'interval' && b.kind === 'interval') return { args: [a, b], type: t.INTERVAL };
  if (op === '-' && a.kind === 'date' && b.kind === 'date') return { args: [a, b], type: t.INT64 };
  if (op === '-' && isTime(a) && isTime(b)) {
    const common = t.commonType(a, b);
    return common === undefined ? undefined : { args: [common, common], type: t.INTERVAL };
  }
  return undefined;
}

/** "1mo-2d3us": an interval as Polars' offset_by reads it, negated for subtraction. */
function offsetText(call: CallExpression, index: number, sign: 1n | -1n): string | undefined {
  const literal = call.args[index];
  if (literal?.kind !== 'literal' || literal.value === null || typeof literal.value !== 'object') {
    return undefined;
  }
  const value = literal.value as { months: number; days: number; micros: bigint };
  const parts: [bigint, string][] = [
    [BigInt(value.months) * sign, 'mo'],
    [BigInt(value.days) * sign, 'd'],
    [value.micros * sign, 'us'],
  ];
  return parts
    .filter(([count]) => count !== 0n)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}

function move(
  node: Dsl,
  from: SqlType,
  call: CallExpression,
  index: number,
  by: Dsl,
  op: Operator,
): Dsl {
  const start = t.sameType(from, call.type) ? node : d.cast(node, t.dtypeOf(call.type));
  const text = offsetText(call, index, op === '-' ? -1n : 1n);
  if (text === undefined) return d.binary(OPS[op], start, by);
  // offset_by takes one sign for the whole text, so each part is its own step.
  return text
    .split(' ')
    .filter((part) => part !== '')
    .reduce((moved, part) => d.timeCall('OffsetBy', moved, d.text(part)), start);
}

export function lowerTemporal(op: Operator, args: readonly Dsl[], call: CallExpression): Dsl {
  const [a, b] = call.args.map((each) => each.type) as [SqlType, SqlType];
  const [left, right] = [arg(args, 0), arg(args, 1)];
  if (op === '*') {
    const [span, factor] = a.kind === 'interval' ? [left, right] : [right, left];
    const product = d.binary('Multiply', d.cast(d.physical(span), 'Float64'), factor);
    return d.cast(
      d.cast(d.call({ Round: { decimals: 0, mode: 'HalfToEven' } }, product), 'Int64'),
      t.dtypeOf(t.INTERVAL),
    );
  }
  if (b.kind === 'interval' && isTime(a)) return move(left, a, call, 1, right, op);
  if (a.kind === 'interval' && isTime(b)) return move(right, b, call, 0, left, op);
  if (a.kind === 'date' && b.kind === 'date') {
    return d.binary('Minus', d.cast(d.physical(left), 'Int64'), d.cast(d.physical(right), 'Int64'));
  }
  if (call.type.kind === 'date') {
    const days = d.binary(
      OPS[op],
      d.cast(a.kind === 'date' ? d.physical(left) : left, 'Int64'),
      d.cast(b.kind === 'date' ? d.physical(right) : right, 'Int64'),
    );
    return d.cast(d.cast(days, 'Int32', true), 'Date');
  }
  return d.cast(d.binary(OPS[op], left, right), t.dtypeOf(t.INTERVAL));
}
