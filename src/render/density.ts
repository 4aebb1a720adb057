/** What falls on each pixel, counted on any backend: the data side of a density picture. */
import { type Expr, polars } from '../compute/polars.ts';
import { formatCountOf } from '../units.ts';
import type { Scene } from './chart.ts';
import { select, typed } from './data/stream.ts';
import { type Field, numberOf } from './fields.ts';
import { chooseCounter } from './gl/choose.ts';
import { discWork, pointWork } from './gl/work.ts';
import { columnNames, type Series, seriesLabels } from './marks/series.ts';
import { FULL_COVERAGE } from './reduce/discs.ts';
import { type Axis, transformed, transformOf } from './reduce/transform.ts';

/** The pixels to count into and what their edges mean in the data. */
export interface PixelGrid {
  readonly width: number;
  readonly height: number;
  readonly x: Axis;
  readonly y: Axis;
}

/** Counts by facet, then by colour category; row 0 is the top row of the picture. */
export interface DensityCounts {
  readonly grid: PixelGrid;
  readonly facets: readonly (readonly Uint32Array[])[];
  /** What a pixel has when one thing covers it whole: anti-aliased discs count in sixteenths. */
  readonly unit: number;
  /** "12,000,000 points". */
  readonly what: string;
  readonly backend: string;
}

export interface DensitySource {
  readonly x: Field;
  readonly y: Field;
  readonly series: Series;
  readonly colors: readonly string[];
  /** Title of the legend: what is counted. */
  readonly noun: 'points' | 'lines';
  count(grid: PixelGrid): Promise<DensityCounts>;
}

export function densitySource(scene: Scene, x: Field, y: Field, series: Series): DensitySource {
  const colors = seriesLabels(scene, series);
  const count = (grid: PixelGrid): Promise<DensityCounts> =>
    countPoints(scene, x, series, colors, grid);
  return { x, y, series, colors, noun: 'points', count };
}

async function countPoints(
  scene: Scene,
  x: Field,
  series: Series,
  colors: readonly string[],
  grid: PixelGrid,
): Promise<DensityCounts> {
  const planes = planesOf(series, colors);
  const items = scene.profile.rows * scene.ys.length;
  const diameter = (scene.request.pointSize ?? 0) * scene.request.scale;
  const discs = diameter > 1;
  const { counter, reason } = await chooseCounter(
    scene.request.gl,
    discs ? discWork(grid, planes.all, items, diameter) : pointWork(grid, planes.all, items),
    scene.probeGl,
  );
  scene.detail(`points counted by ${counter.name}: ${reason}`);
  const zone = scene.request.zone;
  const drawable = (value: Expr): Expr =>
    value.fillNull(polars().lit(-1)).fillNan(polars().lit(-1)).cast(polars().Float32);
  const exprs = [
    drawable(axisOffset(numberOf(x, zone), grid.x)).alias('x'),
    ...scene.ys.map((y, i) => drawable(axisOffset(numberOf(y, zone), grid.y)).alias(`y${i}`)),
  ];
  const code = planeCode(scene, series, planes.colors);
  if (code !== undefined) exprs.push(code.cast(polars().UInt8).alias('code'));
  let points = 0;
  const scale = perUnit(grid);
  const columns = columnNames(x, ...scene.ys, scene.color, scene.facet);
  for await (const frame of select(scene.relation, columns, exprs)) {
    const xs = typed<Float32Array>(frame, 'x');
    const codes = code === undefined ? undefined : typed<Uint8Array>(frame, 'code');
    points += xs.length * scene.ys.length;
    scene.ys.forEach((_, index) => {
      const plane = yPlane(scene, index);
      const ys = typed<Float32Array>(frame, `y${index}`);
      counter.add({ xs, ys, codes, plane, ...scale });
    });
  }
  const counted = counter.finish();
  const seen = discs ? points : sum(counted);
  return {
    grid,
    facets: byFacet(counted, series, planes.colors),
    unit: discs ? FULL_COVERAGE : 1,
    what: discs ? `${formatCountOf(seen, 'disc')}` : `${formatCountOf(seen, 'point')}`,
    backend: counter.name,
  };
}

/** Planes of counts: one for each colour of each facet. */
export function planesOf(
  series: Series,
  colors: readonly string[],
): { readonly colors: number; readonly all: number } {
  const perFacet = Math.max(1, colors.length);
  return { colors: perFacet, all: perFacet * series.facet.labels.length };
}

/** The plane of a row; undefined when every row goes to the same. */
export function planeCode(scene: Scene, series: Series, colors: number): Expr | undefined {
  if (scene.color === undefined && scene.facet === undefined) return undefined;
  return series.facet.code.mul(scene.color === undefined ? 1 : colors).add(series.color.code);
}

/** Several y columns are the colours when no column is. */
export const yPlane = (scene: Scene, index: number): number =>
  scene.color === undefined && scene.ys.length > 1 ? index : 0;

export function byFacet(
  planes: readonly Uint32Array[],
  series: Series,
  colors: number,
): Uint32Array[][] {
  return series.facet.labels.map((_, facet) => planes.slice(facet * colors, (facet + 1) * colors));
}

const sum = (planes: readonly Uint32Array[]): number =>
  planes.reduce((all, plane) => all + plane.reduce((a, b) => a + b, 0), 0);

/** Pixels for each unit of an axis' offset, as Float32. */
export function perUnit(grid: PixelGrid): { readonly perX: number; readonly perY: number } {
  return {
    perX: Math.fround(grid.width / span(grid.x)),
    perY: Math.fround(grid.height / span(grid.y)),
  };
}

/** Length of an axis in its transformed unit; one for a single value, which then lands at zero. */
function span(axis: Axis): number {
  const transform = transformOf(axis.kind);
  const length = transform(axis.max) - transform(axis.min);
  return length > 0 ? length : 1;
}

/**
 * Distance from the axis' start as Float32. Subtracting in Float64 first keeps epoch milliseconds
 * exact where a Float32 of the time itself steps by 131 seconds.
 */
export function axisOffset(value: Expr, axis: Axis): Expr {
  const pl = polars();
  const start = transformOf(axis.kind)(axis.min);
  return transformed(value, axis.kind).sub(pl.lit(start)).cast(pl.Float32);
}

/** "12,000,000 points → 1600 x 900 pixels". */
export function describeCounts(counts: DensityCounts): string {
  const { width, height } = counts.grid;
  return `${counts.what} → counts on ${width} x ${height} pixels (${counts.backend})`;
}
