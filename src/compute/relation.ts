/** The seam between what is read and what is computed: a named set of rows. */
import type { LazyFrame } from './polars.ts';

/**
 * A Polars type by its printed name: "Int64", "Float64", "String", "Boolean", "Date", "Time",
 * "Datetime(us)", "Datetime(us, Europe/Rome)", "Duration(us)", "Decimal(38, 2)", "List(Int64)",
 * "Int128", "Categorical", "Binary", "Null", "Struct".
 */
export type TypeName = string;

export interface Column {
  readonly name: string;
  readonly type: TypeName;
  /** Of a Struct, where they are known. */
  readonly fields?: readonly Column[];
}

/**
 * What is made of a piece. 'rows': they are collected, so each piece is small. 'reduction': a plan
 * that leaves little of them runs over it, so a piece may be as long as a file.
 */
export type PieceUse = 'rows' | 'reduction';

export interface Relation {
  /** The name SQL knows it by. */
  readonly name: string;
  readonly columns: readonly Column[];
  /**
   * True when `scan` fits the memory limit for every column; else only `segments` is certain to.
   */
  readonly fits: boolean;
  /** About how many rows there are, when that is cheap to know: joins are ordered by it. */
  readonly rowEstimate?: number | undefined;
  /** How many rows there are, where all of them are in memory; undefined elsewhere. */
  readonly rowsHeld?: number | undefined;
  /** True when the file is stored by columns: reading few of them costs little. */
  readonly columnar?: boolean;
  /** All rows with these columns (all when undefined), in file order; NairobiError on bad data. */
  scan(columns?: readonly string[]): LazyFrame;
  /** Told what a plan will read before it runs: it may make that quicker to read. */
  prepare?(columns: readonly string[]): Promise<void>;
  /**
   * As segments, for who reads a relation that fits: undefined when that has no advantage. `most`:
   * the greatest share of the bytes that these columns may be, 0 to 1.
   */
  windows?(columns: readonly string[], most: number): AsyncIterable<LazyFrame> | undefined;
  /**
   * The same rows piece by piece, in file order, in bounded memory, for 'rows' unless said
   * otherwise. A piece is valid until the next one is asked for: collect what is wanted of it first.
   */
  segments(columns?: readonly string[], use?: PieceUse): AsyncIterable<LazyFrame>;
  /**
   * The same rows in small frames, quicker than by `scan`, for who needs them one after the other:
   * undefined where there is no such way. It may end with an error, after which there is none.
   */
  blocks?(columns: readonly string[]): AsyncIterable<LazyFrame> | undefined;
  /** What is known of each file before it is read; undefined where that is nothing. */
  files?(): FilesOfRelation | undefined;
  /** Of a part of a relation: "3 of 100 files". */
  readonly share?: string;
  /**
   * The delimited text the rows come from, when it is nothing but that: one file, one dialect, the
   * usual rules. For who reads it faster than Polars does; what is not as it should be in it is for
   * `segments` to mend or to report.
   */
  plainText?(): PlainText | undefined;
  /**
   * The Parquet files whose rows, with these columns, are those of this relation: for who reads
   * their pages itself. Undefined where the rows come from elsewhere, or are changed on the way.
   */
  parquet?(columns: readonly string[]): ParquetSource | undefined;
  /** The same of a text that lies in one file as it is, and is long enough to be worth it. */
  textSource?(): TextSource | undefined;
  /**
   * Such a text on its way, of which these columns are asked for: it passes once. Asked for where
   * plainText() has none.
   */
  textStream?(columns: readonly string[]): TextStream | undefined;
}

/** Delimited text in one file, for who reads it itself. */
export interface TextSource {
  readonly text: PlainText;
  /** Open; where the first record begins. */
  readonly fd: number;
  readonly at: number;
  /** How many threads may work. */
  readonly threads: number;
  /** How it is cut, in bytes, where that is not as usual; what comes of it is the same. */
  readonly cut?: TextCut;
}

export interface TextCut {
  /** A stretch has the records that begin in so many bytes; a thread takes one at a time. */
  readonly stretch: number;
  /** Of a stretch so many bytes are worked on at a time; a record must fit. */
  readonly block: number;
}

export interface ParquetSource {
  /** In the order of their rows; open, and the same for every file: names and types of columns. */
  readonly files: readonly { readonly fd: number; readonly size: number }[];
  /** How many threads may work, and how much memory they may take together. */
  readonly threads: number;
  readonly memoryBytes: number;
}

/** The files of a relation as rows: their partition keys, and their number in `FILE_NUMBER`. */
export interface FilesOfRelation {
  readonly keys: Relation;
  /** Only the rows of these files, by number. The columns of the whole may be others then. */
  only(numbers: readonly number[]): Relation;
}

export const FILE_NUMBER = '#file';

/** Below this, Polars' streams cost more than what flows through them: see atOnce of polars.ts. */
export const FEW_ROWS = 50_000;

export const hasFewRows = ({ rowsHeld }: Relation): boolean =>
  rowsHeld !== undefined && rowsHeld <= FEW_ROWS;

export interface PlainColumn extends Column {
  /** chrono format of a date or timestamp. */
  readonly format?: string;
  /** The text that means null beside an empty field. */
  readonly nullText?: string;
  /** No value was seen yet: the first one decides the type. */
  readonly unseen?: true;
}

/** UTF-8 with a header or without, records ended by LF or CR LF, quotes doubled inside quotes. */
export interface PlainShape {
  /** Every field of a record, in order. */
  readonly columns: readonly PlainColumn[];
  /** One byte each; quote is '' for none. */
  readonly delimiter: string;
  readonly quote: string;
}

export interface PlainText extends PlainShape {
  /** Bytes of all records, the header apart. */
  readonly size: number;
  /** Where they lie as they are, in a file that stays open. */
  readonly file?: { readonly fd: number; readonly at: number };
  /** Copies the bytes from offset `from` on, as many as fit `into`; gives how many. */
  read(into: Uint8Array, from: number): number;
}

/** Delimited text that comes in segments of whole records, each to be released, in order. */
export interface TextStream {
  readonly text: PlainShape;
  /** `atEnd` is awaited behind the last one: what is not released by then is gone after it. */
  segments(atEnd: () => Promise<void>): AsyncIterable<TextSegment>;
}

export interface TextSegment {
  /** Valid until released; the last record of all may lack its line end. */
  readonly bytes: Uint8Array;
  /** Of the first byte, counted from the first record of the text. */
  readonly at: number;
  /**
   * For what is not as it should be: the rows from offset `from` on, where a record begins, as
   * Relation.segments gives them. Throws as that does.
   */
  rows(from: number): Promise<LazyFrame>;
  release(): void;
}
