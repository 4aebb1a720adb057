/**
 * Lines of many points: Vega lays a chart out from the few points that decide its axes and its size,
 * and all are put in their places when only the drawing is left. Vega's tuples, sorting, items and
 * encoders otherwise took half of the time of a picture of 20,000 points.
 */
import type { View } from 'vega';
import { assert } from '../errors.ts';
import type { Panel, Row } from './chart.ts';

/** Below this Vega's own way costs little. */
const LONG_ROWS = 1000;

/** Where a row handed to Vega says which line it is of: an index into LongLines.points. */
const LINE = 'line';

export interface LongLines {
  /** The same chart of few rows: of each line its ends, its extremes and its dots. */
  readonly panel: Panel;
  /** Every row of each line, by x. */
  readonly points: readonly (readonly Row[])[];
}

/** Undefined where Vega may as well have all rows. */
export function longLines(panels: readonly Panel[]): LongLines | undefined {
  const [panel, second] = panels;
  const lineOf = panel?.lineOf;
  if (panel === undefined || second !== undefined || lineOf === undefined) return undefined;
  if (panel.rows.length < LONG_ROWS) return undefined;
  const lines = new Map<string, Row[]>();
  for (const row of panel.rows) {
    const id = lineOf(row);
    const line = lines.get(id);
    if (line === undefined) lines.set(id, [row]);
    else line.push(row);
  }
  const points = [...lines.values()];
  const kept = new Map(points.flatMap((line, index) => outermost(line).map((row) => [row, index])));
  const rows = panel.rows.flatMap((row) => {
    const line = kept.get(row);
    return line === undefined ? [] : [{ ...row, [LINE]: line }];
  });
  return { panel: { ...panel, rows }, points };
}

/** What the domains of the axes and the bounds of the drawn line depend on. */
function outermost(line: readonly Row[]): Row[] {
  const drawn = line.filter((row) => row['y'] !== null);
  const y = (row: Row): number => row['y'] as number;
  let [low, high] = [drawn[0], drawn[0]];
  for (const row of drawn) {
    if (low === undefined || y(row) < y(low)) low = row;
    if (high === undefined || y(row) > y(high)) high = row;
  }
  const ends = [line[0], line.at(-1), drawn[0], drawn.at(-1), low, high];
  const dots = line.filter((row) => row['dot'] !== undefined);
  return [...ends.filter((row) => row !== undefined), ...dots];
}

/** What of Vega's scene graph a line needs. */
interface SceneMark {
  readonly marktype: string;
  items: SceneItem[];
}

interface SceneItem {
  readonly items?: readonly SceneMark[];
  readonly datum?: Row | undefined;
  x?: number;
  y?: number;
  defined?: boolean;
}

type Scale = (value: unknown) => number | undefined;

/** Puts every point into the lines of a view that was laid out from `LongLines.panel`. */
export function fillLines(view: View, { points }: LongLines): void {
  const [x, y] = [view.scale('x') as Scale, view.scale('y') as Scale];
  const fill = (mark: SceneMark): void => {
    const [first] = mark.items;
    const line = mark.marktype === 'line' ? points[Number(first?.datum?.[LINE])] : undefined;
    if (first !== undefined && line !== undefined) mark.items = placed(first, line, x, y);
    else for (const item of mark.items) item.items?.forEach(fill);
  };
  fill((view.scenegraph() as unknown as { root: SceneMark }).root);
}

/** A line is drawn in the style of its first item; of the others only the places count. */
function placed(first: SceneItem, line: readonly Row[], x: Scale, y: Scale): SceneItem[] {
  const items = line.map((row): SceneItem => {
    const isDrawn = row['y'] !== null;
    return { x: x(row['x']) ?? 0, y: (isDrawn ? y(row['y']) : 0) ?? 0, defined: isDrawn };
  });
  assert(items[0]?.x === first.x, 'a line begins where Vega put its first point');
  return [Object.assign(first, items[0]), ...items.slice(1)];
}
