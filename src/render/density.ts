/** Points counted per pixel: the data side of a density picture, on any backend. */
import { type Expr, polars } from '../compute/polars.ts';
import { formatCount } from '../units.ts';
import type { Scene } from './chart.ts';
import { select, slices, typed } from './data/stream.ts';
import { type Field, numberOf } from './fields.ts';
import { chooseCounter } from './gl/choose.ts';
import { columnNames, type Series, seriesLabels } from './marks/series.ts';
import type { Counter } from './reduce/hist2d.ts';
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
  readonly points: number;
  readonly backend: string;
}

export interface DensitySource {
  readonly x: Field;
  readonly y: Field;
  readonly series: Series;
  readonly colors: readonly string[];
  count(grid: PixelGrid): Promise<DensityCounts>;
}

export function densitySource(scene: Scene, x: Field, y: Field, series: Series): DensitySource {
  const colors = seriesLabels(scene, series);
  return { x, y, series, colors, count: (grid) => countPoints(scene, x, series, colors, grid) };
}

async function countPoints(
  scene: Scene,
  x: Field,
  series: Series,
  colors: readonly string[],
  grid: PixelGrid,
): Promise<DensityCounts> {
  const categories = Math.max(1, colors.length);
  const facets = series.facet.labels.length;
  const size = { width: grid.width, height: grid.height };
  const { counter, reason } = await chooseCounter(
    scene.request.gl,
    size,
    categories * facets,
    scene.profile.rows * scene.ys.length,
    scene.probeGl,
  );
  scene.detail(`points counted by ${counter.name}: ${reason}`);
  const columns = columnNames(x, ...scene.ys, scene.color, scene.facet);
  const exprs = [
    offset(numberOf(x, scene.request.zone), grid.x).alias('x'),
    ...scene.ys.map((y, i) => offset(numberOf(y, scene.request.zone), grid.y).alias(`y${i}`)),
  ];
  const grouped = scene.color !== undefined || scene.facet !== undefined;
  const code = series.facet.code
    .mul(scene.color === undefined ? 1 : categories)
    .add(series.color.code);
  if (grouped) exprs.push(code.cast(polars().UInt8).alias('code'));
  for await (const whole of select(scene.relation, columns, exprs)) {
    for (const frame of slices(whole)) {
      const xs = typed<Float32Array>(frame, 'x');
      const codes = grouped ? typed<Uint8Array>(frame, 'code') : undefined;
      scene.ys.forEach((_, index) => {
        const plane = scene.color === undefined && scene.ys.length > 1 ? index : 0;
        addTo(counter, grid, xs, typed<Float32Array>(frame, `y${index}`), codes, plane);
      });
    }
  }
  const planes = counter.finish();
  const byFacet = Array.from({ length: facets }, (_, facet) =>
    planes.slice(facet * categories, (facet + 1) * categories),
  );
  const points = planes.reduce((sum, plane) => sum + plane.reduce((a, b) => a + b, 0), 0);
  return { grid, facets: byFacet, points, backend: counter.name };
}

function addTo(
  counter: Counter,
  grid: PixelGrid,
  xs: Float32Array,
  ys: Float32Array,
  codes: Uint8Array | undefined,
  plane: number,
): void {
  const perX = Math.fround(grid.width / span(grid.x));
  const perY = Math.fround(grid.height / span(grid.y));
  counter.add({ xs, ys, codes, plane, perX, perY });
}

/** Length of an axis in its transformed unit; one for a single value, which then lands at zero. */
function span(axis: Axis): number {
  const transform = transformOf(axis.kind);
  const length = transform(axis.max) - transform(axis.min);
  return length > 0 ? length : 1;
}

/**
 * Distance from the axis' start as Float32, -1 for what cannot be drawn. Subtracting in Float64
 * first keeps epoch milliseconds exact where a Float32 of the time itself steps by 131 seconds.
 */
function offset(value: Expr, axis: Axis): Expr {
  const pl = polars();
  const start = transformOf(axis.kind)(axis.min);
  const distance = transformed(value, axis.kind).sub(pl.lit(start)).cast(pl.Float32);
  return distance.fillNull(pl.lit(-1)).fillNan(pl.lit(-1)).cast(pl.Float32);
}

/** "12,000,000 points → 1600 x 900 pixels". */
export function describeCounts(counts: DensityCounts): string {
  const { width, height } = counts.grid;
  return `${formatCount(counts.points)} points → counts on ${width} x ${height} pixels (${counts.backend})`;
}
