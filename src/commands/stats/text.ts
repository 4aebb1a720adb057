/** Statistics as tables: for a terminal, as CSV and as Markdown. */
import {
  type ColumnFigures,
  FIGURES,
  type Figure,
  type FigureName,
} from '../../compute/stats/figures.ts';
import type { Grid, GroupRow } from '../../engine/stats/answers.ts';
import { NairobiError } from '../../errors.ts';
import { markdownCell } from '../../formats/markdown-cell.ts';
import { toTable } from './table.ts';

/** What fits a terminal; the rest shows with --transpose, or when a figure is asked for. */
const COMPACT: readonly FigureName[] = [
  'type',
  'nulls',
  'distinct',
  'min',
  'mean',
  'max',
  'sd',
  'distribution',
];

/** Of each column and group. */
const GROUP_COMPACT: readonly FigureName[] = [
  'count',
  'nulls',
  'distinct',
  'min',
  'mean',
  'max',
  'sd',
  'sum',
];

/** One row for each column. `figures`: those to show; undefined for all that any column has. */
export function gridOf(columns: readonly ColumnFigures[], figures: readonly string[]): Grid {
  const header = ['column', ...figures];
  return [header, ...columns.map((column) => header.map((name) => cell(column, name)))];
}

function cell(column: ColumnFigures, name: string): Figure {
  return (column as Readonly<Record<string, Figure>>)[name];
}

/** Every figure that some column has, in the order of docs/stats.md. */
export function allFigures(columns: readonly ColumnFigures[]): readonly string[] {
  const known: readonly string[] = FIGURES;
  const present = new Set(columns.flatMap((column) => Object.keys(column)));
  present.delete('column');
  const later = [...present].filter((name) => !known.includes(name));
  return [...known.filter((name) => present.has(name)), ...later];
}

export function transpose(grid: Grid): Grid {
  return (grid[0] ?? []).map((_, i) => grid.map((row) => row[i]));
}

/** The digits of the value, as CSV, Markdown and --get print them; empty where there is none. */
export function plainText(figure: Figure): string {
  return figure === undefined || figure === null ? '' : String(figure);
}

export function toCsv(grid: Grid): string {
  const quote = (text: string): string =>
    /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  // A field without quotes is null, as in the CSV that query writes.
  const field = (figure: Figure): string => (figure === '' ? '""' : quote(plainText(figure)));
  return grid.map((row) => `${row.map(field).join(',')}\n`).join('');
}

export function toMarkdown(grid: Grid): string {
  const lines = grid.map(
    (row) => `| ${row.map((one) => markdownCell(plainText(one))).join(' | ')} |\n`,
  );
  const numeric = (grid[0] ?? []).map((_, i) => grid.slice(1).every((row) => isNumeric(row[i])));
  const rule = `|${numeric.map((yes) => (yes ? ' ---: |' : ' --- |')).join('')}\n`;
  return [lines[0], rule, ...lines.slice(1)].join('');
}

function isNumeric(figure: Figure): boolean {
  return typeof figure === 'number' || typeof figure === 'bigint' || figure == null;
}

/** Longest text shown in a cell of a terminal table: beside other figures, and of an answer. */
const CELL_WIDTH = 28;
const WIDE_CELL = 72;

/** What the flags say about the form. */
export interface Form {
  readonly csv: boolean;
  readonly markdown: boolean;
  readonly transpose: boolean;
}

/** `lead`: how many columns say what a row is; `keyed`: the first holds values of the data. */
export function printed(
  grid: Grid,
  form: Form,
  { cell = WIDE_CELL, lead = 1, keyed = false } = {},
): string {
  const shown = keyed && !form.csv ? withKeyWords(grid) : grid;
  const turned = form.transpose ? transpose(shown) : shown;
  if (form.csv) return toCsv(turned);
  if (form.markdown) return toMarkdown(turned);
  const { isTTY, columns } = process.stdout;
  return toTable(turned, {
    cell,
    lead: form.transpose ? 1 : lead,
    width: isTTY ? columns : undefined,
  });
}

/** A null key is NULL; texts that would look like it, or like nothing, are in quotes. */
function withKeyWords([header = [], ...rows]: Grid): Grid {
  const word = (key: Figure): Figure => {
    if (key === undefined || key === null) return 'NULL';
    return typeof key === 'string' && /^("*NULL"*|"*|\s+)$/.test(key) ? `"${key}"` : key;
  };
  return [header, ...rows.map(([key, ...figures]) => [word(key), ...figures])];
}

export interface Shape extends Form {
  readonly figures?: string | undefined;
  readonly get?: string | undefined;
}

/** The figures of the columns. Throws USAGE for a figure that none of them has. */
export function textOf(columns: readonly ColumnFigures[], shape: Shape): string {
  const wanted = wantedFigures(columns, shape);
  if (shape.get !== undefined) {
    const [, ...rows] = gridOf(columns, wanted);
    return rows.map((row) => `${row.slice(1).map(plainText).join(',')}\n`).join('');
  }
  return printed(gridOf(columns, wanted), shape, { cell: CELL_WIDTH });
}

/** The same for groups: the value of `key` stands in front. */
export function groupsText(key: string, rows: readonly GroupRow[], shape: Shape): string {
  const figures = rows.map(({ key: _, ...rest }) => rest as ColumnFigures);
  const [header = [], ...cells] = gridOf(figures, wantedFigures(figures, shape, GROUP_COMPACT));
  const grid = [[key, ...header], ...cells.map((row, i) => [rows[i]?.key ?? null, ...row])];
  return printed(grid, shape, { cell: CELL_WIDTH, lead: 2, keyed: true });
}

function wantedFigures(
  columns: readonly ColumnFigures[],
  shape: Shape,
  compact = COMPACT,
): readonly string[] {
  const known = allFigures(columns);
  const asked = (shape.get ?? shape.figures)?.split(',').map((name) => name.trim());
  for (const name of asked ?? []) {
    if (known.includes(name)) continue;
    throw new NairobiError('USAGE', `There is no figure "${name}" for these columns`, {
      hint: `one of ${known.join(', ')}`,
    });
  }
  if (asked !== undefined) return asked;
  if (shape.csv || shape.markdown || shape.transpose) return known;
  return compact.filter((name) => columns.some((column) => column[name] !== undefined));
}
