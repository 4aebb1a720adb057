/** CAST and TRY_CAST between every pair of types that converts. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { NairobiError } from '../../errors.ts';
import {
  powerOfTen,
  raise,
  rescale,
  roundHalfAway,
  roundHalfEven,
  toFloat,
  toNativeDecimal,
} from '../functions/numbers.ts';
import { strptime } from '../functions/time/texts.ts';
import { localized } from '../functions/zone.ts';
import { rare } from '../rare.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';

const trimmed = (node: Dsl): Dsl => d.stringCall('StripChars', node, d.text(' \t\n\r'));

export function toText(node: Dsl, from: SqlType): Dsl {
  switch (from.kind) {
    case 'decimal':
      return d.cast(toNativeDecimal(node, from.precision, from.scale), 'String');
    case 'timestamp':
      return d.timeCall(
        { ToString: from.zone === undefined ? '%Y-%m-%d %H:%M:%S%.f' : '%Y-%m-%d %H:%M:%S%.f%:z' },
        node,
      );
    case 'date':
      return d.timeCall({ ToString: '%Y-%m-%d' }, node);
    case 'time':
      return d.timeCall({ ToString: '%H:%M:%S%.f' }, node);
    case 'list':
    case 'struct':
    case 'map':
    case 'calendar':
    case 'interval':
      return rare().toText(node, from);
    default:
      return d.cast(node, 'String', true);
  }
}

/** More digits than the type has is an error, or null when lenient. */
function inPrecision(node: Dsl, to: SqlType & { kind: 'decimal' }, lenient: boolean): Dsl {
  if (to.precision >= t.MAX_PRECISION) return node;
  const limit = d.int128(powerOfTen(to.precision));
  const outside = d.binary('GtEq', d.call('Abs', node), limit);
  const instead = lenient
    ? d.nullOf('Int128')
    : raise(outside, `number does not fit ${t.describeType(to)}`, 'Int128');
  return d.ternary(outside, instead, node);
}

/**
 * More places than asked for are read first: the engine rounds half to even, SQL away from zero.
 */
const SPARE_PLACES = 12;

function textToDecimal(text: Dsl, scale: number, lenient: boolean): Dsl {
  const read = (places: number, strict: boolean): Dsl =>
    d.cast(d.physical(d.cast(text, { Decimal: [38, places] }, strict)), 'Int128');
  const finer = Math.min(37, scale + SPARE_PLACES);
  return d.coalesce(rescale(read(finer, false), finer, scale), read(scale, !lenient));
}

function toDecimal(
  node: Dsl,
  from: SqlType,
  to: SqlType & { kind: 'decimal' },
  lenient: boolean,
): Dsl {
  const [precision, scale] = t.decimalShape(from);
  switch (from.kind) {
    case 'boolean':
    case 'integer': {
      const scaled = rescale(d.cast(node, 'Int128'), 0, to.scale);
      return precision <= to.precision - to.scale ? scaled : inPrecision(scaled, to, lenient);
    }
    case 'decimal': {
      const scaled = rescale(node, scale, to.scale);
      return precision - scale <= to.precision - to.scale
        ? scaled
        : inPrecision(scaled, to, lenient);
    }
    case 'float': {
      const unscaled = d.binary('Multiply', d.cast(node, 'Float64'), d.float64(10 ** to.scale));
      return inPrecision(d.cast(roundHalfAway(unscaled), 'Int128', !lenient), to, lenient);
    }
    default:
      return inPrecision(textToDecimal(trimmed(node), to.scale, lenient), to, lenient);
  }
}

function toInteger(node: Dsl, from: SqlType, to: SqlType, lenient: boolean): Dsl {
  const dtype = t.dtypeOf(to);
  if (from.kind === 'decimal') return d.cast(rescale(node, from.scale, 0), dtype, !lenient);
  if (from.kind === 'float') return d.cast(roundHalfEven(node), dtype, !lenient);
  return d.cast(from.kind === 'text' ? trimmed(node) : node, dtype, !lenient);
}

/** A number beyond REAL is an error, or null when lenient; what is infinite stays so. */
function withinReal(real: Dsl, double: Dsl, lenient: boolean): Dsl {
  const beyond = d.and(d.boolCall('IsInfinite', real), d.boolCall('IsFinite', double));
  const other = lenient
    ? d.nullOf('Float32')
    : raise(beyond, 'number does not fit REAL', 'Float32');
  return d.ternary(beyond, other, real);
}

const TIMESTAMP_FORMATS = [
  '%Y-%m-%d %H:%M:%S%.f',
  '%Y-%m-%dT%H:%M:%S%.f',
  '%Y-%m-%d %H:%M',
  '%Y-%m-%d',
];
const DATE_FORMATS = ['%Y-%m-%d', ...TIMESTAMP_FORMATS.slice(0, 3)];
const ZONED_FORMATS = ['%Y-%m-%d %H:%M:%S%.f%#z', '%Y-%m-%dT%H:%M:%S%.f%#z'];

