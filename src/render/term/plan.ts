/** A chart for the terminal at hand: in which form, how large, in what colours. */
import type { ReadStream, WriteStream } from 'node:tty';
import type { ChartFormat } from '../output/encode.ts';
import type { PlotRequest } from '../request.ts';
import { TERMINAL_THEME } from '../spec/theme.ts';
import { CELL_PX } from './context2d.ts';
import { answersSixel, lookOf, type Terminal, terminalOf, textOnly } from './detect.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface TerminalChart {
  readonly format: ChartFormat;
  /** What of a request the terminal decides. */
  readonly request: Partial<PlotRequest>;
}

/** Lines left for the prompt and the command itself. */
const SPARE_ROWS = 3;
/** A chart wider than this share of its height is hard to read. */
const MAX_COLUMNS_PER_ROW = 5;

/** Asks the environment, and the terminal itself where that says nothing. */
export async function planTerminal(
  env: Environment,
  input: ReadStream,
  output: WriteStream,
): Promise<TerminalChart> {
  const known = terminalOf(env);
  const asked =
    known === undefined && input.isTTY
      ? await answersSixel(input, (text) => output.write(text))
      : false;
  return chartFor(
    known ?? (asked ? 'sixel' : textOnly(env)),
    env,
    output.columns || 80,
    output.rows || 24,
  );
}

/** The chart of a terminal of this kind and size. */
export function chartFor(
  terminal: Terminal,
  env: Environment,
  columns: number,
  rows: number,
): TerminalChart {
  const high = Math.max(10, rows - SPARE_ROWS);
  const wide = Math.max(30, Math.min(columns, high * MAX_COLUMNS_PER_ROW));
  const request = { width: wide * CELL_PX.width, height: high * CELL_PX.height, scale: 1 };
  if (terminal === 'braille' || terminal === 'ascii') {
    return {
      format: 'text',
      request: { ...request, theme: TERMINAL_THEME, text: lookOf(terminal, env) },
    };
  }
  return { format: terminal, request };
}

/** A chart of characters that goes to a file or a pipe: 100 x 30 of them, without colours. */
export function textDefaults(format: ChartFormat): Partial<PlotRequest> {
  if (format !== 'text') return {};
  return {
    width: 100 * CELL_PX.width,
    height: 30 * CELL_PX.height,
    scale: 1,
    theme: TERMINAL_THEME,
  };
}
