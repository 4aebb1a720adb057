/** Statistics as a table for a terminal: aligned, rounded, and no wider than the window. */
import type { Figure } from '../../compute/stats/figures.ts';
import type { Grid } from '../../engine/stats/answers.ts';
import { formatCount } from '../../units.ts';

const SPACE = 2;

/** How long texts in cells may be, tried in turn. */
const NARROWER = [20, 14, 12];

/** No shorter than this: what says which row it is, and times, which would lose their point. */
const LEAD_CELL = 20;
const TIME = /^\d{4}-\d\d-\d\d[T ]/;

export interface Room {
  /** The longest text shown in a cell; the rest is cut. */
  readonly cell: number;
  /** Of the window, in characters; none for a pipe, which has no edge. */
  readonly width?: number | undefined;
  /** Columns that say what a row is: repeated where the table is continued. */
  readonly lead?: number;
}

/**
 * For people: thousands separated, 6 significant digits, numbers to the right. What is too wide gets
 * shorter texts first, and is then continued below, by columns.
 */
export function toTable(
  grid: Grid,
  { cell, width = Number.POSITIVE_INFINITY, lead = 1 }: Room,
): string {
  const cells = [cell, ...NARROWER.filter((one) => one < cell)];
  const tables = cells.map((one) => wordsOf(grid, one, lead));
  const fitting = tables.find(({ widths }) => total(widths) <= width) ?? tables.at(-1);
  if (fitting === undefined) return '';
  return blocksOf(fitting.widths, width, lead)
    .map((columns) => linesOf(grid, fitting, columns))
    .join('\n');
}

interface Words {
  readonly rows: readonly (readonly string[])[];
  readonly widths: readonly number[];
}

function wordsOf(grid: Grid, cell: number, lead: number): Words {
  const rows = grid.map((row, i) =>
    row.map((figure, column) => {
      const isLong = i === 0 || column < lead || TIME.test(String(figure));
      return human(figure, isLong ? Math.max(cell, LEAD_CELL) : cell);
    }),
  );
  const widths = (rows[0] ?? []).map((_, i) =>
    rows.reduce((most, row) => Math.max(most, widthOf(row[i] ?? '')), 0),
  );
  return { rows, widths };
}

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, one) => sum + one + SPACE, -SPACE);

/** The columns of each block: the leading ones, and as many more as fit, one at least. */
function blocksOf(widths: readonly number[], width: number, lead: number): number[][] {
  const front = widths.slice(0, lead).map((_, i) => i);
  const blocks: number[][] = [];
  for (let at = lead; at < widths.length; ) {
    const block = [...front, at];
    at += 1;
    const isWide = (column: number): boolean =>
      total([...block, column].map((i) => widths[i] ?? 0)) > width;
    while (at < widths.length && !isWide(at)) {
      block.push(at);
      at += 1;
    }
    blocks.push(block);
  }
  return blocks.length === 0 ? [front] : blocks;
}

function linesOf(grid: Grid, { rows, widths }: Words, columns: readonly number[]): string {
  const isRight = columns.map((i) => grid.slice(1).some((row) => isNumber(row[i])));
  return rows
    .map((row, at) => {
      const cells = columns.map((i, place) => {
        const text = row[i] ?? '';
        const space = ' '.repeat((widths[i] ?? 0) - widthOf(text));
        const figure = grid[at]?.[i];
        const toRight = isRight[place] === true && (at === 0 || figure == null || isNumber(figure));
        return toRight ? space + text : text + space;
      });
      return `${cells.join(' '.repeat(SPACE)).trimEnd()}\n`;
    })
    .join('');
}

const isNumber = (figure: Figure): boolean =>
  typeof figure === 'number' || typeof figure === 'bigint';

/** East Asian wide characters and emoji take two places: https://www.unicode.org/reports/tr11/ */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function widthOf(text: string): number {
  let width = 0;
  for (const one of text) width += /\p{M}/u.test(one) ? 0 : WIDE.test(one) ? 2 : 1;
  return width;
}

function cut(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  let kept = '';
  let width = 0;
  for (const one of text) {
    width += widthOf(one);
    if (width > room - 1) break;
    kept += one;
  }
  return `${kept}…`;
}

function human(figure: Figure, cell: number): string {
  if (figure === undefined || figure === null) return '';
  if (typeof figure === 'bigint') return formatCount(figure);
  if (typeof figure === 'boolean') return figure ? 'yes' : 'no';
  if (typeof figure === 'number') return humanNumber(figure);
  return cut(figure.replace(/[\p{Cc}\p{Cf}]/gu, '?'), cell);
}

function humanNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return formatCount(value);
  const digits = Number(value.toPrecision(6));
  return Math.abs(digits) >= 1e4 && Math.abs(digits) < 1e15
    ? formatCount(Math.round(value))
    : String(digits);
}
