/** Hands delimited text to Polars under a plan: the same options for bytes and for paths. */
import {
  type DataFrame,
  type DataType,
  type Expr,
  type LazyFrame,
  polars,
} from '../../compute/polars.ts';
import { dataTypeOf } from '../../compute/types.ts';
import type { Source } from '../decoded.ts';
import type { OnError, ReadOptions, Rejected } from '../options.ts';
import { type Typed, valueOfText } from '../text-values.ts';
import type { Census } from './census.ts';
import type { Cleaned } from './clean.ts';
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
  if (column.format !== undefined || column.decimalComma || column.exact) return false;
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
    // scanCSV refuses an empty one; undefined is none to both, and not their default (measured).
    quoteChar: dialect.quote === '' ? undefined : dialect.quote,
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

/** The path to scan, where it holds the very rows that are to be parsed. */
export function unchangedPath(text: CsvText, plan: CsvPlan): string | undefined {
  const { source, cleaned, bytes } = text;
  const isSame = bytes === source.bytes && isWholeTail(cleaned.bytes, bytes, plan);
  return isSame && cleaned.bytes.length > 0 ? source.scanPath : undefined;
}

/** True when nothing behind the header was taken out or mended. */
export function isWholeTail(part: Buffer, whole: Buffer, plan: CsvPlan): boolean {
  return part.buffer === whole.buffer && part.length === whole.length - plan.data.byte;
}

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

/**
 * As scanPath, from a text of some of the columns: a line end, and of each record the fields of the
 * columns that `picked` marks, as they are.
 */
export function scanPicked(
  path: string,
  plan: CsvPlan,
  rules: ParseRules,
  columns: readonly number[],
  picked: Uint8Array,
): LazyFrame {
  const places = [...picked].flatMap((one, index) => (one === 1 ? [index] : []));
  const narrow: CsvPlan = {
    ...plan,
    columns: places.map((index) => plan.columns[index] as CsvColumn),
    dialect: { ...plan.dialect, header: false },
    first: { byte: 1, line: 2 },
  };
  const own = columns.map((index) => places.indexOf(index));
  return scanPath(path, narrow, rules, own);
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
      return valueOfText(column, rawText(column, index), !lenient).alias(column.name);
    }),
  );
}

/** True where a text is there and is no value of the column's type. */
export function contradicts(column: Typed, index: number): Expr {
  const text = rawText(column, index);
  return text.isNotNull().and(valueOfText(column, text, false).isNull());
}

/** The text; for types other than text, null where it is empty: "" is no date and no number. */
function rawText(column: Typed, index: number): Expr {
  const pl = polars();
  const text = pl.col(internalName(index));
  if (column.type === 'String') return text;
  return pl
    .when(text.neq(pl.lit('')))
    .then(text)
    .otherwise(pl.lit(null));
}
