/** A result as a table for a terminal: types under the names, numbers flush right. */
import { createRequire } from 'node:module';
import { formatCount, formatCountOf } from '../units.ts';

/** What is shown; formats/cells.ts makes one from a frame. */
export interface TableCells {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly numeric: readonly boolean[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly head: number;
  readonly tail: number;
  readonly total: number;
}

export interface TableOptions {
  /** Columns of characters there are. Default: no bound. */
  readonly width?: number;
  readonly color?: boolean;
  /** What stands for null. Default "NULL". */
  readonly nullText?: string;
}

/** Texts are cut no shorter than this; before that, columns are left out. */
const LEAST_TEXT_WIDTH = 8;

/** Beyond this a text is cut even where there is room: a table is for reading. */
const MOST_TEXT_WIDTH = 120;

/** "│ " before a column, a blank behind it; one more line at the end. */
const FRAME_PER_COLUMN = 3;

/** What may be cut: a number or a date that is cut is a wrong one. */
const FLEXIBLE = /^(String|Categorical|Enum|Binary|List|Array|Struct)/;

const DIM = ['\x1b[2m', '\x1b[22m'] as const;
const BOLD = ['\x1b[1m', '\x1b[22m'] as const;

interface CliTable {
  push(...rows: object[]): number;
  toString(): string;
}

type CliTableModule = new (options: object) => CliTable;

interface CliTableUtils {
  strlen(text: string): number;
}

const require = createRequire(import.meta.url);

/** Columns of a terminal that a text takes. cli-table3's own measure: ours must agree with it. */
export const widthOf = (text: string): number =>
  (require('cli-table3/src/utils.js') as CliTableUtils).strlen(text);

/**
 * The text of the table, a line end behind it. Numbers and dates are never cut; texts are, with
 * "…"; when
 * that is not enough, columns in the middle are left out and counted.
 */
export function renderTable(cells: TableCells, options: TableOptions = {}): string {
  if (cells.names.length === 0) return `(${formatCountOf(cells.total, 'row')}, no columns)\n`;
  const texts = cells.rows.map((row) =>
    row.map((text) => printable(text ?? options.nullText ?? 'NULL')),
  );
  const names = cells.names.map(printable);
  const natural = names.map((name, index) =>
    Math.max(
      ...[name, cells.types[index] ?? '', ...texts.map((row) => row[index] ?? '')].map(widthOf),
    ),
  );
  const flexible = cells.types.map((type) => FLEXIBLE.test(type));
  const { shown, widths } = layOut(natural, flexible, options.width ?? Number.POSITIVE_INFINITY);
  const paint = painter(options.color === true);
  const heads = shown.map((column) => {
    if (column < 0) return '…';
    const width = widths[column] ?? 0;
    return `${paint(BOLD, cut(names[column] ?? '', width))}\n${paint(DIM, cut(cells.types[column] ?? '', width))}`;
  });
  const rows = bodyRows(cells, texts, shown, widths, paint);
  const aligns = shown.map((column) => (cells.numeric[column] ? 'right' : 'left'));
  const layout = { heads, aligns, widths: shown.map((column) => widths[column] ?? 1) };
  return `${draw(layout, rows)}\n${footer(cells, shown)}`;
}

type Paint = (style: readonly [string, string], text: string) => string;

const painter =
  (color: boolean): Paint =>
  ([on, off], text) =>
    color ? on + text + off : text;

/** Control characters made visible: data must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (letter) => {
    if (letter === '\n') return '\\n';
    if (letter === '\t') return '\\t';
    if (letter === '\r') return '\\r';
    return `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** The rows shown, with one of dots for those left out. */
function bodyRows(
  cells: TableCells,
  texts: readonly (readonly string[])[],
  shown: readonly number[],
  widths: readonly number[],
  paint: Paint,
): string[][] {
  const rows = texts.map((row, index) =>
    shown.map((column) => {
      if (column < 0) return '…';
      const text = cut(row[column] ?? '', widths[column] ?? 0);
      return cells.rows[index]?.[column] === null ? paint(DIM, text) : text;
    }),
  );
  const dots = shown.map(() => paint(DIM, '⋮'));
  if (cells.head + cells.tail < cells.total) rows.splice(cells.head, 0, dots);
  return rows;
}

/** Widths that fit, and the columns shown; -1 stands for those left out. */
function layOut(
  natural: readonly number[],
  flexible: readonly boolean[],
  width: number,
): { shown: number[]; widths: number[] } {
  let shown = natural.map((_, index) => index);
  const widthsFor = (columns: readonly number[]): number[] =>
    shrink(natural, flexible, columns, width - 1 - FRAME_PER_COLUMN * columns.length);
  const isTooWide = (columns: readonly number[], widths: readonly number[]): boolean =>
    columns.reduce((sum, column) => sum + (widths[column] ?? 1) + FRAME_PER_COLUMN, 1) > width;
  let widths = widthsFor(shown);
  while (shown.length > 3 && isTooWide(shown, widths)) {
    const kept = shown.filter((column) => column >= 0);
    const middle = Math.floor(kept.length / 2);
    if (kept.length <= 2) break;
    shown = [...kept.slice(0, middle), -1, ...kept.slice(middle + 1)];
    widths = widthsFor(shown);
  }
  return { shown, widths };
}

/** Cuts the widest texts to one common width until all columns fit into `room`. */
function shrink(
  natural: readonly number[],
  flexible: readonly boolean[],
  columns: readonly number[],
  room: number,
): number[] {
  const capped = (cap: number): number[] =>
    natural.map((width, index) => (flexible[index] ? Math.min(width, cap) : width));
  const total = (widths: readonly number[]): number =>
    columns.reduce((sum, column) => sum + (widths[column] ?? 1), 0);
  if (total(capped(MOST_TEXT_WIDTH)) <= room) return capped(MOST_TEXT_WIDTH);
  let low = LEAST_TEXT_WIDTH;
  let high = MOST_TEXT_WIDTH;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (total(capped(middle)) <= room) low = middle;
    else high = middle - 1;
  }
  return capped(low);
}

