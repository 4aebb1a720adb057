/** Hands delimited text to Polars under a plan: the same options for bytes and for paths. */
import {
  type DataFrame,
  type DataType,
  type Expr,
  type LazyFrame,
  polars,
} from '../../compute/polars.ts';
import { parseDate, parseDatetime, type TimeUnit } from '../../compute/temporal.ts';
import { dataTypeOf } from '../../compute/types.ts';
import type { Source } from '../decoded.ts';
import type { OnError, ReadOptions, Rejected } from '../options.ts';
import type { Census } from './census.ts';
import type { Cleaned } from './clean.ts';
import { hasZone } from './dates.ts';
import type { CsvColumn, CsvPlan } from './sniff.ts';

/** What stays the same while types widen. */
export interface CsvText {
  readonly source: Source;
  /** UTF-8, from the first byte of the file (or of its transcoding) on. */
  readonly bytes: Buffer;
  readonly options: ReadOptions;
  readonly census: Census;
  readonly cleaned: Cleaned;
  readonly rejected: Rejected;
}

/** How to treat values that are not of their column's type. */
export interface ParseRules {
  readonly onError: OnError;
  /** Texts that mean null in every column. */
  readonly nulls: readonly string[] | undefined;
  /** Columns whose values are known to contradict their type: parsed leniently. */
  readonly lenient: ReadonlySet<number>;
  /** Take the fields there are of a row that has too many. */
  readonly truncate: boolean;
}

/**
 * Names in the schema object: a JavaScript object puts keys that look like integers ("1990") first,
 * and Polars would give those columns the wrong data.
 */
export const internalName = (index: number): string => `c${index}`;

/** What Polars' own parser reads exactly; everything else is read as text and parsed after. */
export function isNative(column: CsvColumn): boolean {
  if (column.format !== undefined || column.decimalComma) return false;
  return /^(Boolean|U?Int(8|16|32|64)|Float(32|64)|String|Categorical)$/.test(column.type);
}

function schemaOf(plan: CsvPlan, rules: ParseRules): Record<string, DataType> {
  const pl = polars();
  const schema: Record<string, DataType> = {};
  for (const [index, column] of plan.columns.entries()) {
    const native = isNative(column) && !rules.lenient.has(index);
    schema[internalName(index)] = native ? dataTypeOf(column.type) : pl.Utf8;
  }
  return schema;
}

function nullValues(plan: CsvPlan, rules: ParseRules): string[] | Record<string, string> {
  if (rules.nulls !== undefined) return [...rules.nulls];
  const texts: Record<string, string> = {};
  for (const [index, column] of plan.columns.entries()) {
    if (column.nullText !== undefined) texts[internalName(index)] = column.nullText;
  }
  return texts;
}

/** Every option is said: the defaults of readCSV and scanCSV differ (measured). */
function commonOptions(plan: CsvPlan, rules: ParseRules): Record<string, unknown> {
  const { dialect } = plan;
  const nulls = nullValues(plan, rules);
  const hasNulls = Array.isArray(nulls) ? nulls.length > 0 : Object.keys(nulls).length > 0;
  return {
    sep: dialect.delimiter,
    // scanCSV cannot take an empty quote; a NUL never comes in text we accept.
    quoteChar: dialect.quote === '' ? '\0' : dialect.quote,
    eolChar: dialect.lineEnd,
    schema: schemaOf(plan, rules),
    inferSchemaLength: 0,
    ignoreErrors: false,
    truncateRaggedLines: rules.truncate,
    rechunk: false,
    ...(dialect.comment ? { commentPrefix: dialect.comment } : {}),
    ...(hasNulls ? { nullValues: nulls } : {}),
  };
}

/** Parses rows without a header in place; only the columns with these indices when given. */
export function parseBytes(
  bytes: Buffer,
  plan: CsvPlan,
  rules: ParseRules,
  columns: readonly number[],
): DataFrame | LazyFrame {
  const pl = polars();
  const isEmpty = bytes.length === 0;
  // readCSV refuses an empty body even with a schema; a header alone gives typed columns.
  const body = isEmpty ? Buffer.from(`${columnLine(plan)}\n`) : bytes;
  const frame = pl.readCSV(body, {
    ...commonOptions(plan, rules),
    hasHeader: isEmpty,
    columns: columns.map(internalName),
    missingIsNull: true,
  } as never);
  if (!needsFinish(plan, rules, columns)) {
    // `columns` picks in the order of the schema; ours may differ.
    const ordered = frame.select(...columns.map(internalName));
    ordered.columns = columns.map((index) => plan.columns[index]?.name ?? '');
    return ordered;
  }
  return finish(frame.lazy(), plan, rules, columns);
}

