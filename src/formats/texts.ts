/** The values of a frame as text, exactly: what every text format is made from. */
import * as d from '../compute/dsl.ts';
import { collect, type DataFrame, type Expr, polars } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import { formatMoment } from '../compute/temporal.ts';
import { isNestedType } from '../compute/types.ts';
import { NairobiError } from '../errors.ts';

/** True where Polars' own writers already write the value exactly and in our form. */
export function isPlainType(type: string): boolean {
  return /^(U?Int\d+|Float\d+|Boolean|String|Categorical|Enum|Null)$/.test(type);
}

/** The column as text, but for plain types as it is; nested values and durations as JSON text. */
function textExpr(column: Column): Expr {
  const pl = polars();
  const value = pl.col(column.name);
  if (isPlainType(column.type)) return value;
  if (/^(Date|Time)/.test(column.type)) return formatMoment(value, column.type).alias(column.name);
  if (column.type.startsWith('Decimal')) return value.cast(pl.Utf8);
  if (column.type === 'Binary') return hexOf(column.name);
  throw new NairobiError(
    'NOT_SUPPORTED',
    `A column of type ${column.type} cannot be written as text`,
    {
      where: { column: column.name },
      hint: 'cast it in the query, or write Parquet or Arrow',
    },
  );
}

/** The native encoder: that of the JavaScript half takes texts only. */
const hexOf = (name: string): Expr =>
  d.expression(d.call({ BinaryExpr: 'HexEncode' }, d.column(name)), name);

const needsJson = (type: string): boolean => isNestedType(type) || type.startsWith('Duration');

/**
 * The frame with every column plain or text. Temporal values become ISO 8601, decimals their
 * digits, binary hexadecimal, nested values and durations JSON. Nothing is rounded.
 */
export function withTexts(frame: DataFrame, columns: readonly Column[]): DataFrame {
  if (columns.every(({ type }) => isPlainType(type))) return frame;
  const pl = polars();
  const jsons = columns.filter(({ type }) => needsJson(type));
  const simple = columns.filter(({ type }) => !needsJson(type));
  const texts =
    simple.length === 0 ? frame.select() : collect(frame.lazy().select(...simple.map(textExpr)));
  const parts = jsons.map(({ name, type }) => {
    const values = jsonValues(frame, name).map((text) =>
      text === 'null' ? null : type.startsWith('Duration') ? (JSON.parse(text) as string) : text,
    );
    return pl.Series(name, values, pl.Utf8);
  });
  const all =
    simple.length === 0
      ? pl.DataFrame(parts)
      : parts.reduce((whole, part) => whole.withColumn(part), texts);
  return all.select(...columns.map(({ name }) => name));
}

/** Each value of a column as a JSON text, written by Polars: digits of 64-bit integers survive. */
export function jsonValues(frame: DataFrame, name: string): string[] {
  const one = frame.select(name);
  one.columns = ['x'];
  const lines = one.writeJSON({ format: 'lines' }).toString('utf8').split('\n');
  lines.pop();
  return lines.map((line) => line.slice(PREFIX, -1));
}

/** '{"x":' before a value; '}' behind it. */
const PREFIX = 5;
