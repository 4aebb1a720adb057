/** A frame's values as short texts for people: tables on a terminal, Markdown, HTML. */
import { collect, type DataFrame, polars } from '../compute/polars.ts';
import type { Column } from '../compute/relation.ts';
import { isNumericType } from '../compute/types.ts';
import { resultOf } from './result.ts';
import { withTexts } from './texts.ts';

export interface CellTable {
  /** As the user wrote them; two may be alike. */
  readonly names: readonly string[];
  readonly types: readonly string[];
  /** True for columns of numbers: set flush right. */
  readonly numeric: readonly boolean[];
  /** The texts of the rows shown; null where there is no value. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** How many of the first and of the last rows `rows` holds, and how many there are in all. */
  readonly head: number;
  readonly tail: number;
  readonly total: number;
}

export interface CellOptions {
  readonly names?: readonly string[];
  /** Rows shown, half from the beginning and half from the end. Default all. */
  readonly maxRows?: number;
}

/** The texts of a frame's first and last rows, exact to the digit. */
export function cellsOf(frame: DataFrame, options: CellOptions = {}): CellTable {
  const { frame: inner, columns, names } = resultOf(frame, options);
  const total = frame.height;
  const most = options.maxRows ?? total;
  const head = total <= most ? total : Math.ceil(most / 2);
  const tail = total <= most ? 0 : most - head;
  const rows = rowsOf(inner.slice(0, head), columns);
  return {
    names,
    types: columns.map(({ type }) => type),
    numeric: columns.map(({ type }) => isNumericType(type)),
    rows: tail === 0 ? rows : [...rows, ...rowsOf(inner.slice(total - tail, tail), columns)],
    head,
    tail,
    total,
  };
}

/** Rows of texts. 64-bit integers never pass through a JavaScript number. */
export function rowsOf(frame: DataFrame, columns: readonly Column[]): (string | null)[][] {
  if (columns.length === 0 || frame.height === 0) return [];
  const pl = polars();
  const texts = withTexts(frame, columns);
  const plain = columns.filter(({ type }) => type !== 'String');
  const strings =
    plain.length === 0
      ? texts
      : collect(texts.lazy().withColumns(...plain.map(({ name }) => pl.col(name).cast(pl.Utf8))));
  const values = columns.map(({ name }) => strings.getColumn(name).toArray() as (string | null)[]);
  return Array.from({ length: frame.height }, (_, row) =>
    values.map((column) => column[row] ?? null),
  );
}
