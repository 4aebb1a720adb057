/** Turning an expression into another type: constants at once, the rest by a cast. */
import type { Expression, Interval, LiteralExpression, Scalar } from '../ir.ts';
import { rare } from '../rare.ts';
import {
  dayOf,
  daysToMicros,
  localToInstant,
  parseClock,
  parseInterval,
  parseTimestamp,
} from '../temporal.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import type { Context } from './context.ts';

const TRUE = /^\s*(t|true|yes|y|on|1)\s*$/i;
const FALSE = /^\s*(f|false|no|n|off|0)\s*$/i;

/** "12.50" at a scale: unscaled digits, rounded half away from zero. */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?\s*$/i.exec(text);
  if (match === null || `${match[2]}${match[3] ?? ''}` === '') return undefined;
  const digits = `${match[2]}${match[3] ?? ''}`;
  const shift = scale - (match[3] ?? '').length + Number(match[4] ?? 0);
  if (Math.abs(shift) > 400) return undefined;
  let value: bigint;
  if (shift >= 0) value = BigInt(digits) * 10n ** BigInt(shift);
  else {
    const unit = 10n ** BigInt(-shift);
    value = (BigInt(digits) + unit / 2n) / unit;
  }
  return match[1] === '-' ? -value : value;
}

const BITS_RANGE = (bits: number, signed: boolean): readonly [bigint, bigint] =>
  signed ? [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n] : [0n, 2n ** BigInt(bits) - 1n];

function integerIn(value: bigint, type: Extract<SqlType, { kind: 'integer' }>): bigint | undefined {
  const [least, most] = BITS_RANGE(type.bits, type.signed);
  return value >= least && value <= most ? value : undefined;
}

function timestampFrom(
  text: string,
  type: Extract<SqlType, { kind: 'timestamp' }>,
  zone: string,
): bigint | undefined {
  const parsed = parseTimestamp(text);
  if (parsed === undefined) return undefined;
  const { micros, nanos, offset } = parsed;
  const instant =
    type.zone === undefined
      ? micros
      : offset === undefined
        ? localToInstant(micros, zone)
        : micros - offset;
  if (type.unit === 'ns') return instant * 1000n + nanos;
  return type.unit === 'ms' ? instant / 1000n : instant;
}

/** The time of day in a date's text is read and dropped, as in PostgreSQL. */
function dateFrom(text: string): bigint | undefined {
  const parsed = parseTimestamp(text);
  return parsed === undefined ? undefined : dayOf(parsed.micros);
}

/** A text constant as a value of `type`; undefined when it is none. */
function fromText(text: string, type: SqlType, zone: string): Scalar | undefined {
  switch (type.kind) {
    case 'text':
      return text;
    case 'boolean':
      return TRUE.test(text) ? true : FALSE.test(text) ? false : undefined;
    case 'integer': {
      const digits = /^\s*([+-]?\d+)\s*$/.exec(text)?.[1];
      return digits === undefined ? undefined : integerIn(BigInt(digits), type);
    }
    case 'float': {
      if (/^\s*[+-]?(inf|infinity)\s*$/i.test(text))
        return text.includes('-') ? -Infinity : Infinity;
      if (/^\s*nan\s*$/i.test(text)) return Number.NaN;
      return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)
        ? floatOf(Number(text), type)
        : undefined;
    }
    case 'decimal':
      return parseDecimal(text, type.scale);
    case 'date':
      return dateFrom(text);
    case 'time': {
      const micros = parseClock(text);
      return micros === undefined ? undefined : micros * 1000n;
    }
    case 'timestamp':
      return timestampFrom(text, type, zone);
    case 'interval':
      return parseInterval(text);
    default:
      return undefined;
  }
}

/** REAL has 24 bits also where it is a constant. */
const floatOf = (value: number, { bits }: SqlType & { kind: 'float' }): number =>
  bits === 32 ? Math.fround(value) : value;

/** A number constant as another number type; undefined leaves it to a cast. */
function fromNumber(literal: LiteralExpression, type: SqlType): Scalar | undefined {
  const { value, type: from } = literal;
  if (from.kind === 'integer' && typeof value === 'bigint') {
    if (type.kind === 'integer') return integerIn(value, type);
    if (type.kind === 'float') return floatOf(Number(value), type);
    if (type.kind === 'decimal') return value * 10n ** BigInt(type.scale);
  }
  if (from.kind === 'decimal' && typeof value === 'bigint') {
    if (type.kind === 'float') return floatOf(Number(decimalText(value, from.scale)), type);
    if (type.kind === 'decimal') return parseDecimal(decimalText(value, from.scale), type.scale);
  }
  if (from.kind === 'float' && type.kind === 'float' && type.bits === 64) return value;
  return undefined;
}

