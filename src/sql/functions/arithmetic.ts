/**
 * + - * / // % and their exactness. Integers up to 32 bits compute in 64 and cannot overflow;
 * 64-bit ones compute in 128 and fail when the result leaves 64. Decimals are scaled 128-bit
 * integers; a product that could pass 38 digits is checked against its double. `/` is always a
 * double, as in DuckDB; `//` truncates; a zero divisor gives null for both integer operators.
 */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { integerResult, lowerNumeric, numericResult, type Operator } from './arithmetic/exact.ts';
import { isTime, lowerTemporal, temporalResult } from './arithmetic/temporal.ts';
import { arg, type FunctionTable, type Resolution, type ScalarFunction } from './function.ts';
import { divideFloats, toFloat, truncatedDivide } from './numbers.ts';

const isUntyped = (type: SqlType): boolean => type.kind === 'null';

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
