/**
 * + - * / // % and their exactness. Integers up to 32 bits compute in 64 and cannot overflow;
 * 64-bit ones compute in 128 and fail when the result leaves 64. Decimals are scaled 128-bit
 * integers; a product that could pass 38 digits is checked against its double. `/` is always a
 * double, as in DuckDB; `//` truncates; a zero divisor gives null for both integer operators.
 */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { CallExpression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { arg, type FunctionTable, type Resolution, type ScalarFunction } from './function.ts';
import { divideFloats, powerOfTen, rescale, toFloat, truncatedDivide } from './numbers.ts';

type Operator = '+' | '-' | '*';
const OPS = { '+': 'Plus', '-': 'Minus', '*': 'Multiply' } as const;

function integerResult(a: SqlType, b: SqlType): SqlType {
  const common = t.commonType(a, b);
  if (common?.kind !== 'integer' || common.bits === 128) return t.INT128;
  return common.signed || common.bits < 64 ? t.INT64 : t.INT128;
}

function numericResult(op: Operator, a: SqlType, b: SqlType): Resolution | undefined {
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

function lowerNumeric(op: Operator, args: readonly Dsl[], call: CallExpression): Dsl {
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

const isTime = (type: SqlType): boolean => type.kind === 'date' || type.kind === 'timestamp';
const isUntyped = (type: SqlType): boolean => type.kind === 'null';

/** What a date or timestamp is after an interval: microseconds at least. */
function moved(from: SqlType): SqlType {
  if (from.kind !== 'timestamp') return t.TIMESTAMP;
  return from.unit === 'ms' ? { ...from, unit: 'us' } : from;
}

/** Dates move by days and by intervals; two dates differ by days, two timestamps by an interval. */
function temporalResult(op: Operator, a: SqlType, b: SqlType): Resolution | undefined {
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

function lowerTemporal(op: Operator, args: readonly Dsl[], call: CallExpression): Dsl {
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

const arithmetic = (op: Operator): ScalarFunction => ({
  usage: `number ${op} number`,
  resolve: ([a, b]) => {
    if (a === undefined || b === undefined) return undefined;
    if (isUntyped(a) && isUntyped(b)) return { args: [t.INT64, t.INT64], type: t.INT64 };
    const left = isUntyped(a) ? b : a;
    const right = isUntyped(b) ? (isTime(left) ? t.INTERVAL : left) : b;
    return numericResult(op, left, right) ?? temporalResult(op, left, right);
  },
  lower: (args, call) =>
    t.isNumeric(call.type) && call.args.every((each) => t.isNumeric(each.type))
      ? lowerNumeric(op, args, call)
      : lowerTemporal(op, args, call),
});

function wholeNumbers(types: readonly SqlType[]): Resolution | undefined {
  const common = types.reduce<SqlType | undefined>((a, b) => a && t.commonType(a, b), t.NULL);
  if (types.length !== 2 || common === undefined) return undefined;
  if (common.kind === 'null') return { args: [t.INT64, t.INT64], type: t.INT64 };
  return t.isNumeric(common) ? { args: [common, common], type: common } : undefined;
}

/** Truncated division; null for a zero divisor. */
function quotient(left: Dsl, right: Dsl, type: SqlType): Dsl {
  const zero = d.binary('Eq', right, d.cast(d.int64(0), t.dtypeOf(type)));
  const safe = d.ternary(zero, d.nullOf(t.dtypeOf(type)), right);
  if (type.kind === 'float') return truncate(divideFloats(left, safe));
  return truncatedDivide(left, safe, t.dtypeOf(type));
}

export const truncate = (node: Dsl): Dsl =>
  d.ternary(d.binary('Lt', node, d.float64(0)), d.call('Ceil', node), d.call('Floor', node));

const divide: ScalarFunction = {
  usage: 'number / number',
  resolve: ([a, b]) => {
    if (a === undefined || b === undefined) return undefined;
    if (a.kind === 'interval' && t.isNumeric(b)) return { args: [a, t.FLOAT64], type: t.INTERVAL };
    const fits = (type: SqlType): boolean => t.isNumeric(type) || isUntyped(type);
    return fits(a) && fits(b) ? { args: [t.FLOAT64, t.FLOAT64], type: t.FLOAT64 } : undefined;
  },
  lower: (args, call) => {
    if (call.type.kind !== 'interval') return divideFloats(arg(args, 0), arg(args, 1));
    const ratio = divideFloats(d.cast(d.physical(arg(args, 0)), 'Float64'), arg(args, 1));
    return d.cast(d.cast(ratio, 'Int64'), t.dtypeOf(t.INTERVAL));
  },
};

const modulo: ScalarFunction = {
  usage: 'number % number',
  resolve: wholeNumbers,
  lower: (args, call) => {
    const [left, right] = [arg(args, 0), arg(args, 1)];
    const whole = quotient(left, right, call.type);
    return d.binary('Minus', left, d.binary('Multiply', whole, right));
  },
};

export const ARITHMETIC: FunctionTable = {
  '+': arithmetic('+'),
  '-': arithmetic('-'),
  '*': arithmetic('*'),
  '/': divide,
  '//': {
    usage: 'integer // integer',
    resolve: (types) => {
      const whole = wholeNumbers(types);
      return whole?.type.kind === 'decimal'
        ? { args: [t.FLOAT64, t.FLOAT64], type: t.FLOAT64 }
        : whole;
    },
    lower: (args, call) => quotient(arg(args, 0), arg(args, 1), call.type),
  },
  '%': modulo,
  mod: modulo,
  negate: {
    usage: '- number',
    resolve: ([a]) => {
      if (a === undefined) return undefined;
      if (a.kind === 'integer')
        return { args: [a], type: a.bits === 64 && a.signed ? t.INT64 : integerResult(a, t.INT32) };
      return t.isNumeric(a) || a.kind === 'interval' ? { args: [a], type: a } : undefined;
    },
    lower: (args, call) => {
      const node = arg(args, 0);
      const { type } = call;
      if (type.kind === 'float')
        return d.binary('Multiply', node, d.cast(d.float64(-1), t.dtypeOf(type)));
      const dtype = t.dtypeOf(type);
      if (type.kind === 'interval') return d.binary('Minus', d.cast(d.int64(0), dtype), node);
      // The engine has no negation of 128-bit integers.
      const negated = d.binary('Minus', d.int128(0), d.cast(node, 'Int128'));
      return dtype === 'Int128' ? negated : d.cast(negated, dtype, true);
    },
  },
  power: {
    usage: 'power(number, number)',
    resolve: (types) =>
      types.length === 2 ? { args: [t.FLOAT64, t.FLOAT64], type: t.FLOAT64 } : undefined,
    lower: (args) => d.call({ Pow: 'Generic' }, arg(args, 0), arg(args, 1)),
  },
  to_float: {
    usage: 'double',
    resolve: ([a]) => (a === undefined ? undefined : { args: [a], type: t.FLOAT64 }),
    lower: (args, call) => toFloat(arg(args, 0), call.args[0]?.type ?? t.FLOAT64),
  },
};
