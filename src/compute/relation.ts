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
}

export interface Relation {
  /** The name SQL knows it by. */
  readonly name: string;
  readonly columns: readonly Column[];
  /** True when `scan` fits the memory limit for every column; else only `segments` is certain to. */
  readonly fits: boolean;
  /** All rows with these columns (all when undefined), in file order; NairobiError on bad data. */
  scan(columns?: readonly string[]): LazyFrame;
  /**
   * The same rows piece by piece, in file order, in bounded memory. A piece is valid until the
   * next one is asked for: collect what is wanted of it first.
   */
  segments(columns?: readonly string[]): AsyncIterable<LazyFrame>;
}