const columnLine = (plan: CsvPlan): string =>
  plan.columns.map((_, index) => internalName(index)).join(plan.dialect.delimiter);

/** The same rows from a path, header and all; nothing is read before the plan is collected. */
export function scanPath(
  path: string,
  plan: CsvPlan,
  rules: ParseRules,
  columns: readonly number[],
): LazyFrame {
  const frame = polars().scanCSV(path, {
    ...commonOptions(plan, rules),
    hasHeader: plan.dialect.header,
    skipLines: plan.first.line - 1,
    glob: false,
    cache: false,
    missingUtf8IsEmptyString: false,
  } as never);
  return finish(frame, plan, rules, columns);
}

function needsFinish(plan: CsvPlan, rules: ParseRules, columns: readonly number[]): boolean {
  return columns.some((index) => {
    const column = plan.columns[index];
    return column !== undefined && (rules.lenient.has(index) || !isNative(column));
  });
}

/** Names the columns, parses what Polars left as text, and drops rows that are to be skipped. */
function finish(
  frame: LazyFrame,
  plan: CsvPlan,
  rules: ParseRules,
  columns: readonly number[],
): LazyFrame {
  const pl = polars();
  const skipping = rules.onError === 'skip' ? [...rules.lenient] : [];
  const kept = skipping.reduce((rows, index) => {
    const column = plan.columns[index] as CsvColumn;
    return rows.filter(contradicts(column, index).not());
  }, frame);
  return kept.select(
    ...columns.map((index) => {
      const column = plan.columns[index] as CsvColumn;
      const lenient = rules.lenient.has(index);
      if (isNative(column) && !lenient) return pl.col(internalName(index)).alias(column.name);
      return parsed(column, index, !lenient).alias(column.name);
    }),
  );
}

/** True where a text is there and is no value of the column's type. */
export function contradicts(column: CsvColumn, index: number): Expr {
  return textOf(index)
    .isNotNull()
    .and(parsed(column, index, false).isNull());
}

/** The text, null where it is empty: a quoted empty field is no date and no number either. */
function textOf(index: number): Expr {
  const pl = polars();
  const text = pl.col(internalName(index));
  return pl
    .when(text.neq(pl.lit('')))
    .then(text)
    .otherwise(pl.lit(null));
}

/** The column's values from its text; a text that does not fit throws or, leniently, is null. */
function parsed(column: CsvColumn, index: number, strict: boolean): Expr {
  const text = column.type === 'String' ? polars().col(internalName(index)) : textOf(index);
  const { type, format } = column;
  if (type === 'Date') return parseDate(text, format ?? '%Y-%m-%d', strict);
  if (type === 'Time') return parsedTime(text, format ?? '%H:%M:%S%.f', strict);
  if (type.startsWith('Datetime')) {
    return parsedInstant(text, type, format ?? '%Y-%m-%d %H:%M:%S%.f', strict);
  }
  if (type.startsWith('Decimal')) return parsedDecimal(text, column, strict);
  if (column.decimalComma) {
    const shape = '^[+-]?[0-9]+(,[0-9]+)?([eE][+-]?[0-9]+)?$';
    const pointed = only(text, shape, strict).str.replace(',', '.');
    return pointed.cast(dataTypeOf(type), strict);
  }
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

/** The text where it has the shape; elsewhere something no cast accepts, or null leniently. */
function only(text: Expr, shape: string, strict: boolean): Expr {
  const pl = polars();
  const fits = text.str.contains(shape);
  if (!strict) return pl.when(fits).then(text).otherwise(pl.lit(null));
  return pl.when(fits.or(text.isNull())).then(text).otherwise(pl.lit('not a value'));
}

/** A cast to Decimal rounds silently ("1.239" -> 1.24, measured): the shape is checked first. */
function parsedDecimal(text: Expr, column: CsvColumn, strict: boolean): Expr {
  const scale = Number(/, (\d+)\)/.exec(column.type)?.[1] ?? 0);
  const fraction = scale === 0 ? '' : `(\\.[0-9]{0,${scale}})?`;
  return only(text, `^[+-]?[0-9]+${fraction}$`, strict).cast(dataTypeOf(column.type), strict);
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
