/** Arithmetic on constants that the plan must know as constants: dates, intervals, signs. */
import type { CallExpression, Expression, Interval, Scalar } from '../ir.ts';
import { addIntervals, addToTimestamp, daysToMicros, scaleInterval } from '../temporal.ts';
import { isInterval } from './coerce.ts';
import { literal } from './environment.ts';

function moved(
  call: CallExpression,
  when: Scalar,
  by: Interval,
  sign: 1 | -1,
): Expression | undefined {
  if (typeof when !== 'bigint') return undefined;
  const from = call.args.find(
    (each) => each.type.kind === 'date' || each.type.kind === 'timestamp',
  );
  if (from?.type.kind === 'timestamp' && (from.type.unit !== 'us' || from.type.zone !== undefined))
    return undefined;
  const micros = from?.type.kind === 'date' ? daysToMicros(when) : when;
  return literal(addToTimestamp(micros, scaleInterval(by, sign)), call.type, call.position);
}

/** The constant a call of constants is, where that matters; else the call. */
export function foldCall(call: CallExpression): Expression {
  const [a, b] = call.args;
  if (a?.kind !== 'literal' || a.value === null) return call;
  if (call.name === 'negate') {
    if (isInterval(a.value)) return literal(scaleInterval(a.value, -1), call.type, call.position);
    if (typeof a.value === 'bigint' && a.type.kind === call.type.kind) {
      return literal(-a.value, call.type, call.position);
    }
    return typeof a.value === 'number' ? literal(-a.value, call.type, call.position) : call;
  }
  if (b?.kind !== 'literal' || b.value === null) return call;
  const sign = call.name === '-' ? -1 : 1;
  if (call.name === '+' || call.name === '-') {
    if (isInterval(a.value) && isInterval(b.value)) {
      return literal(addIntervals(a.value, scaleInterval(b.value, sign)), call.type, call.position);
    }
    if (isInterval(b.value)) return moved(call, a.value, b.value, sign) ?? call;
    if (isInterval(a.value)) return moved(call, b.value, a.value, 1) ?? call;
    if (call.type.kind === 'date' && typeof a.value === 'bigint' && typeof b.value === 'bigint') {
      return literal(sign === 1 ? a.value + b.value : a.value - b.value, call.type, call.position);
    }
  }
  if (call.name === '*' && call.type.kind === 'interval') {
    const [span, factor] = isInterval(a.value)
      ? [a.value, b.value]
      : [b.value as Interval, a.value];
    if (typeof factor === 'number' && Number.isInteger(factor)) {
      return literal(scaleInterval(span, factor), call.type, call.position);
    }
  }
  return call;
}