const parsedAs = (text: Dsl, to: SqlType, format: string): Dsl =>
  d.stringCall(
    {
      Strptime: [{ Literal: t.dtypeOf(to) }, { format, strict: false, exact: true, cache: true }],
    },
    text,
    d.text('raise'),
  );

/** The first format that reads the text; none is an error unless lenient. */
function fromText(node: Dsl, to: SqlType, lenient: boolean): Dsl {
  const text = trimmed(node);
  const kind = to.kind === 'date' || to.kind === 'time' ? to.kind : 'timestamp';
  const formats =
    kind === 'date' ? DATE_FORMATS : kind === 'time' ? ['%H:%M:%S%.f', '%H:%M'] : TIMESTAMP_FORMATS;
  // Nanoseconds are read as such: by way of microseconds they would be dropped.
  const isFine = to.kind === 'timestamp' && to.unit === 'ns';
  const read = formats.map((format) =>
    isFine && format.includes('%H')
      ? parsedAs(text, to, format)
      : strptime(text, format, kind, false),
  );
  const zone = to.kind === 'timestamp' ? to.zone : undefined;
  if (zone !== undefined) {
    // Without an offset the text is what the session's clock said.
    if (zone !== 'UTC') read.splice(0, read.length, ...read.map((each) => localized(each, zone)));
    const utc = d.stringCall(
      { Replace: { n: 1, literal: false } },
      text,
      d.text('Z$'),
      d.text('+00:00'),
    );
    read.unshift(...ZONED_FORMATS.map((format) => parsedAs(utc, to, format)));
  }
  const dtype = t.dtypeOf(to);
  const value = d.coalesce(...read.map((each) => d.cast(each, dtype)));
  if (lenient) return value;
  const failed = d.and(d.isNotNull(node), d.isNull(value));
  const message = d.stringCall(
    { ConcatHorizontal: { delimiter: '', ignore_nulls: false } },
    d.text(`nairobi: not a ${t.describeType(to)}: `),
    node,
  );
  return d.coalesce(value, d.cast(raise(failed, message, 'Int64'), dtype));
}

function toBoolean(node: Dsl, from: SqlType, lenient: boolean): Dsl {
  if (from.kind !== 'text') {
    return d.binary('NotEq', node, d.cast(d.int64(0), t.dtypeOf(from)));
  }
  const lower = d.stringCall('Lowercase', trimmed(node));
  const among = (words: readonly string[]): Dsl =>
    d.or(...words.map((word) => d.binary('Eq', lower, d.text(word))));
  const [yes, no] = [
    among(['t', 'true', 'yes', 'y', 'on', '1']),
    among(['f', 'false', 'no', 'n', 'off', '0']),
  ];
  const unknown = d.and(d.not(yes), d.not(no));
  const other = lenient ? d.nullOf('Boolean') : raise(unknown, 'not a boolean', 'Boolean');
  return d.ternary(yes, d.bool(true), d.ternary(no, d.bool(false), other));
}

const NESTED = new Set<t.Kind>(['list', 'struct', 'map', 'calendar', 'interval']);
const TEMPORAL = new Set(['date', 'timestamp', 'time']);

export function lowerCast(node: Dsl, from: SqlType, to: SqlType, lenient: boolean): Dsl {
  const dtype = t.dtypeOf(to);
  if (from.kind === 'null') return d.nullOf(dtype);
  if (to.kind === 'text')
    return from.kind === 'other' ? d.cast(node, 'String') : toText(node, from);
  const number = t.isNumeric(from) || from.kind === 'text' || from.kind === 'boolean';
  if (to.kind === 'decimal' && number) return toDecimal(node, from, to, lenient);
  if (to.kind === 'integer' && number) return toInteger(node, from, to, lenient);
  if (to.kind === 'float' && number) {
    const plain = from.kind === 'text' ? trimmed(node) : node;
    const given = from.kind === 'decimal' ? toFloat(node, from) : plain;
    const made = d.cast(given, dtype, !lenient);
    const mayOverflow = to.bits === 32 && (from.kind === 'float' || from.kind === 'decimal');
    return mayOverflow ? withinReal(made, d.cast(given, 'Float64'), lenient) : made;
  }
  if (to.kind === 'boolean' && number) return toBoolean(node, from, lenient);
  if (TEMPORAL.has(to.kind) && from.kind === 'text') return fromText(node, to, lenient);
  if (NESTED.has(to.kind) || NESTED.has(from.kind))
    return rare().castNested(node, from, to, lenient);
  const clock = to.kind === 'time' && from.kind === 'timestamp';
  const calendar =
    (to.kind === 'date' || to.kind === 'timestamp') &&
    (from.kind === 'date' || from.kind === 'timestamp');
  if (clock) return d.timeCall('Time', node);
  if (calendar || to.kind === from.kind || to.kind === 'binary')
    return d.cast(node, dtype, !lenient);
  throw cannotCast(from, to);
}

export const cannotCast = (from: SqlType, to: SqlType): NairobiError =>
  new NairobiError(
    'NOT_SUPPORTED',
    `Not supported: CAST from ${t.describeType(from)} to ${t.describeType(to)}`,
  );
