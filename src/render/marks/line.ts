/** Lines and areas: every row while they are few, M4 beyond, aggregates on request. */
import { type Expr, polars } from '../../compute/polars.ts';
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { aggregate, bandOf, type Key, pick } from '../data/aggregate.ts';
import { stepStart } from '../data/every.ts';
import { type Field, labelOf, numberOf, requireNumbers } from '../fields.ts';
import { lineDensitySource } from '../line-density.ts';
import { axisTitle, colorBy, position, timeTitle } from '../spec/encode.ts';
import { refuseStackOnLog } from '../spec/log-axes.ts';
import { allRows, byX, idOf, type Point, reducedRows, rowOf } from './line-points.ts';
import { withDots } from './lone.ts';
import { columnNames, otherFirst, type Series, seriesLabels, seriesOf } from './series.ts';

/** Rows a line hands to Vega as they are: a tenth of a second's work. */
const LINE_ROWS = 20_000;
export async function linePanel(scene: Scene): Promise<Panel> {
  const x = scene.x as Field;
  for (const y of scene.ys) requireNumbers(y, 'a line');
  const series = await seriesOf(scene);
  const { request } = scene;
  const aggregated =
    request.agg !== undefined || request.every !== undefined || x.measure === 'nominal';
  // Layers can only be stacked at places that all of them have.
  const stacked = isStacked(scene, series);
  const coarse = stacked && scene.profile.rows > LINE_ROWS && request.reduce !== 'marks';
  if (stacked) refuseStackOnLog(scene, 'Areas');
  const lines = apart(scene, series);
  if (aggregated || coarse) return aggregatedPanel(lines, x, series);
  if (counted(scene) || (counted(lines) && series.color.folded > MOST_FOLDED)) {
    return {
      layers: [],
      rows: [],
      density: lineDensitySource(lines, x, scene.ys[0] as Field, series),
    };
  }
  const rows =
    scene.profile.rows <= LINE_ROWS || request.reduce === 'marks'
      ? await allRows(lines, x, series)
      : await reducedRows(lines, x, series);
  const line = lineLayer(lines, x, series, undefined);
  if (scene.mark === 'line') {
    return { layers: withDots(line, rows, idOf), rows: otherFirst(rows), lineOf: idOf };
  }
  return {
    layers: [line],
    rows: stacked ? stackable(rows, seriesLabels(scene, series)) : otherFirst(rows),
  };
}

/** Lines of the colour of "other" that are still reduced one by one. */
const MOST_FOLDED = 40;

/** What is drawn as "other" has one colour, but is as many lines, or as many layers to add up. */
function apart(scene: Scene, { color }: Series): Scene {
  return scene.by === undefined && color.folded > 0 ? { ...scene, by: scene.color } : scene;
}

const isStacked = (scene: Scene, series: Series): boolean =>
  scene.mark === 'area' && seriesLabels(scene, series).length > 1;

/**
 * One row for each layer at each x: several add up, and none is a zero, or the stack would have a
 * hole.
 */
function stackable(rows: readonly Row[], labels: readonly string[]): Row[] {
  const facets = new Map<string, Map<number | string, Map<string, number>>>();
  for (const { x, y, color, facet } of rows as readonly Point[]) {
    const places = facets.get(facet) ?? new Map<number | string, Map<string, number>>();
    facets.set(facet, places);
    const layers = places.get(x) ?? new Map<string, number>(labels.map((label) => [label, 0]));
    places.set(x, layers);
    layers.set(color, (layers.get(color) ?? 0) + (y ?? 0));
  }
  const stacked: Row[] = [];
  for (const [facet, places] of facets) {
    for (const [x, layers] of places) {
      for (const [color, y] of layers) stacked.push(rowOf(x, y, { color, facet, by: '' }));
    }
  }
  return stacked.sort(byX);
}

/** Many lines of one colour are told apart by how often they enter a pixel. */
function counted({ mark, request, by, profile, ys }: Scene): boolean {
  if (mark !== 'line' || request.reduce === 'marks') return false;
  return request.reduce === 'density' || (by !== undefined && profile.rows * ys.length > LINE_ROWS);
}

