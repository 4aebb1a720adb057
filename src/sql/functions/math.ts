/** Mathematical functions. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { truncate } from './arithmetic.ts';
import { arg, type FunctionTable, fixed, literalOf, type ScalarFunction } from './function.ts';
import {
  divideFloats,
  powerOfTen,
  raise,
  rescale,
  roundHalfAway,
  truncatedDivide,
} from './numbers.ts';

const float = (usage: string, lower: (a: Dsl) => Dsl): ScalarFunction =>
  fixed(usage, [t.FLOAT64], t.FLOAT64, lower);
const trigonometry = (name: string, variant: string): ScalarFunction =>
  float(`${name}(number)`, (a) => d.call({ Trigonometry: variant }, a));
/** Outside of its domain a function is an error, as in PostgreSQL and DuckDB, not NaN. */
function domain(outside: Dsl, what: string, value: Dsl): Dsl {
  return d.ternary(outside, raise(outside, what, 'Float64'), value);
}
const logarithm = (a: Dsl, base: number): Dsl =>
  domain(
    d.binary('LtEq', a, d.float64(0)),
    'logarithm of zero or less',
    d.call('Log', a, d.float64(base)),
  );

/** abs, ceil, floor, sign keep the kind of number they are given. */
const keeping = (usage: string, lower: (node: Dsl, type: SqlType) => Dsl): ScalarFunction => ({
  usage,
  resolve: ([a, more]) => {
    if (a === undefined || more !== undefined) return undefined;
    if (a.kind === 'null') return { args: [t.FLOAT64], type: t.FLOAT64 };
    return t.isNumeric(a) ? { args: [a], type: a } : undefined;
  },
  lower: (args, call) => lower(arg(args, 0), call.type),
});

/** A decimal rounded toward one side: whole units below, then one more where something was cut. */
function decimalStep(node: Dsl, scale: number, side: 'Ceil' | 'Floor'): Dsl {
  const unit = d.int128(powerOfTen(scale));
  const whole = d.binary('Multiply', truncatedDivide(node, unit, 'Int128'), unit);
  const cut = side === 'Ceil' ? d.binary('Gt', node, whole) : d.binary('Lt', node, whole);
  const step = d.binary(side === 'Ceil' ? 'Plus' : 'Minus', whole, unit);
  return d.ternary(cut, step, whole);
}

const toward = (name: string, side: 'Ceil' | 'Floor'): ScalarFunction =>
  keeping(`${name}(number)`, (node, type) => {
    if (type.kind === 'integer') return node;
    return type.kind === 'decimal' ? decimalStep(node, type.scale, side) : d.call(side, node);
  });

/** round(x, n): half away from zero, as PostgreSQL rounds numbers and DuckDB all of them. */
const round: ScalarFunction = {
  usage: 'round(number [, digits])',
  resolve: ([a, b, more], args) => {
    if (a === undefined || more !== undefined) return undefined;
    if (b !== undefined && args[1]?.kind !== 'literal')
      return 'the number of digits must be a constant';
    const digits = Number(literalOf(args[1]) ?? 0);
    const rest = b === undefined ? [] : [t.INT64];
    if (a.kind === 'integer' && digits >= 0) return { args: [a, ...rest], type: a };
    if (a.kind === 'decimal' && digits >= 0) {
      return { args: [a, ...rest], type: t.decimal(a.precision, Math.min(a.scale, digits)) };
    }
    return { args: [t.FLOAT64, ...rest], type: t.FLOAT64 };
  },
  lower: (args, call) => {
    const digits = Number(literalOf(call.args[1]) ?? 0);
    const node = arg(args, 0);
    if (call.type.kind === 'integer') return node;
    if (call.type.kind === 'decimal') {
      return rescale(node, t.decimalShape(call.args[0]?.type ?? call.type)[1], call.type.scale);
    }
    if (digits >= 0) return roundHalfAway(node, digits);
    const unit = d.float64(10 ** -digits);
    return d.binary('Multiply', roundHalfAway(divideFloats(node, unit)), unit);
  },
};

/** trunc(x, n): toward zero, as PostgreSQL and DuckDB. */
const trunc: ScalarFunction = {
  usage: 'trunc(number [, digits])',
  resolve: ([a, b, more], args) => {
    if (a === undefined || more !== undefined) return undefined;
    if (b !== undefined && args[1]?.kind !== 'literal')
      return 'the number of digits must be a constant';
    const rest = b === undefined ? [] : [t.INT64];
    if (a.kind !== 'decimal' && a.kind !== 'integer')
      return { args: [t.FLOAT64, ...rest], type: t.FLOAT64 };
    if (a.kind === 'integer' || b === undefined) return { args: [a, ...rest], type: a };
    const digits = Math.max(0, Number(literalOf(args[1])));
    return { args: [a, ...rest], type: t.decimal(a.precision, Math.min(a.scale, digits)) };
  },
  lower: (args, call) => {
    const digits = Number(literalOf(call.args[1]) ?? 0);
    const node = arg(args, 0);
    if (literalOf(call.args[1]) === null) return d.nullOf(t.dtypeOf(call.type));
    if (call.type.kind === 'float') {
      const unit = d.float64(10 ** Math.abs(digits));
      if (digits === 0) return truncate(node);
      return digits < 0
        ? d.binary('Multiply', truncate(divideFloats(node, unit)), unit)
        : divideFloats(truncate(d.binary('Multiply', node, unit)), unit);
    }
    const from = t.decimalShape(call.args[0]?.type ?? call.type)[1];
    const to = t.decimalShape(call.type)[1];
    if (digits >= from) return node;
    const dtype = call.type.kind === 'integer' ? t.dtypeOf(call.type) : 'Int128';
    const power = (exponent: number): Dsl => d.cast(d.int128(powerOfTen(exponent)), dtype);
    // To whole steps of the last digit that stays, and these in units of the result.
    const steps = truncatedDivide(node, power(from - digits), dtype);
    return d.binary('Multiply', steps, power(to - digits));
  },
};

