/** What the encoders share: a result with names for people, taken piece by piece. */
import type { DataFrame } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import { columnsOf } from '../compute/types.ts';

export interface EncodeOptions {
  /**
   * The columns' names as the user wrote them; two may be alike, which the frame cannot have.
   * Formats of named fields (JSON, Parquet, Arrow) number the later ones: "a", "a_1".
   */
  readonly names?: readonly string[];
  /** A line of names first, in CSV and TSV. Default true. */
  readonly header?: boolean;
  /** What stands for null in CSV and TSV (default nothing), Markdown, HTML, vertical and lines. */
  readonly nullText?: string;
  /**
   * JSON only. "number" (default) writes integers and decimals as numbers with all their digits;
   * "string" puts 64-bit and larger integers and decimals in quotes, for readers with doubles.
   */
  readonly bigint?: 'number' | 'string';
  /** Parquet only. Default zstd. */
  readonly compression?: 'zstd' | 'lz4' | 'snappy' | 'gzip' | 'uncompressed';
}

/** Rows encoded at a time: some MB of text, so that a slow reader holds little memory. */
export const CHUNK_ROWS = 50_000;

/** What every encoder is given. */
export interface Result {
  readonly frame: DataFrame;
  /** Named c0, c1, ...: Polars takes names such as "*" or "^a$" for patterns. */
  readonly columns: readonly Column[];
  /** As many as columns, possibly alike. */
  readonly names: readonly string[];
  readonly options: EncodeOptions;
}

/** The frame under internal names; the caller's frame keeps its own. */
export function resultOf(frame: DataFrame, options: EncodeOptions): Result {
  const original = columnsOf(frame);
  const names = options.names ?? original.map(({ name }) => name);
  if (names.length !== original.length) {
    throw new RangeError(`${names.length} names for ${original.length} columns`);
  }
  const columns = original.map(({ type }, index) => ({ name: `c${index}`, type }));
  const inner = frame.clone();
  inner.columns = columns.map(({ name }) => name);
  return { frame: inner, columns, names, options };
}

/** The frame in pieces of CHUNK_ROWS; none when it is empty. */
export function* chunks(frame: DataFrame): Iterable<DataFrame> {
  for (let row = 0; row < frame.height; row += CHUNK_ROWS) yield frame.slice(row, CHUNK_ROWS);
}
