/** Points: every row while they are few, counts per pixel beyond. */
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { select, typed, values } from '../data/stream.ts';
import { densitySource } from '../density.ts';
import { type Field, labelOf, numberOf, requireNumbers } from '../fields.ts';
import { colorBy, position, timeTitle } from '../spec/encode.ts';
import { columnNames, dense, otherFirst, type Series, seriesLabels, seriesOf } from './series.ts';

/** Points Vega draws as marks: half a second's work. */
const POINT_ROWS = 50_000;

export async function pointPanel(scene: Scene): Promise<Panel> {
  const { request } = scene;
  const [x, y] = [scene.x as Field, scene.ys[0] as Field];
  const many = scene.profile.rows * scene.ys.length > POINT_ROWS || request.reduce === 'density';
  const numeric = x.measure !== 'nominal' && scene.ys.every((field) => field.measure !== 'nominal');
  if (many && request.reduce !== 'marks' && numeric) {
    const series = await seriesOf(scene);
    return { layers: [], rows: [], density: densitySource(scene, x, y, series) };
  }
  for (const field of scene.ys) requireNumbers(field, 'a point');
  return markPanel(scene, x);
}

async function markPanel(scene: Scene, x: Field): Promise<Panel> {
  const continuous = scene.color !== undefined && scene.color.measure !== 'nominal';
  const series = await seriesOf(continuous ? { ...scene, color: undefined } : scene);
  const rows = await pointRows(scene, x, series, continuous);
  return { rows: otherFirst(rows), layers: [pointLayer(scene, x, series, continuous)] };
}

async function pointRows(
  scene: Scene,
  x: Field,
  series: Series,
  continuous: boolean,
): Promise<Row[]> {
  const zone = scene.request.zone;
  const exprs = [
    (x.measure === 'nominal' ? labelOf(x) : dense(numberOf(x, zone), 'x')).alias('x'),
    ...scene.ys.map((field, index) => dense(numberOf(field, zone), `y${index}`)),
    continuous
      ? dense(numberOf(scene.color as Field, zone), 'color')
      : series.color.code.alias('color'),
    series.facet.code.alias('facet'),
  ];
  const named = scene.ys.length > 1 && scene.color === undefined;
  const columns = columnNames(x, ...scene.ys, scene.color, scene.facet);
  const rows: Row[] = [];
  let left = 0;
  for await (const frame of select(scene.relation, columns, exprs)) {
    const xs = values<number | string | null>(frame, 'x');
    const colors = typed<Float64Array>(frame, 'color');
    const facets = values<number>(frame, 'facet');
    scene.ys.forEach((field, index) => {
      const ys = typed<Float64Array>(frame, `y${index}`);
      for (let i = 0; i < ys.length; i += 1) {
        const [px, py, code] = [xs[i] ?? null, ys[i] as number, colors[i] as number];
        if (
          px === null ||
          !Number.isFinite(py) ||
          (typeof px === 'number' && !Number.isFinite(px))
        ) {
          left += 1;
          continue;
        }
        const label = named ? field.name : (series.color.labels[code] ?? '');
        const color = continuous ? (Number.isFinite(code) ? code : null) : label;
        rows.push({ x: px, y: py, color, facet: series.facet.labels[facets[i] ?? 0] ?? '' });
      }
    });
  }
  if (left > 0) scene.note(`${formatCountOf(left, 'point')} without both coordinates are left out`);
  return rows;
}

/** Smaller the more there are. */
const usualSize = (rows: number): number => (rows > 5000 ? 8 : rows > 500 ? 16 : 30);

function pointLayer(scene: Scene, x: Field, series: Series, continuous: boolean): Spec {
  const { request } = scene;
  const rows = scene.profile.rows;
  // Vega's size is the area of the square around the circle.
  const size = request.pointSize === undefined ? usualSize(rows) : request.pointSize ** 2;
  const y = scene.ys[0] as Field;
  const labels = continuous ? [] : seriesLabels(scene, series);
  const colored = continuous
    ? { color: { field: 'color', type: 'quantitative', title: scene.color?.name } }
    : colorBy(series.title, labels);
  return {
    mark: {
      type: 'point',
      filled: true,
      size,
      opacity: rows > 500 ? 0.6 : 0.8,
      // A point at the end of an axis is a whole one.
      clip: request.xRange !== undefined || request.yRange !== undefined,
    },
    encoding: {
      x: position(scene, 'x', 'x', {
        title: timeTitle(x.name, x.measure, request.zone),
        measure: x.measure,
      }),
      y: position(scene, 'y', 'y', {
        title: scene.ys.map((field) => field.name).join(', '),
        measure: y.measure,
      }),
      ...colored,
    },
  };
}
