/** Values from text, exactly: what fits no value throws, or is null where that is allowed. */
import { NO_VALUE } from '../compute/no-value.ts';
import { type Expr, polars } from '../compute/polars.ts';
import type { TypeName } from '../compute/relation.ts';
import { parseDate, parseDatetime, type TimeUnit } from '../compute/temporal.ts';
import { dataTypeOf } from '../compute/types.ts';
import { hasZone } from './csv/dates.ts';

/** What parsing a text needs to know of its column. */
export interface Typed {
  readonly type: TypeName;
  /** chrono format of dates and timestamps. */
  readonly format?: string;
  readonly decimalComma?: boolean;
  /** With a decimal comma: "1.234" is a thousand and more, which "1.234,5" is anyway. */
  readonly grouped?: true;
  /** Take no text whose value would mean something else: see csv/odd-values.ts. */
  readonly exact?: true;
}

/** Texts that are values without a doubt; of doubles see isExactDouble. */
const EXACT_SHAPES: readonly (readonly [type: RegExp, shape: string])[] = [
  [/^Int/, '^[ \t]*-?(0|[1-9][0-9]*)$'],
  [/^Decimal/, '^-?(0|[1-9][0-9]*)?([.][0-9]*)?$'],
  [/^Datetime\(us/, '^[^.]*([.][0-9]{0,6}([^0-9].*)?)?$'],
];

const NUMBER = '^[ \t]*-?(0|[1-9][0-9]*)?([.][0-9]*)?([eE][+-]?[0-9]+)?$';
const NOT_FINITE = '^[+-]?(?i)(nan|inf|infinity)$';
/** From 2^53 on a whole number may be no double. */
const LONG_INTEGER = '^[ \t]*-?[0-9]{16,}$';
/** As doubles are printed: larger ones have an exponent. */
const PRINTED_INTEGER = '^[ \t]*-?[1-9][0-9]{15,20}$';

/**
 * The double is what the text says. A long integer has to come back from it with its own digits:
 * 71721148410901530 does, as programs print that double, 9007199254740993 does not. The same rule
 * as csv/evidence.ts and csv/reconsider.ts have.
 */
export function isExactDouble(text: Expr): Expr {
  const pl = polars();
  const value = text.str.replace('^[ \t]+', '').cast(pl.Float64, false);
  const digits = (number: Expr): Expr =>
    number.str.replace('[eE].*$', '').str.replaceAll('[^0-9]', '').str.replace('0+$', '');
  const comesBack = digits(text).eq(digits(value.cast(pl.Utf8)));
  const isWhole = text.str.contains(PRINTED_INTEGER).and(comesBack);
  const isNumber = text.str.contains(NUMBER).and(value.isFinite());
  const isPlain = isNumber.and(text.str.contains(LONG_INTEGER).not().or(isWhole));
  return isPlain.or(text.str.contains(NOT_FINITE));
}

/** Numbers with a decimal comma, where points may divide thousands before it. */
const COMMAS =
  '^[ \\t]*[+-]?([0-9]+(,[0-9]+)?|[1-9][0-9]{0,2}([.][0-9]{3})+,[0-9]+)([eE][+-]?[0-9]+)?$';
const GROUPED_COMMAS =
  '^[ \\t]*[+-]?([0-9]+|[1-9][0-9]{0,2}([.][0-9]{3})+)(,[0-9]+)?([eE][+-]?[0-9]+)?$';

/** The column's values from its text; a text that does not fit throws or, leniently, is null. */
export function valueOfText(column: Typed, given: Expr, strict: boolean): Expr {
  const { type, format } = column;
  const plain = column.decimalComma ? withPoint(given, column, strict) : given;
  const text = column.exact === true ? exactText(type, plain, strict) : plain;
  if (type === 'Date') return parseDate(text, format ?? '%Y-%m-%d', strict);
  if (type === 'Time') return parsedTime(text, format ?? '%H:%M:%S%.f', strict);
  if (type.startsWith('Datetime')) {
    return parsedInstant(text, type, format ?? '%Y-%m-%d %H:%M:%S%.f', strict);
  }
  if (type.startsWith('Decimal')) return parsedDecimal(text, column, strict);
  if (type === 'Boolean') return parsedBoolean(text, strict);
  if (type.startsWith('Float'))
    return text.str.replace('^[ \t]+', '').cast(dataTypeOf(type), strict);
  // Polars' text cast takes "1.0" for 1 in some versions; the CSV parser never does.
  if (/Int/.test(type))
    return only(text, '^[ \t]*[+-]?[0-9]+$', strict)
      .str.replace('^[ \t]+', '')
      .cast(dataTypeOf(type), strict);
  return text.cast(dataTypeOf(type), strict);
}

/** The text with a decimal point and without groups. */
function withPoint(given: Expr, { grouped }: Typed, strict: boolean): Expr {
  const text = only(given, grouped ? GROUPED_COMMAS : COMMAS, strict);
  return text.str.replaceAll('[.]', '').str.replace(',', '.');
}

function exactText(type: TypeName, text: Expr, strict: boolean): Expr {
  if (type.startsWith('Float')) return onlyWhere(text, isExactDouble(text), strict);
  const shape = EXACT_SHAPES.find(([pattern]) => pattern.test(type))?.[1];
  return shape === undefined ? text : only(text, shape, strict);
}

const only = (text: Expr, shape: string, strict: boolean): Expr =>
  onlyWhere(text, text.str.contains(shape), strict);

/** The text where it fits; elsewhere something no cast accepts, or null leniently. */
function onlyWhere(text: Expr, fits: Expr, strict: boolean): Expr {
  const pl = polars();
  if (!strict) return pl.when(fits).then(text).otherwise(pl.lit(null));
  return pl.when(fits.or(text.isNull())).then(text).otherwise(pl.lit(NO_VALUE));
}

/** A cast to Decimal rounds silently ("1.239" -> 1.24, measured): the shape is checked first. */
function parsedDecimal(text: Expr, column: Typed, strict: boolean): Expr {
  const scale = Number(/, (\d+)\)/.exec(column.type)?.[1] ?? 0);
  const fraction = scale === 0 ? '' : `(\\.[0-9]{0,${scale}})?`;
  const bare = scale === 0 ? '' : `|\\.[0-9]{1,${scale}}`;
  return only(text, `^[ \t]*[+-]?([0-9]+${fraction}${bare})$`, strict)
    .str.replace('^[ \t]+', '')
    .cast(dataTypeOf(column.type), strict);
}