const floorDivide = (a: Dsl, b: Dsl): Dsl => d.call('Floor', divideFloats(a, b));

const sign: ScalarFunction = {
  usage: 'sign(number)',
  resolve: ([a, more]) =>
    a !== undefined && more === undefined && t.isNumeric(a)
      ? { args: [a], type: t.INT64 }
      : undefined,
  lower: (args) => d.cast(d.call('Sign', arg(args, 0)), 'Int64'),
};

const bits = (usage: string, lower: (a: Dsl, b: Dsl) => Dsl): ScalarFunction =>
  fixed(usage, [t.INT64, t.INT64], t.INT64, lower);
const numberTest = (usage: string, variant: string): ScalarFunction =>
  fixed(usage, [t.FLOAT64], t.BOOLEAN, (a) => d.boolCall(variant, a));

export const MATH: FunctionTable = {
  abs: keeping('abs(number)', (node) => d.call('Abs', node)),
  ceil: toward('ceil', 'Ceil'),
  floor: toward('floor', 'Floor'),
  round,
  sign,
  trunc,
  fdiv: fixed('fdiv(number, number)', [t.FLOAT64, t.FLOAT64], t.FLOAT64, floorDivide),
  fmod: fixed('fmod(number, number)', [t.FLOAT64, t.FLOAT64], t.FLOAT64, (a, b) =>
    d.binary('Minus', a, d.binary('Multiply', floorDivide(a, b), b)),
  ),
  sqrt: float('sqrt(number)', (a) =>
    domain(
      d.binary('Lt', a, d.float64(0)),
      'square root of a negative number',
      d.call({ Pow: 'Sqrt' }, a),
    ),
  ),
  cbrt: float('cbrt(number)', (a) => d.call({ Pow: 'Cbrt' }, a)),
  exp: float('exp(number)', (a) => d.call('Exp', a)),
  ln: float('ln(number)', (a) => logarithm(a, Math.E)),
  log2: float('log2(number)', (a) => logarithm(a, 2)),
  log10: float('log10(number)', (a) => logarithm(a, 10)),
  log: {
    usage: 'log([base,] number)',
    resolve: (types) =>
      types.length === 1 || types.length === 2
        ? { args: types.map(() => t.FLOAT64), type: t.FLOAT64 }
        : undefined,
    lower: (args) =>
      args.length === 1
        ? logarithm(arg(args, 0), 10)
        : divideFloats(logarithm(arg(args, 1), Math.E), logarithm(arg(args, 0), Math.E)),
  },
  sin: trigonometry('sin', 'Sin'),
  cos: trigonometry('cos', 'Cos'),
  tan: trigonometry('tan', 'Tan'),
  cot: trigonometry('cot', 'Cot'),
  asin: trigonometry('asin', 'ArcSin'),
  acos: trigonometry('acos', 'ArcCos'),
  atan: trigonometry('atan', 'ArcTan'),
  sinh: trigonometry('sinh', 'Sinh'),
  cosh: trigonometry('cosh', 'Cosh'),
  tanh: trigonometry('tanh', 'Tanh'),
  asinh: trigonometry('asinh', 'ArcSinh'),
  acosh: trigonometry('acosh', 'ArcCosh'),
  atanh: trigonometry('atanh', 'ArcTanh'),
  degrees: trigonometry('degrees', 'Degrees'),
  radians: trigonometry('radians', 'Radians'),
  atan2: fixed('atan2(y, x)', [t.FLOAT64, t.FLOAT64], t.FLOAT64, (y, x) => d.call('Atan2', y, x)),
  pi: fixed('pi()', [], t.FLOAT64, () => d.float64(Math.PI)),
  isnan: numberTest('isnan(number)', 'IsNan'),
  isinf: numberTest('isinf(number)', 'IsInfinite'),
  isfinite: numberTest('isfinite(number)', 'IsFinite'),
  '&': bits('integer & integer', (a, b) => d.binary('And', a, b)),
  '|': bits('integer | integer', (a, b) => d.binary('Or', a, b)),
  xor: bits('xor(integer, integer)', (a, b) => d.binary('Xor', a, b)),
};

export const MATH_ALIASES: Readonly<Record<string, string>> = {
  ceiling: 'ceil',
  pow: 'power',
  '^': 'power',
  '**': 'power',
  '#': 'xor',
  is_nan: 'isnan',
  ifnull: 'coalesce',
  nvl: 'coalesce',
  divide: '//',
};
