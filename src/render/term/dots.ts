/** The cells of a terminal that a chart is drawn in. */
import { widthOf } from '../table.ts';

/**
 * A character screen to draw on: each cell has 2 x 4 braille dots, a colour, and perhaps a letter.
 * Positions are dots; row 0 is the top.
 */
export class DotScreen {
  readonly columns: number;
  readonly rows: number;
  readonly #dots: Uint8Array;
  readonly #colors: Int32Array;
  readonly #letters: (string | undefined)[];
  readonly #letterColors: Int32Array;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
    this.#dots = new Uint8Array(columns * rows);
    this.#colors = new Int32Array(columns * rows).fill(-1);
    this.#letters = new Array(columns * rows);
    this.#letterColors = new Int32Array(columns * rows).fill(-1);
  }

  /**
   * Sets one dot in `color` (0xrrggbb, -1 for the terminal's own); out of the screen is nothing.
   */
  dot(x: number, y: number, color: number): void {
    const [column, row] = [x >> 1, y >> 2];
    if (x < 0 || y < 0 || column >= this.columns || row >= this.rows) return;
    const at = row * this.columns + column;
    this.#dots[at] = (this.#dots[at] as number) | (BRAILLE_BITS[(y & 3) * 2 + (x & 1)] as number);
    this.#colors[at] = color;
  }

  /** Writes text from a cell on; what would leave the screen is cut. */
  text(column: number, row: number, text: string, color: number): void {
    if (row < 0 || row >= this.rows) return;
    let at = column;
    for (const { segment } of GRAPHEMES.segment(text)) {
      const width = widthOf(segment);
      if (at >= 0 && at + width <= this.columns) {
        for (let cell = 0; cell < width; cell += 1) {
          this.#letters[row * this.columns + at + cell] = cell === 0 ? segment : '';
          this.#letterColors[row * this.columns + at + cell] = color;
        }
      }
      at += width;
    }
  }

  /** The lines of the screen; `paint` wraps a run of one colour, `cell` chooses the character. */
  lines(cell: (dots: number) => string, paint: (text: string, color: number) => string): string[] {
    return Array.from({ length: this.rows }, (_, row) => {
      const runs: { text: string; color: number }[] = [];
      for (let column = 0; column < this.columns; column += 1) {
        const at = row * this.columns + column;
        const letter = this.#letters[at];
        const dots = this.#dots[at] as number;
        const char = letter ?? (dots === 0 ? ' ' : cell(dots));
        const color = (letter === undefined ? this.#colors[at] : this.#letterColors[at]) as number;
        const last = runs.at(-1);
        if (last !== undefined && (last.color === color || char === ' ')) last.text += char;
        else runs.push({ text: char, color });
      }
      return runs
        .map(({ text, color }) => paint(text, color))
        .join('')
        .replace(/ +$/, '');
    });
  }
}

const GRAPHEMES = new Intl.Segmenter();

/** The text of a label without what would move the cursor or change the terminal. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '?');

/** Unicode's bit of the dot in row r, column c, at index 2 r + c (U+2800 chart). */
const BRAILLE_BITS = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
const FULL = 0xff;

/** Braille, and a full block where every dot is set: bars look solid. */
export function brailleCell(dots: number): string {
  return dots === FULL ? '█' : String.fromCharCode(0x2800 + dots);
}

/** For a C locale: the more dots, the heavier the character. */
export function asciiCell(dots: number): string {
  let count = 0;
  for (let bits = dots; bits !== 0; bits &= bits - 1) count += 1;
  return " .':+*oO#"[count] ?? '#';
}
