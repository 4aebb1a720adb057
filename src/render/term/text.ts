/** A chart as lines of text: braille dots, or plain ASCII in a C locale. */
import type { View } from 'vega';
import type { PlotRequest, TextLook } from '../request.ts';
import { CELL_PX, DotContext } from './context2d.ts';
import { asciiCell, brailleCell, DotScreen } from './dots.ts';

/** CSS pixels of so many cells. */
export const cellsToPx = (columns: number, rows: number): { width: number; height: number } => ({
  width: columns * CELL_PX.width,
  height: rows * CELL_PX.height,
});

/** The view as text of request.width x request.height CSS pixels; see cellsToPx. */
export async function textOf(view: View, request: PlotRequest): Promise<Buffer> {
  const look = request.text ?? PLAIN;
  const columns = Math.floor(request.width / CELL_PX.width);
  const rows = Math.floor(request.height / CELL_PX.height);
  const screen = new DotScreen(columns, rows);
  await view.toCanvas(1, { externalContext: new DotContext(screen) } as never);
  const lines = screen.lines(look.unicode ? brailleCell : asciiCell, (text, color) =>
    paint(text, color, look.colors),
  );
  const shown = look.unicode ? lines : lines.map(toAscii);
  return Buffer.from(`${shown.join('\n').replace(/\n+$/, '')}\n`);
}

/** Into a file: no colours. */
const PLAIN: TextLook = { unicode: true, colors: 'none' };

function paint(text: string, color: number, colors: TextLook['colors']): string {
  if (color === -1 || colors === 'none' || text.trim() === '') return text;
  const [r, g, b] = [(color >> 16) & 255, (color >> 8) & 255, color & 255];
  const code = colors === 'true' ? `2;${r};${g};${b}` : `5;${cube(r, g, b)}`;
  return `\u001b[38;${code}m${text}\u001b[39m`;
}

/** xterm's 6 x 6 x 6 cube, which begins at 16. */
const cube = (...rgb: readonly number[]): number =>
  16 + rgb.reduce((sum, value) => sum * 6 + Math.round((value / 255) * 5), 0);

/** The few characters beyond ASCII that labels use. */
function toAscii(line: string): string {
  return line
    .replace(/−|–/g, '-')
    .replace(/…/g, '~')
    .replace(/\P{ASCII}/gu, '?');
}
