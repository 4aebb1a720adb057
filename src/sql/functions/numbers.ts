/** Conversions between the number types, in the form they are computed in. */

import type { Dsl, Dtype } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { SqlType } from '../types.ts';

export const powerOfTen = (exponent: number): bigint => 10n ** BigInt(exponent);

/**
 * Fails the query on rows where `when` holds, naming `message`; null elsewhere. A strict cast is
 * the engine's only way to fail from inside an expression.
 */
export function raise(when: Dsl, message: string | Dsl, dtype: Dtype): Dsl {
  const said = typeof message === 'string' ? d.text(`nairobi: ${message}`) : message;
  const failing = d.ternary(when, said, d.nullOf('String'));
  return d.cast(d.cast(failing, 'Int64', true), dtype);
}

/** A scaled integer at another scale; fewer digits round half away from zero, as PostgreSQL. */
export function rescale(node: Dsl, from: number, to: number): Dsl {
  if (to === from) return node;
  if (to > from) return d.binary('Multiply', node, d.int128(powerOfTen(to - from)));
  const unit = powerOfTen(from - to);
  const half = d.int128(unit / 2n);
  const negative = d.binary('Lt', node, d.int128(0));
  const moved = d.ternary(negative, d.binary('Minus', node, half), d.binary('Plus', node, half));
  return truncatedDivide(moved, d.int128(unit), 'Int128');
}

/** The engine divides integers toward minus infinity; SQL toward zero. */
export function truncatedDivide(left: Dsl, right: Dsl, dtype: Dtype): Dsl {
  const zero = d.cast(d.int64(0), dtype);
  const one = d.cast(d.int64(1), dtype);
  const floor = d.binary('FloorDivide', left, right);
  const inexact = d.binary('NotEq', d.binary('Multiply', floor, right), left);
  const negative = d.binary('NotEq', d.binary('Lt', left, zero), d.binary('Lt', right, zero));
  return d.ternary(d.and(inexact, negative), d.binary('Plus', floor, one), floor);
}

/**
 * `left / right` of doubles, rounded once. Polars multiplies a column by the reciprocal of a
 * constant (114 / 100 is 1.1400000000000001 then, measured), so it is repeated for each row.
 */
export function divideFloats(left: Dsl, right: Dsl): Dsl {
  if (!isConstant(right) || isConstant(left)) return d.binary('TrueDivide', left, right);
  const repeated = d.ternary(d.isNotNull(left), right, d.nullOf('Float64'));
  return d.binary('TrueDivide', left, repeated);
}

/** Reads no column, element or row count. */
function isConstant(node: unknown): boolean {
  if (typeof node === 'string') return node !== d.element && node !== d.len;
  if (typeof node !== 'object' || node === null) return true;
  return Object.entries(node).every(([name, value]) => name !== 'Column' && isConstant(value));
}

/** Any number as a double; a decimal is divided by its scale once. */
export function toFloat(node: Dsl, from: SqlType): Dsl {
  const double = d.cast(node, 'Float64');
  if (from.kind !== 'decimal' || from.scale === 0) return double;
  return divideFloats(double, d.float64(10 ** from.scale));
}

const dtypeOfScale = (scale: number): Dtype => ({ Decimal: [38, scale] });

/** Its digits as text, for scales that leave no room to multiply: sign, whole, point, fraction. */
function decimalText(node: Dsl, scale: number): Dsl {
  const unit = d.int128(powerOfTen(scale));
  const size = d.call('Abs', node);
  const whole = d.binary('FloorDivide', size, unit);
  const rest = d.cast(d.binary('Minus', size, d.binary('Multiply', whole, unit)), 'String');
  const fraction = d.stringCall('ZFill', rest, d.int64(scale));
  const sign = d.ternary(d.binary('Lt', node, d.int128(0)), d.text('-'), d.text(''));
  const parts = [sign, d.cast(whole, 'String'), d.text('.'), fraction];
  return d.stringCall({ ConcatHorizontal: { delimiter: '', ignore_nulls: false } }, ...parts);
}

/**
 * A scaled integer as Polars' own Decimal: what leaves the query. The engine can only multiply its
 * way from one to the other, and makes NULL of what overflows on the way (measured), so a value
 * that has no room for that goes as its whole part and its fraction, or as text.
 */
export function toNativeDecimal(node: Dsl, precision: number, scale: number): Dsl {
  const whole = dtypeOfScale(0);
  if (scale === 0) return d.cast(node, whole, true);
  const ulp = d.scalar('Decimal', [1n, 38, scale]);
  if (precision + scale <= 38) return d.binary('Multiply', d.cast(node, whole, true), ulp);
  if (2 * scale > 37) return d.cast(decimalText(node, scale), dtypeOfScale(scale), true);
  const unit = d.int128(powerOfTen(scale));
  const units = d.binary('FloorDivide', node, unit);
  const rest = d.binary('Minus', node, d.binary('Multiply', units, unit));
  const fraction = d.binary('Multiply', d.cast(rest, whole, true), ulp);
  return d.binary('Plus', d.cast(units, dtypeOfScale(scale), true), fraction);
}

export const roundHalfEven = (node: Dsl): Dsl =>
  d.call({ Round: { decimals: 0, mode: 'HalfToEven' } }, node);
export const roundHalfAway = (node: Dsl, decimals = 0): Dsl =>
  d.call({ Round: { decimals, mode: 'HalfAwayFromZero' } }, node);
