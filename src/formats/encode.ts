/**
 * From a result to bytes. Everything is encoded in memory and written by us: Polars' own small
 * writes to a full disk report success (measured), and its JSON loses NaN and infinities.
 */
import { collect, type DataFrame, type Expr, polars } from '../compute/polars.ts';
import { NairobiError } from '../errors.ts';
import { jsonArray, jsonLines } from './encode-json.ts';
import { html, lines, markdown, vertical } from './encode-text.ts';
import { uniqueNames } from './names.ts';
import { chunks, type EncodeOptions, type Result, resultOf } from './result.ts';
import { withTexts } from './texts.ts';

/** "table" is made by render/table.ts from cells.ts. */
export type OutputFormat =
  | 'csv'
  | 'tsv'
  | 'json'
  | 'ndjson'
  | 'markdown'
  | 'html'
  | 'parquet'
  | 'arrow'
  | 'vertical'
  | 'lines';

/**
 * The frame's bytes in a format, piece by piece. Throws NOT_SUPPORTED for a type it cannot hold.
 */
export function encode(
  frame: DataFrame,
  format: OutputFormat,
  options: EncodeOptions = {},
): Iterable<Buffer> {
  const result = resultOf(frame, options);
  switch (format) {
    case 'csv':
      return delimited(result, ',');
    case 'tsv':
      return delimited(result, '\t');
    case 'json':
      return jsonArray(result);
    case 'ndjson':
      return jsonLines(result);
    case 'markdown':
      return markdown(result);
    case 'html':
      return html(result);
    case 'vertical':
      return vertical(result);
    case 'lines':
      return lines(result);
    case 'parquet':
    case 'arrow':
      return columnar(result, format);
  }
}

function* delimited(
  { frame, columns, names, options }: Result,
  separator: string,
): Iterable<Buffer> {
  if (options.header !== false) {
    yield Buffer.from(`${names.map((name) => quoted(name, separator)).join(separator)}\n`);
  }
  if (columns.length === 0) return;
  const settings = { includeHeader: false, separator, nullValue: options.nullText ?? '' };
  for (const piece of chunks(frame)) {
    yield withTexts(piece, columns).writeCSV(settings) as unknown as Buffer;
  }
}

function quoted(name: string, separator: string): string {
  const isPlain = !name.includes(separator) && !/["\r\n]/.test(name) && name !== '';
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

/**
 * Whole: the footer needs all of it. Polars' 128-bit integers are its own; others read decimals.
 */
function* columnar(
  { frame, columns, names, options }: Result,
  format: 'parquet' | 'arrow',
): Iterable<Buffer> {
  const pl = polars();
  const wide = columns.filter(({ type }) => /^U?Int128$/.test(type));
  const decimals = wide.map(({ name }) => pl.col(name).cast(pl.Decimal(38, 0), true));
  const named = (decimals.length === 0 ? frame : asDecimals(frame, decimals, format)).rechunk();
  named.columns = uniqueNames(names);
  try {
    yield format === 'parquet'
      ? (named.writeParquet({ compression: options.compression ?? 'zstd' }) as unknown as Buffer)
      : (named.writeIPC() as unknown as Buffer);
  } catch (cause) {
    throw new NairobiError('NOT_SUPPORTED', `The result cannot be written as ${format}`, { cause });
  }
}

/** BAD_DATA when a value has the 39 digits that no decimal of other engines has. */
function asDecimals(frame: DataFrame, decimals: readonly Expr[], format: string): DataFrame {
  try {
    return collect(frame.lazy().withColumns(...decimals));
  } catch (cause) {
    throw new NairobiError(
      'BAD_DATA',
      `An integer has more than the 38 digits ${format} can hold`,
      {
        cause,
        hint: 'cast it to varchar, or write csv or json',
      },
    );
  }
}