function parsedBoolean(text: Expr, strict: boolean): Expr {
  const pl = polars();
  const lower = only(text, '^(?i)(true|false)$', strict).str.toLowerCase();
  if (strict) {
    // No cast from text to Boolean is strict about other words: go through 0 and 1.
    const digit = pl
      .when(lower.eq(pl.lit('true')))
      .then(pl.lit('1'))
      .when(lower.eq(pl.lit('false')))
      .then(pl.lit('0'))
      .otherwise(lower);
    return digit.cast(pl.Int8, true).cast(pl.Bool);
  }
  return lower.eq(pl.lit('true'));
}

function parsedInstant(text: Expr, type: string, format: string, strict: boolean): Expr {
  const [, unit = 'us', zone] = /^Datetime\((\w+)(?:, (.+))?\)$/.exec(type) ?? [];
  const value = parseDatetime(text, format, unit as TimeUnit, strict);
  if (zone === undefined) {
    return hasZone(format) ? value.cast(dataTypeOf(type)) : value;
  }
  if (/%#?z|%\+/.test(format)) return zone === 'UTC' ? value : value.dt.convertTimeZone(zone);
  return value.dt.replaceTimeZone(zone);
}

/** There is no native parser for a time of day: one on the first day of the epoch, less the day. */
function parsedTime(text: Expr, format: string, strict: boolean): Expr {
  const pl = polars();
  const moment = pl.concatString([pl.lit('1970-01-01'), text], ' ') as unknown as Expr;
  const whole = pl.when(text.isNull()).then(pl.lit(null)).otherwise(moment);
  return parseDatetime(whole, `%Y-%m-%d ${format}`, 'ns', strict).cast(pl.Time);
}

const TYPE_IN_WORDS: Readonly<Record<string, string>> = {
  Int64: 'an integer',
  Float64: 'a number',
  Boolean: 'true or false',
  Date: 'a date',
  Time: 'a time of day',
};

/** '"x" is not an integer'. */
export function reasonOf(text: string, column: Typed): string {
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  const words =
    TYPE_IN_WORDS[column.type] ??
    (column.type.startsWith('Datetime') ? 'a timestamp' : `a value of ${column.type}`);
  const format = column.format === undefined ? '' : ` of the form ${column.format}`;
  return `${shown} is not ${words}${format}`;
}
