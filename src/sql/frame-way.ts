/**
 * How a window function is computed over its frame. The binder asks, so that the rare part is there
 * by the time a plan is lowered; lower/frame.ts asks again and does it.
 */
import type { WindowExpression } from './ir.ts';
import { accumulates } from './types.ts';

/**
 * edge: the value at an end of the frame; filled: the last known one; whole: one answer for the
 * partition; peers: one for the rows alike; running: from the first row on; sliding: a few rows
 * around this one.
 */
export type FrameWay = 'edge' | 'filled' | 'whole' | 'peers' | 'running' | 'sliding';

/** Up to this many rows a sliding frame is summed value by value; beyond, by differences. */
export const DIRECT_ROWS = 64;

const RUNNING = new Set(['count', 'sum', 'avg', 'min', 'max']);

/** Undefined where only src/sql/rare/frames.ts can do it. */
export function frameWay(window: WindowExpression): FrameWay | undefined {
  const { name, frame } = window;
  const { start, end, unit } = frame;
  if (frame.exclude !== undefined) return undefined;
  if (window.ignoreNulls) return isFilled(window) ? 'filled' : undefined;
  if (/_value$/.test(name)) return isAtEdge(window) ? 'edge' : undefined;
  if (start === undefined && end === undefined) return 'whole';
  if (window.distinct) return undefined;
  const isStill = (start ?? 0) === 0 && (end ?? 0) === 0;
  if (unit !== 'rows' && !isStill) return undefined;
  if (start === undefined) return end === 0 && runs(window) ? 'running' : undefined;
  if (unit !== 'rows') return end === 0 ? 'peers' : undefined;
  return end !== undefined && slides(window, end - start) ? 'sliding' : undefined;
}

function isFilled({ name, frame: { start, end } }: WindowExpression): boolean {
  if (start !== undefined) return false;
  if (end === undefined) return name === 'first_value' || name === 'last_value';
  return end === 0 && name === 'last_value';
}

function isAtEdge({ name, frame: { start, end, unit } }: WindowExpression): boolean {
  const isStill = (start ?? 0) === 0 && (end ?? 0) === 0;
  if (unit !== 'rows' && !isStill) return false;
  // A frame that lies beside its row may be empty.
  if ((start ?? 0) > 0 || (end ?? 0) < 0) return false;
  return name !== 'nth_value' || start === undefined;
}

const runs = ({ name, type }: WindowExpression): boolean =>
  RUNNING.has(name) && (accumulates(type) || !(name === 'min' || name === 'max'));

/** `span`: the rows of the frame but one; negative when it has none. */
function slides({ name, type }: WindowExpression, span: number): boolean {
  if (!RUNNING.has(name)) return span < 0;
  if (span < DIRECT_ROWS || name === 'count') return true;
  return name === 'sum' && type.kind !== 'float';
}
