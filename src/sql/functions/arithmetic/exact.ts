/** + - * of numbers, exact: what fits and what must be checked while it is computed. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { CallExpression } from '../../ir.ts';
import type { SqlType } from '../../types.ts';
import * as t from '../../types.ts';
import { arg, type Resolution } from '../function.ts';
import { powerOfTen, rescale } from '../numbers.ts';

export type Operator = '+' | '-' | '*';
export const OPS = { '+': 'Plus', '-': 'Minus', '*': 'Multiply' } as const;

export function integerResult(a: SqlType, b: SqlType): SqlType {
  const common = t.commonType(a, b);
  if (common?.kind !== 'integer' || common.bits === 128) return t.INT128;
  return common.signed || common.bits < 64 ? t.INT64 : t.INT128;
}

export function numericResult(op: Operator, a: SqlType, b: SqlType): Resolution | undefined {
  if (!t.isNumeric(a) || !t.isNumeric(b)) return undefined;
  if (a.kind === 'float' || b.kind === 'float') {
    const both32 = a.kind === 'float' && b.kind === 'float' && a.bits === 32 && b.bits === 32;
    const type = both32 ? t.FLOAT32 : t.FLOAT64;
    return { args: [type, type], type };
  }
  if (a.kind === 'integer' && b.kind === 'integer') {
    const type = integerResult(a, b);
    return { args: [a, b], type };
  }
  const [p, s] = t.decimalShape(a);
  const [q, u] = t.decimalShape(b);
  if (op === '*') {
    if (s + u > t.MAX_PRECISION) return undefined;
    return { args: [t.decimal(p, s), t.decimal(q, u)], type: t.decimal(p + q, s + u) };
  }
  const scale = Math.max(s, u);
  const type = t.decimal(Math.max(p - s, q - u) + scale + 1, scale);
  return { args: [t.decimal(p, s), t.decimal(q, u)], type };
}

/** The digits a result can need; more than 38 must be checked while it is computed. */
function digits(op: Operator, a: SqlType, b: SqlType): number {
  const [p, s] = t.decimalShape(a);
  const [q, u] = t.decimalShape(b);
  if (op === '*') return p + q;
  const scale = Math.max(s, u);
  return Math.max(p - s, q - u) + scale + 1;
}

/** Digits that must be left for the other factor before its size alone decides. */
const ROOMY_DIGITS = 20;

/**
 * `exact` in 128 bits, failing where it may not have fitted. A product of which one factor has few
 * digits is safe while the other stays below what is left of 38; otherwise the double decides. Both
 * fail by a strict cast: the engine has no other way to fail from inside an expression.
 */
function guarded(
  op: Operator,
  sides: readonly [Dsl, Dsl],
  digits: readonly [number, number],
  exact: Dsl,
): Dsl {
  const [left, right] = sides;
  const room = t.MAX_PRECISION - Math.min(...digits);
  if (op === '*' && room >= ROOMY_DIGITS) {
    const factor = digits[0] > digits[1] ? left : right;
    const limit = powerOfTen(room);
    const inside = d.and(
      d.binary('LtEq', factor, d.int128(limit)),
      d.binary('GtEq', factor, d.int128(-limit)),
    );
    const failing = d.binary('Minus', d.cast(inside, 'Int8'), d.scalar('Int8', 1));
    return d.binary('Plus', exact, d.cast(d.cast(failing, 'UInt8', true), 'Int128'));
  }
  const double = d.binary(OPS[op], d.cast(left, 'Float64'), d.cast(right, 'Float64'));
  return d.ternary(d.isNotNull(d.cast(double, 'Int128', true)), exact, d.nullOf('Int128'));
}

export function lowerNumeric(op: Operator, args: readonly Dsl[], call: CallExpression): Dsl {
  const [a, b] = call.args.map((each) => each.type) as [SqlType, SqlType];
  const [left, right] = [arg(args, 0), arg(args, 1)];
  const { type } = call;
  if (type.kind === 'float') return d.binary(OPS[op], left, right);
  if (type.kind === 'integer' && type.bits === 64) {
    const small = a.kind === 'integer' && b.kind === 'integer' && a.bits < 64 && b.bits < 64;
    if (small) return d.binary(OPS[op], d.cast(left, 'Int64'), d.cast(right, 'Int64'));
    const wide = d.binary(OPS[op], d.cast(left, 'Int128'), d.cast(right, 'Int128'));
    return d.cast(wide, 'Int64', true);
  }
  const scale = t.decimalShape(type)[1];
  const atScale = (node: Dsl, from: SqlType): Dsl => {
    const wide = d.cast(node, 'Int128');
    return op === '*' ? wide : rescale(wide, t.decimalShape(from)[1], scale);
  };
  const [wideLeft, wideRight] = [atScale(left, a), atScale(right, b)];
  const exact = d.binary(OPS[op], wideLeft, wideRight);
  if (digits(op, a, b) <= t.MAX_PRECISION) return exact;
  return guarded(op, [wideLeft, wideRight], [t.decimalShape(a)[0], t.decimalShape(b)[0]], exact);
}