/** The places along x at which values are aggregated. */
function stepOf(scene: Scene, x: Field, series: Series): Expr {
  const { request, profile } = scene;
  const { zone } = request;
  if (x.measure === 'nominal') return labelOf(x);
  if (request.every !== undefined) return stepStart(x, request.every, zone);
  const whole = !isStacked(scene, series) || profile.rows <= LINE_ROWS;
  if (whole || request.agg !== undefined) return numberOf(x, zone);
  const extent = profile.extents.get(x.name);
  const [min, max] = request.xRange ?? [extent?.min ?? 0, extent?.max ?? 0];
  const pixel = (max - min) / (request.width * request.scale);
  return pixel > 0
    ? numberOf(x, zone).sub(min).div(pixel).floor().mul(pixel).add(min)
    : numberOf(x, zone);
}

/** --agg and --every: one point per step and series, with its band. */
async function aggregatedPanel(scene: Scene, x: Field, series: Series): Promise<Panel> {
  const { request, relation } = scene;
  const agg = request.agg ?? 'mean';
  const zone = request.zone;
  const step = stepOf(scene, x, series);
  const keys: Key[] = [
    { name: 'x', expr: step },
    { name: 'color', expr: series.color.code },
    { name: 'facet', expr: series.facet.code },
    { name: 'by', expr: scene.by === undefined ? polars().lit('') : labelOf(scene.by) },
  ];
  const columns = columnNames(x, ...scene.ys, scene.color, scene.facet, scene.by);
  const quantiles = agg === 'median' || request.band === 'iqr';
  const named = scene.ys.length > 1 && scene.color === undefined;
  const rows: Row[] = [];
  for (const y of scene.ys) {
    const groups = await aggregate(relation, columns, keys, numberOf(y, zone), quantiles);
    for (const { key, moments } of groups) {
      const [at, color, facet, by] = key;
      if (at === null || at === undefined) continue;
      const band = request.band === undefined ? undefined : bandOf(moments, request.band);
      const row = rowOf(at, pick(moments, agg), {
        color: named ? y.name : (series.color.labels[Number(color)] ?? ''),
        facet: series.facet.labels[Number(facet)] ?? '',
        by: String(by ?? ''),
      });
      rows.push({ ...row, lo: band?.[0] ?? null, hi: band?.[1] ?? null });
    }
  }
  rows.sort(byX);
  scene.note(
    `${formatCountOf(scene.profile.rows, 'row')} → ${formatCountOf(rows.length, 'point')} (${agg})`,
  );
  const line = lineLayer(scene, x, series, agg);
  const layers = scene.mark === 'line' ? withDots(line, rows, idOf) : [line];
  if (request.band !== undefined) layers.unshift(bandLayer(line));
  const stacked = isStacked(scene, series);
  return {
    layers,
    rows: stacked ? stackable(rows, seriesLabels(scene, series)) : otherFirst(rows),
  };
}

function lineLayer(scene: Scene, x: Field, series: Series, agg: string | undefined): Spec {
  const area = scene.mark === 'area';
  const labels = seriesLabels(scene, series);
  const stacked = area && labels.length > 1;
  const y = position(scene, 'y', 'y', {
    title: axisTitle(
      scene.ys.map((field) => field.name),
      agg,
    ),
    measure: 'quantitative',
    zero: area,
    extra: area ? { stack: stacked ? 'zero' : null } : {},
  });
  return {
    mark: area
      ? {
          type: 'area',
          fillOpacity: stacked ? 0.85 : 0.5,
          line: stacked ? false : { strokeWidth: 1 },
        }
      : {
          type: 'line',
          strokeWidth: 1.5,
          strokeJoin: 'round',
          clip: scene.request.xRange !== undefined || scene.request.yRange !== undefined,
        },
    encoding: {
      x: position(scene, 'x', 'x', {
        title: timeTitle(x.name, x.measure, scene.request.zone),
        measure: x.measure,
      }),
      y,
      ...colorBy(series.title, labels),
      ...(scene.by === undefined ? {} : { detail: { field: 'by', type: 'nominal' } }),
    },
  };
}

function bandLayer(line: Spec): Spec {
  const encoding = line['encoding'] as Record<string, Spec>;
  return {
    mark: { type: 'area', fillOpacity: 0.2 },
    encoding: {
      ...encoding,
      y: { ...encoding['y'], field: 'lo', stack: null },
      y2: { field: 'hi' },
    },
  };
}
