/** + - * and comparisons where an operand is an interval with months, or a time of day. */
import { makeCall } from '../bind/call.ts';
import { convert } from '../bind/coerce.ts';
import type { Context } from '../bind/context.ts';
import { literal } from '../bind/environment.ts';
import type { Expression } from '../ir.ts';
import * as t from '../types.ts';

const isMoment = (expression: Expression): boolean =>
  expression.type.kind === 'date' || expression.type.kind === 'timestamp';
const isSpan = (expression: Expression): boolean =>
  expression.type.kind === 'calendar' || expression.type.kind === 'interval';

const callOf = (
  name: string,
  args: readonly Expression[],
  type: t.SqlType,
  position: number,
): Expression => ({ kind: 'call', name, args, type, position });

/** Undefined when the operator is an ordinary one. */
export function calendarOperation(
  context: Context,
  name: string,
  args: readonly Expression[],
  position: number,
): Expression | undefined {
  const [a, b] = args;
  if (a === undefined) return undefined;
  const calendar = (each: Expression): Expression => convert(context, each, t.CALENDAR);
  if (b === undefined) {
    if (name !== 'negate' || a.type.kind !== 'calendar') return undefined;
    const by = literal(-1n, t.INT64);
    return callOf('@scale calendar', [a, by], t.CALENDAR, position);
  }
  const sign = literal(name === '-' ? -1n : 1n, t.INT64);
  if (name === '+' || name === '-') {
    const [moment, span] = isSpan(a) && name === '+' ? [b, a] : [a, b];
    if (moment.type.kind === 'time' && span.type.kind === 'interval')
      return callOf('@move time', [moment, span, sign], t.TIME, position);
    if (isMoment(moment) && span.type.kind === 'calendar') {
      const type: t.SqlType =
        moment.type.kind === 'timestamp' ? { ...moment.type, unit: 'us' } : t.TIMESTAMP;
      return callOf('@move', [convert(context, moment, type), span, sign], type, position);
    }
    if (isSpan(a) && isSpan(b))
      return callOf('@add calendars', [calendar(a), calendar(b), sign], t.CALENDAR, position);
  }
  if (name === '*' && (isSpan(a) ? b : a).type.kind === 'integer') {
    const [span, by] = isSpan(a) ? [a, b] : [b, a];
    const times = convert(context, by, t.INT64);
    return callOf('@scale calendar', [calendar(span), times], t.CALENDAR, position);
  }
  if (/^(=|<>|<|<=|>|>=)$/.test(name) && isSpan(a) && isSpan(b)) {
    const length = (each: Expression): Expression =>
      callOf('@length', [calendar(each)], t.INT64, each.position);
    return makeCall(context, name, [length(a), length(b)], position);
  }
  return undefined;
}
