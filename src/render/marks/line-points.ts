/** The points of lines: every row, or what M4 leaves of them. */
import { formatCount, formatCountOf } from '../../units.ts';
import type { Row, Scene } from '../chart.ts';
import { select, typed, values } from '../data/stream.ts';
import { type Field, labelOf, numberOf } from '../fields.ts';
import { M4 } from '../reduce/m4.ts';
import { noteOffLog } from '../spec/log-axes.ts';
import { columnNames, dense, type Series } from './series.ts';

/**
 * With six, at most 0.005 % of the pixels of ten million rows differ by more than a tenth from the
 * whole drawing (bench/plot/m4.ts).
 */
const COLUMNS_PER_PX = 6;

export const byX = (a: Row, b: Row): number =>
  a['x'] === b['x'] ? 0 : (a['x'] as number) < (b['x'] as number) ? -1 : 1;

/** Every row, by x; a missing y is a gap in the line. */
export async function allRows(scene: Scene, x: Field, series: Series): Promise<Row[]> {
  const rows: Row[] = [];
  await eachPoint(scene, x, series, (px, py, line) => {
    if (Number.isFinite(px)) rows.push(rowOf(px, Number.isFinite(py) ? py : null, line));
  });
  return rows.sort(byX);
}

export async function reducedRows(scene: Scene, x: Field, series: Series): Promise<Row[]> {
  const extent = scene.profile.extents.get(x.name);
  const { request } = scene;
  const columns = Math.ceil(request.width * request.scale * COLUMNS_PER_PX);
  const kind = x.measure === 'temporal' ? 'linear' : request.xScale;
  const low = kind === 'log' ? extent?.minPositive : extent?.min;
  const [min, max] = request.xRange ?? [low ?? 0, extent?.max ?? 0];
  const reducers = new Map<Line, M4>();
  let points = 0;
  await eachPoint(scene, x, series, (px, py, line) => {
    let m4 = reducers.get(line);
    if (m4 === undefined) {
      m4 = new M4(min, max, columns, kind);
      reducers.set(line, m4);
    }
    points += 1;
    if (px >= min && px <= max) m4.addPoint(px, py);
  });
  const rows: Row[] = [];
  for (const [line, m4] of reducers) {
    const kept = m4.points();
    kept.x.forEach((px, i) => {
      rows.push(rowOf(px, kept.y[i] as number, line));
    });
  }
  scene.note(
    `${formatCountOf(points, 'point')} → ${formatCount(rows.length)} (first, last, lowest and highest of every sixth of a pixel)`,
  );
  return rows;
}

export type Point = Row & Line & { readonly x: number | string; readonly y: number | null };

/** What tells a line from the others. */
export interface Line {
  readonly color: string;
  readonly facet: string;
  readonly by: string;
}

/** The same line is the same object. */
type Visit = (x: number, y: number, line: Line) => void;

/** Gives the lines their objects; most rows belong to the line of the row before. */
function lineKeeper(): (color: string, facet: string, by: string) => Line {
  const known = new Map<string, Line>();
  let last: Line = { color: '', facet: '', by: '' };
  known.set(idOf(last), last);
  return (color, facet, by) => {
    if (last.color === color && last.facet === facet && last.by === by) return last;
    const line = { color, facet, by };
    last = known.get(idOf(line)) ?? line;
    known.set(idOf(line), last);
    return last;
  };
}

export const idOf = ({ color, facet, by }: Row | Line): string =>
  `${color}\u0000${facet}\u0000${by}`;

/** Calls `visit` for every row and y column, in file order. */
async function eachPoint(scene: Scene, x: Field, series: Series, visit: Visit): Promise<void> {
  const zone = scene.request.zone;
  const exprs = [
    dense(numberOf(x, zone), 'x'),
    ...scene.ys.map((y, index) => dense(numberOf(y, zone), `y${index}`)),
    series.color.code.alias('color'),
    series.facet.code.alias('facet'),
    ...(scene.by === undefined ? [] : [labelOf(scene.by).alias('by')]),
  ];
  const columns = columnNames(x, ...scene.ys, scene.color, scene.facet, scene.by);
  const named = scene.ys.length > 1 && scene.color === undefined;
  const lineOf = lineKeeper();
  const [onX, onY] = [x, scene.ys[0] as Field].map((field, index) => isLogOf(scene, field, index));
  let left = 0;
  for await (const frame of select(scene.relation, columns, exprs)) {
    const xs = typed<Float64Array>(frame, 'x');
    const colors = scene.color === undefined ? undefined : typed<Float64Array>(frame, 'color');
    const facets = scene.facet === undefined ? undefined : typed<Float64Array>(frame, 'facet');
    const bys = scene.by === undefined ? undefined : values<string | null>(frame, 'by');
    for (const [index, y] of scene.ys.entries()) {
      const ys = typed<Float64Array>(frame, `y${index}`);
      for (let i = 0; i < xs.length; i += 1) {
        const color = named ? y.name : (series.color.labels[colors?.[i] ?? 0] ?? '');
        const facet = series.facet.labels[facets?.[i] ?? 0] ?? '';
        let [px, py] = [xs[i] as number, ys[i] as number];
        if ((onX && px <= 0) || (onY && py <= 0)) {
          left += 1;
          [px, py] = [onX && px <= 0 ? Number.NaN : px, Number.NaN];
        }
        visit(px, py, lineOf(color, facet, bys?.[i] ?? ''));
      }
    }
  }
  noteOffLog(scene, left);
}

/** Whether x (0) or y (1) is on a logarithmic axis. */
const isLogOf = ({ request }: Scene, { measure }: Field, index: number): boolean =>
  measure !== 'temporal' && (index === 0 ? request.xScale : request.yScale) === 'log';

export const rowOf = (x: number | string, y: number | null, line: Line): Row => ({ x, y, ...line });
