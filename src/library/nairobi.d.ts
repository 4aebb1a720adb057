/// <reference lib="esnext.disposable" />
/**
 * nairobi from TypeScript and JavaScript: frames over files, in this process or in the memory of a
 * running daemon (`nairobi serve`).
 *
 * In this process a frame stands for a file: each call reads it as the command does, in bounded
 * memory, and holds this thread while it computes. Over a daemon the rows stay in its memory, and
 * calls take as long as the answer.
 */

/** How input is understood; what is not said is found out from the data. */
export interface ReadOptions {
  readonly format?:
    | 'csv'
    | 'tsv'
    | 'psv'
    | 'ndjson'
    | 'json'
    | 'parquet'
    | 'arrow'
    | 'arrow-stream'
    | 'avro'
    | 'sqlite';
  readonly delimiter?: string;
  readonly quote?: string;
  readonly header?: boolean;
  readonly comment?: string;
  readonly decimalComma?: boolean;
  /** Texts that mean a missing value. */
  readonly nulls?: readonly string[];
  /** Types by column, such as { id: 'text', at: 'timestamp' }. */
  readonly types?: Readonly<Record<string, string>>;
  /** Rows the types are inferred from; 'all' for every one. */
  readonly inferRows?: number | 'all';
  readonly allText?: boolean;
  readonly onError?: 'fail' | 'null' | 'skip';
  readonly dateFormats?: readonly string[];
  readonly encoding?: 'utf8' | 'utf16le' | 'utf16be' | 'latin1';
  /** The table of an SQLite file. */
  readonly table?: string;
}

/** Integers that a number cannot hold are bigints; dates, times and decimals are texts. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Value[]
  | { readonly [name: string]: Value };
export type Row = Readonly<Record<string, Value>>;
export type Parameter = null | boolean | number | bigint | string;

export interface ColumnInfo {
  readonly name: string;
  /** Polars' name: "Int64", "Float64", "String", "Datetime(us)", ... */
  readonly type: string;
}

/** What a query gives. */
export interface Result {
  readonly columns: readonly ColumnInfo[];
  readonly rowCount: number;
  readonly rows: readonly Row[];
}

/** The figures of one column: every field that `nairobi stats --json` prints. */
export interface ColumnStats {
  readonly column: string;
  readonly type: string;
  readonly count: number;
  readonly nulls: number;
  readonly [figure: string]: Value;
}

export interface StatsOptions {
  readonly columns?: readonly string[];
  /** Also what needs every value, with these quantiles (0 to 1). */
  readonly quantiles?: readonly number[];
  /** Estimates in bounded memory. */
  readonly approx?: boolean;
  /** A condition in SQL. */
  readonly where?: string;
}

/** The flags of `nairobi plot`, in the same words. */
export interface PlotOptions {
  readonly x?: string;
  readonly y?: string | readonly string[];
  readonly mark?:
    | 'line'
    | 'area'
    | 'point'
    | 'bar'
    | 'histogram'
    | 'heatmap'
    | 'density'
    | 'box'
    | 'violin'
    | 'strip'
    | 'ecdf'
    | 'qq'
    | 'candlestick'
    | 'calendar';
  readonly color?: string;
  readonly facet?: string;
  readonly agg?: 'mean' | 'sum' | 'min' | 'max' | 'median' | 'count' | 'first' | 'last';
  readonly every?: string;
  readonly band?: 'stdev' | 'stderr' | 'ci95' | 'minmax' | 'iqr';
  readonly bins?: number;
  readonly panels?: boolean;
  readonly xScale?: 'linear' | 'log' | 'sqrt' | 'symlog';
  readonly yScale?: 'linear' | 'log' | 'sqrt' | 'symlog';
  readonly xRange?: string;
  readonly yRange?: string;
  readonly xLine?: string | readonly string[];
  readonly yLine?: string | readonly string[];
  readonly tz?: string;
  readonly title?: string;
  readonly theme?: string;
  readonly palette?: string;
  readonly shade?: 'log' | 'linear' | 'cbrt' | 'eq';
  readonly reduce?: 'auto' | 'marks' | 'density';
  readonly width?: number;
  readonly height?: number;
  readonly scale?: number;
  readonly seed?: number;
  readonly format?: 'png' | 'svg' | 'pdf' | 'jpeg' | 'html' | 'vl.json' | 'text';
  readonly where?: string;
  readonly sql?: string;
}

export interface Picture {
  readonly format: string;
  readonly mark: string;
  readonly rows: number;
  /** What was chosen or reduced, a sentence each. */
  readonly notes: readonly string[];
  readonly bytes: Uint8Array;
}

/** One column of a frame. Figures of no values are null. */
export interface ColumnOf {
  readonly name: string;
  readonly type: string;
  mean(): Promise<number | null>;
  sum(): Promise<Value>;
  min(): Promise<Value>;
  max(): Promise<Value>;
  /** Standard deviation of the sample. */
  sd(): Promise<number | null>;
  variance(): Promise<number | null>;
  median(): Promise<number | null>;
  skewness(): Promise<number | null>;
  kurtosis(): Promise<number | null>;
  /** `q` from 0 to 1, by a line between neighbours. */
  quantile(q: number): Promise<number | null>;
  /** Values that are there. */
  count(): Promise<number>;
  nulls(): Promise<number>;
  distinct(): Promise<number>;
  /** Any figure of docs/stats.md, and "p99.9" for a quantile. */
  figure(name: string): Promise<Value>;
  figures(...names: readonly string[]): Promise<Readonly<Record<string, Value>>>;
}

/** Rows of a source. `using` or `close()` lets go of what it holds. */
export interface Frame extends Disposable {
  readonly path: string;
  readonly columns: readonly ColumnInfo[];
  col(name: string): ColumnOf;
  /** SQL; this frame is the table `data`. `params` are values for $name, never text of the query. */
  query(sql: string, params?: Readonly<Record<string, Parameter>>): Promise<Result>;
  /** The same as an Arrow IPC file. */
  queryArrow(sql: string, params?: Readonly<Record<string, Parameter>>): Promise<Uint8Array>;
  stats(options?: StatsOptions): Promise<readonly ColumnStats[]>;
  plot(options?: PlotOptions): Promise<Picture>;
  close(): Promise<void>;
}

/** A connection to a daemon. */
export interface Client extends Disposable {
  read(path: string, options?: ReadOptions): Promise<Frame>;
  readCsv(path: string, options?: ReadOptions): Promise<Frame>;
  /** What the daemon says of itself. */
  status(): Promise<Row>;
  close(): void;
}

/** What every call throws for a reason of the user's or the host's. */
export interface NairobiErrorLike extends Error {
  /** "UNKNOWN_COLUMN", "BAD_DATA", "NOT_FOUND", ... */
  readonly code: string;
  readonly hint?: string;
  readonly where?: { readonly file?: string; readonly line?: number; readonly column?: number };
  /** What the command would end with. */
  readonly exitCode: number;
}

/** A file, glob or directory of any format nairobi reads, in this process. */
export function read(path: string, options?: ReadOptions): Promise<Frame>;
/** The same for delimited text. */
export function readCsv(path: string, options?: ReadOptions): Promise<Frame>;
/** Connects to the daemon of this user, or to the one that listens at `socket`. */
export function connect(socket?: string): Promise<Client>;
export function isNairobiError(error: unknown): error is NairobiErrorLike;
