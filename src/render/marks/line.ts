/** Lines and areas: every row while they are few, M4 beyond, aggregates on request. */
import { formatCount } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { aggregate, bandOf, type Key, pick } from '../data/aggregate.ts';
import { stepStart } from '../data/every.ts';
import { select, typed } from '../data/stream.ts';
import { type Field, labelOf, numberOf, requireNumbers } from '../fields.ts';
import { M4 } from '../reduce/m4.ts';
import { axisTitle, colorBy, position, timeTitle } from '../spec/encode.ts';
import { columnNames, dense, type Series, seriesLabels, seriesOf } from './series.ts';

/** Rows a line hands to Vega as they are: a tenth of a second's work. */
const LINE_ROWS = 20_000;
/**
 * With four, 0.034 % of the pixels of a noisy line differ from the whole drawing; with six 0.01 %.
 */
const COLUMNS_PER_PX = 6;

export async function linePanel(scene: Scene): Promise<Panel> {
  const x = scene.x as Field;
  for (const y of scene.ys) requireNumbers(y, 'a line');
  const series = await seriesOf(scene);
  const { request } = scene;
  const aggregated =
    request.agg !== undefined || request.every !== undefined || x.measure === 'nominal';
  if (aggregated) return aggregatedPanel(scene, x, series);
  const rows =
    scene.profile.rows <= LINE_ROWS || request.reduce === 'marks'
      ? await allRows(scene, x, series)
      : await reducedRows(scene, x, series);
  return { layers: [lineLayer(scene, x, series, undefined)], rows };
}

/** Every row, by x; a missing y is a gap in the line. */
async function allRows(scene: Scene, x: Field, series: Series): Promise<Row[]> {
  const rows: Row[] = [];
  await eachPoint(scene, x, series, (px, py, color, facet) => {
    if (Number.isFinite(px)) rows.push(rowOf(px, Number.isFinite(py) ? py : null, color, facet));
  });
  return rows.sort((a, b) => (a['x'] as number) - (b['x'] as number));
}

async function reducedRows(scene: Scene, x: Field, series: Series): Promise<Row[]> {
  const extent = scene.profile.extents.get(x.name);
  const { request } = scene;
  const columns = Math.ceil(request.width * request.scale * COLUMNS_PER_PX);
  const [min, max] = request.xRange ?? [extent?.min ?? 0, extent?.max ?? 0];
  const reducers = new Map<string, { m4: M4; color: string; facet: string }>();
  let points = 0;
  await eachPoint(scene, x, series, (px, py, color, facet) => {
    const id = `${color}\u0000${facet}`;
    let reducer = reducers.get(id);
    if (reducer === undefined) {
      reducer = { m4: new M4(min, max, columns), color, facet };
      reducers.set(id, reducer);
    }
    points += 1;
    if (px >= min && px <= max) reducer.m4.addPoint(px, py);
  });
  const rows: Row[] = [];
  for (const { m4, color, facet } of reducers.values()) {
    const kept = m4.points();
    kept.x.forEach((px, i) => {
      rows.push(rowOf(px, kept.y[i] as number, color, facet));
    });
  }
  scene.note(
    `${formatCount(points)} points → ${formatCount(rows.length)} (first, last, lowest and highest of every sixth of a pixel)`,
  );
  return rows;
}

type Visit = (x: number, y: number, color: string, facet: string) => void;

/** Calls `visit` for every row and y column, in file order. */
async function eachPoint(scene: Scene, x: Field, series: Series, visit: Visit): Promise<void> {
  const zone = scene.request.zone;
  const exprs = [
    dense(numberOf(x, zone), 'x'),
    ...scene.ys.map((y, index) => dense(numberOf(y, zone), `y${index}`)),
    series.color.code.alias('color'),
    series.facet.code.alias('facet'),
  ];
  const columns = columnNames(x, ...scene.ys, scene.color, scene.facet);
  const named = scene.ys.length > 1 && scene.color === undefined;
  for await (const frame of select(scene.relation, columns, exprs)) {
    const xs = typed<Float64Array>(frame, 'x');
    const colors = scene.color === undefined ? undefined : typed<Float64Array>(frame, 'color');
    const facets = scene.facet === undefined ? undefined : typed<Float64Array>(frame, 'facet');
    for (const [index, y] of scene.ys.entries()) {
      const ys = typed<Float64Array>(frame, `y${index}`);
      for (let i = 0; i < xs.length; i += 1) {
        const color = named ? y.name : (series.color.labels[colors?.[i] ?? 0] ?? '');
        visit(xs[i] as number, ys[i] as number, color, series.facet.labels[facets?.[i] ?? 0] ?? '');
      }
    }
  }
}

function rowOf(x: number | string, y: number | null, color: string, facet: string): Row {
  return { x, y, color, facet };
}

/** --agg and --every: one point per step and series, with its band. */
async function aggregatedPanel(scene: Scene, x: Field, series: Series): Promise<Panel> {
  const { request, relation } = scene;
  const agg = request.agg ?? 'mean';
  const zone = request.zone;
  const step =
    x.measure === 'nominal'
      ? labelOf(x)
      : request.every === undefined
        ? numberOf(x, zone)
        : stepStart(x, request.every, zone);
  const keys: Key[] = [
    { name: 'x', expr: step },
    { name: 'color', expr: series.color.code },
    { name: 'facet', expr: series.facet.code },
  ];
  const columns = columnNames(x, ...scene.ys, scene.color, scene.facet);
  const quantiles = agg === 'median' || request.band === 'iqr';
  const named = scene.ys.length > 1 && scene.color === undefined;
  const rows: Row[] = [];
  for (const y of scene.ys) {
    const groups = await aggregate(relation, columns, keys, numberOf(y, zone), quantiles);
    for (const { key, moments } of groups) {
      const [at, color, facet] = key;
      if (at === null || at === undefined) continue;
      const band = request.band === undefined ? undefined : bandOf(moments, request.band);
      const label = named ? y.name : (series.color.labels[Number(color)] ?? '');
      const row = rowOf(at, pick(moments, agg), label, series.facet.labels[Number(facet)] ?? '');
      rows.push({ ...row, lo: band?.[0] ?? null, hi: band?.[1] ?? null });
    }
  }
  rows.sort((a, b) => (a['x'] === b['x'] ? 0 : (a['x'] as number) < (b['x'] as number) ? -1 : 1));
  scene.note(
    `${formatCount(scene.profile.rows)} rows → ${formatCount(rows.length)} points (${agg})`,
  );
  const layers = [lineLayer(scene, x, series, agg)];
  if (request.band !== undefined) layers.unshift(bandLayer(layers[0] as Spec));
  return { layers, rows };
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
