/** A column as a chart sees it: what it measures, and the expression that yields its values. */
import { type Expr, polars } from '../compute/polars.ts';
import type { Column, Relation, TypeName } from '../compute/relation.ts';
import { parseDate, parseDatetime } from '../compute/temporal.ts';
import { NairobiError } from '../errors.ts';
import { dateFormatOf } from './data/dates.ts';
import { didYouMean } from './suggest.ts';

export type Measure = 'quantitative' | 'temporal' | 'nominal';

export interface Field {
  readonly name: string;
  readonly type: TypeName;
  readonly measure: Measure;
  /** strptime format when the times are written as text. */
  readonly format: string | undefined;
}

export function measureOf(type: TypeName): Measure {
  if (/^(U?Int\d+|Float\d+|Decimal|Duration)/.test(type)) return 'quantitative';
  if (/^(Date|Datetime|Time)/.test(type)) return 'temporal';
  return 'nominal';
}

/** The column called `name`, or UNKNOWN_COLUMN with the nearest names. */
export function columnOf(relation: Relation, name: string): Column {
  const found =
    relation.columns.find((column) => column.name === name) ??
    relation.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new NairobiError('UNKNOWN_COLUMN', `No column "${name}" in ${relation.name}`, {
    hint: didYouMean(
      name,
      relation.columns.map((column) => column.name),
    ),
  });
}

/** Resolves a column; a text column whose first values are dates counts as temporal. */
export async function fieldOf(relation: Relation, name: string): Promise<Field> {
  const column = columnOf(relation, name);
  const measure = measureOf(column.type);
  const format = column.type === 'String' ? await dateFormatOf(relation, column.name) : undefined;
  return {
    name: column.name,
    type: column.type,
    measure: format === undefined ? measure : 'temporal',
    format,
  };
}

const UNITS_PER_MS: Readonly<Record<string, number>> = { ns: 1e6, us: 1e3, μs: 1e3, ms: 1 };

/**
 * Float64 values of a quantitative or temporal field. Times are milliseconds since the epoch on
 * the wall clock of `zone`, so that a UTC axis shows local time and no browser's zone matters.
 */
export function numberOf(field: Field, zone: string): Expr {
  const pl = polars();
  const column = pl.col(field.name);
  if (field.measure !== 'temporal') return column.cast(pl.Float64);
  if (field.type === 'Date') return column.cast(pl.Int32).cast(pl.Float64).mul(86_400_000);
  if (field.type === 'Time') return column.cast(pl.Int64).cast(pl.Float64).div(1e6);
  const [time, unit] = instantOf(field);
  const shown = zone === 'UTC' ? time : wallClock(time, field, zone);
  return shown
    .cast(pl.Int64)
    .cast(pl.Float64)
    .div(UNITS_PER_MS[unit] ?? 1e3);
}

/** The Datetime expression of a field and its unit. */
function instantOf(field: Field): [Expr, string] {
  const pl = polars();
  const column = pl.col(field.name);
  if (field.format === undefined) return [column, /\((\w+|μs)/.exec(field.type)?.[1] ?? 'us'];
  // Not strict: what is no date further down counts as missing, and the note says how many.
  const parsed = field.format.includes('%H')
    ? parseDatetime(column, field.format, 'us', false)
    : parseDate(column, field.format, false).cast(pl.Datetime('us'));
  return [parsed, 'us'];
}

function wallClock(time: Expr, field: Field, zone: string): Expr {
  const zoned = field.type.includes(', ') ? time : time.dt.replaceTimeZone('UTC');
  return zoned.dt.convertTimeZone(zone).dt.replaceTimeZone(null as never, 'earliest', 'null');
}

/** Text labels of any field; null stays null. */
export function labelOf(field: Field): Expr {
  const pl = polars();
  return pl.col(field.name).cast(pl.Utf8);
}

/** Refuses text where numbers are needed. */
export function requireNumbers(field: Field, channel: string): void {
  if (field.measure !== 'nominal') return;
  throw new NairobiError(
    'BAD_DATA',
    `Column "${field.name}" is ${field.type}; ${channel} needs numbers`,
    {
      hint: 'name a numeric or time column, count rows with --agg count, or cast it with --sql',
    },
  );
}
