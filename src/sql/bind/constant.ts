/** Constants, parameters, casts and PostgreSQL's keyword values. */
import type { A_Const, ParamRef, SQLValueFunction, TypeCast } from 'libpg-query';
import type { Expression } from '../ir.ts';
import { dayOf, zoneOffset } from '../temporal.ts';
import * as t from '../types.ts';
import { convert, parseDecimal } from './coerce.ts';
import type { Context, ParameterValue } from './context.ts';
import { type Environment, literal } from './environment.ts';
import { bindType } from './typename.ts';

const INT32_MAX = 2n ** 31n - 1n;
const INT64_MAX = 2n ** 63n - 1n;
const INT128_MAX = 2n ** 127n - 1n;

function integerLiteral(value: bigint, position: number): Expression {
  const size = value < 0n ? -value : value;
  if (size > INT128_MAX) return literal(Number(value), t.FLOAT64, position);
  return literal(
    value,
    size <= INT32_MAX ? t.INT32 : size <= INT64_MAX ? t.INT64 : t.INT128,
    position,
  );
}

/** 0.06 is a decimal(2,2), exact; 1e3 and what exceeds 38 digits are doubles. */
function numberLiteral(text: string, position: number): Expression {
  const plain = text.replaceAll('_', '');
  if (/^0[xob]/i.test(plain) || /^-?\d+$/.test(plain))
    return integerLiteral(BigInt(plain), position);
  const match = /^-?(\d*)\.(\d*)$/.exec(plain);
  if (match === null) return literal(Number(plain), t.FLOAT64, position);
  const whole = (match[1] ?? '').replace(/^0+/, '').length;
  const scale = (match[2] ?? '').length;
  const value = parseDecimal(plain, scale);
  if (value === undefined || whole + scale > t.MAX_PRECISION)
    return literal(Number(plain), t.FLOAT64, position);
  return literal(value, t.decimal(Math.max(1, whole + scale), scale), position);
}

export function bindConstant(constant: A_Const, context: Context): Expression {
  const position = constant.location ?? 0;
  if (constant.bsval !== undefined)
    throw context.unsupported('bit and hexadecimal strings', position);
  if (constant.isnull === true) return literal(null, t.NULL, position);
  if (constant.ival !== undefined) return integerLiteral(BigInt(constant.ival.ival ?? 0), position);
  if (constant.fval !== undefined) return numberLiteral(constant.fval.fval ?? '0', position);
  if (constant.boolval !== undefined)
    return literal(
      (constant.boolval as { boolval?: boolean }).boolval ?? false,
      t.BOOLEAN,
      position,
    );
  return literal(constant.sval?.sval ?? '', t.TEXT, position);
}

/** A parameter keeps the type of the value given; a text one adapts like a constant. */
function parameterValue(value: ParameterValue, position: number): Expression {
  if (value === null) return literal(null, t.NULL, position);
  if (typeof value === 'bigint') return integerLiteral(value, position);
  if (typeof value === 'number') {
    return Number.isSafeInteger(value)
      ? integerLiteral(BigInt(value), position)
      : literal(value, t.FLOAT64, position);
  }
  if (typeof value === 'boolean') return literal(value, t.BOOLEAN, position);
  if (value instanceof Date)
    return literal(BigInt(value.getTime()) * 1000n, t.timestampIn('UTC'), position);
  return literal(value, t.TEXT, position);
}

export function bindParameter(context: Context, reference: ParamRef): Expression {
  const name = context.marks.parameters[(reference.number ?? 1) - 1] ?? '';
  const position = reference.location ?? 0;
  const { parameters } = context.options;
  if (!Object.hasOwn(parameters, name)) {
    const known = Object.keys(parameters);
    const hint = known.length > 0 ? `given: ${known.join(', ')}` : `give it with -p ${name}=value`;
    throw context.bad(`Parameter "${name}" has no value`, position, hint);
  }
  return parameterValue(parameters[name] ?? null, position);
}

export function bindCast(cast: TypeCast, environment: Environment): Expression {
  const { context } = environment;
  const type = bindType(context, cast.typeName);
  if (cast.arg === undefined) throw context.bad('CAST of nothing', cast.location);
  const input = environment.bind(cast.arg, environment);
  const position = cast.location ?? -1;
  const lenient = position >= 0 && context.marks.tryCasts.has(context.source.typed(position));
  return convert(context, input, type, lenient, position);
}

/** The moment the query began, as an instant, a day or a clock reading in the session's zone. */
export function bindMoment(
  context: Context,
  kind: 'now' | 'local' | 'date' | 'time',
  position: number,
): Expression {
  const micros = BigInt(context.options.now.getTime()) * 1000n;
  if (kind === 'now') return literal(micros, t.timestampIn('UTC'), position);
  const local = micros + zoneOffset(micros, context.options.timeZone);
  if (kind === 'local') return literal(local, t.TIMESTAMP, position);
  if (kind === 'date') return literal(dayOf(local), t.DATE, position);
  return literal((local - dayOf(local) * 86_400_000_000n) * 1000n, t.TIME, position);
}

export function bindKeywordValue(context: Context, value: SQLValueFunction): Expression {
  const position = value.location ?? 0;
  const op = value.op ?? '';
  if (op.startsWith('SVFOP_CURRENT_DATE')) return bindMoment(context, 'date', position);
  if (op.startsWith('SVFOP_CURRENT_TIMESTAMP')) return bindMoment(context, 'now', position);
  if (op.startsWith('SVFOP_LOCALTIMESTAMP')) return bindMoment(context, 'local', position);
  if (/^SVFOP_(CURRENT_TIME|LOCALTIME)/.test(op)) return bindMoment(context, 'time', position);
  throw context.unsupported(op.replace('SVFOP_', ''), position);
}