export function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  if (scale === 0) return `${sign}${digits}`;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function fold(context: Context, literal: LiteralExpression, type: SqlType): Scalar | undefined {
  const { value, type: from } = literal;
  if (value === null) return null;
  if (from.kind === 'text' && typeof value === 'string') {
    return fromText(value, type, context.options.timeZone);
  }
  if (t.isNumeric(from) && t.isNumeric(type)) return fromNumber(literal, type);
  if (from.kind === 'interval' && type.kind === 'calendar') {
    rare();
    return value;
  }
  if (from.kind === 'date' && type.kind === 'timestamp' && typeof value === 'bigint') {
    const micros = daysToMicros(value);
    const instant =
      type.zone === undefined ? micros : localToInstant(micros, context.options.timeZone);
    return type.unit === 'ns' ? instant * 1000n : type.unit === 'ms' ? instant / 1000n : instant;
  }
  return undefined;
}

const RARE_TYPES = new Set<t.Kind>(['list', 'struct', 'map', 'calendar', 'interval']);

function castOf(input: Expression, type: SqlType, lenient: boolean, position: number): Expression {
  // Its lowering is among the rare parts: they are to be there by then.
  if (RARE_TYPES.has(input.type.kind) || RARE_TYPES.has(type.kind)) rare();
  return { kind: 'cast', input, type, lenient, position };
}

/** A naive timestamp meets an instant: it is read in the session's zone. */
function acrossZones(context: Context, input: Expression, type: SqlType): Expression | undefined {
  const from = input.type.kind === 'date' ? t.TIMESTAMP : input.type;
  if (from.kind !== 'timestamp' || type.kind !== 'timestamp') return undefined;
  if ((from.zone === undefined) === (type.zone === undefined)) return undefined;
  const zone: Expression = {
    kind: 'literal',
    value: context.options.timeZone,
    type: t.TEXT,
    position: -1,
  };
  const middle = from.zone === undefined ? t.timestampIn('UTC') : t.TIMESTAMP;
  const stamp = t.sameType(input.type, from) ? input : castOf(input, from, false, input.position);
  const moved: Expression = {
    kind: 'call',
    name: 'timezone',
    args: [zone, stamp],
    type: middle,
    position: input.position,
  };
  return t.sameType(middle, type) ? moved : castOf(moved, type, false, input.position);
}

/** An instant's day, clock and text, and the instant that a text names, are the session zone's. */
function throughZone(
  context: Context,
  input: Expression,
  type: SqlType,
  lenient: boolean,
): Expression {
  const { type: from } = input;
  const zone = context.options.timeZone;
  if (from.kind === 'text' && type.kind === 'timestamp' && type.zone !== undefined) {
    return type.zone === zone ? input : castOf(input, { ...type, zone }, lenient, input.position);
  }
  if (from.kind !== 'timestamp' || from.zone === undefined) return input;
  if (from.zone === 'UTC' && zone === 'UTC') return input;
  if (type.kind === 'date' || type.kind === 'time') return convert(context, input, t.TIMESTAMP);
  if (type.kind !== 'text' || from.zone === zone) return input;
  return castOf(input, { ...from, zone }, false, input.position);
}

/**
 * `input` as a value of `type`; a constant that cannot be one is an error here, under its token.
 */
export function convert(
  context: Context,
  input: Expression,
  type: SqlType,
  lenient = false,
  position = input.position,
): Expression {
  if (t.sameType(input.type, type)) return input;
  if (type.kind === 'text' && withMonths(input))
    return castOf(convert(context, input, t.CALENDAR), type, lenient, position);
  if (input.kind === 'literal') {
    const value = fold(context, input, type);
    if (value !== undefined) return { kind: 'literal', value, type, position: input.position };
    if (input.type.kind === 'text' && !['binary', 'other', 'list'].includes(type.kind)) {
      if (lenient) return { kind: 'literal', value: null, type, position: input.position };
      throw context.bad(
        `'${String(input.value)}' is not a ${t.describeType(type)}`,
        input.position,
      );
    }
  }
  const across = acrossZones(context, input, type);
  if (across !== undefined) return across;
  return castOf(throughZone(context, input, type, lenient), type, lenient, position);
}

/** Text constants take the type of what they stand beside, as PostgreSQL's unknown literals do. */
export function adaptLiterals(context: Context, args: readonly Expression[]): Expression[] {
  const typed = args.find((each) => each.type.kind !== 'null' && !isTextLiteral(each));
  if (typed === undefined || typed.type.kind === 'text') return [...args];
  return args.map((each) => (isTextLiteral(each) ? convert(context, each, typed.type) : each));
}

export const isTextLiteral = (expression: Expression): boolean =>
  expression.kind === 'literal' && expression.type.kind === 'text';

export const isInterval = (value: unknown): value is Interval =>
  typeof value === 'object' && value !== null && 'micros' in value;

/** Months have no fixed length: as a value of its own such an interval keeps its parts. */
export const withMonths = (expression: Expression): boolean =>
  expression.kind === 'literal' &&
  expression.type.kind === 'interval' &&
  isInterval(expression.value) &&
  expression.value.months !== 0;