/** The text in at most `width` columns of characters, "…" at its end where it was cut. */
function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Rows drawn at a time: cli-table3's layout takes the square of their number (measured). */
const BLOCK_ROWS = 200;

/** The columns as cli-table3 is told of them. */
interface Layout {
  readonly heads: readonly string[];
  readonly aligns: readonly string[];
  /** Of the texts, without the blanks beside them. */
  readonly widths: readonly number[];
}

/** cli-table3 puts a rule below every row; only the one below the names is wanted. */
function draw(layout: Layout, rows: readonly (readonly string[])[]): string {
  const lines = drawBlock(layout, layout.heads, rows.slice(0, BLOCK_ROWS));
  const bottom = lines.pop() ?? '';
  for (let from = BLOCK_ROWS; from < rows.length; from += BLOCK_ROWS) {
    lines.push(...drawBlock(layout, [], rows.slice(from, from + BLOCK_ROWS)).slice(1, -1));
  }
  return [...lines, bottom].join('\n');
}

function drawBlock(
  { aligns, widths }: Layout,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  const Table = require('cli-table3') as CliTableModule;
  const table = new Table({
    head: [...heads],
    colAligns: [...aligns],
    colWidths: widths.map((width) => width + 2),
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1 },
  });
  for (const row of rows) table.push([...row]);
  const lines = table.toString().split('\n');
  const names = heads.length === 0 ? -1 : lines.findIndex((line) => line.startsWith('├'));
  return lines.filter((line, index) => index <= names || !line.startsWith('├'));
}

function footer(cells: TableCells, shown: readonly number[]): string {
  const count = (many: number, what: string): string =>
    `${formatCount(many)} ${what}${many === 1 ? '' : 's'}`;
  const rows = cells.head + cells.tail;
  const hidden = shown.includes(-1) ? cells.names.length - shown.length + 1 : 0;
  const parts = [
    count(cells.total, 'row') + (rows < cells.total ? ` (${formatCount(rows)} shown)` : ''),
    count(cells.names.length, 'column') +
      (hidden > 0 ? ` (${formatCount(cells.names.length - hidden)} shown)` : ''),
  ];
  return `${parts.join(', ')}\n`;
}

/** Colours only on a terminal that has not been asked to do without (https://no-color.org). */
export function wantsColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (env['NO_COLOR']) return false;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}
