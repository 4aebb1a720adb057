/** Curves of a distribution: kernel density and the empirical distribution function. */
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { distributionOf, fineHistogram } from '../data/distribution.ts';
import type { Field } from '../fields.ts';
import { kernelDensity } from '../reduce/kde.ts';
import { inverseOf } from '../reduce/transform.ts';
import { colorBy, position, timeTitle } from '../spec/encode.ts';
import { pointPanel } from './point.ts';
import { seriesOf } from './series.ts';

/** Finer than any bandwidth worth drawing. */
const KDE_BINS = 8192;
const KDE_POINTS = 400;

/** One column: its kernel density. Two: their points counted per pixel. */
export async function densityPanel(scene: Scene): Promise<Panel> {
  const both = scene.x !== undefined && scene.ys.length > 0;
  if (both) return pointPanel({ ...scene, request: { ...scene.request, reduce: 'density' } });
  const { of, labels, title } = await columnsOfCurve(scene);
  const histogram = await fineHistogram(scene, of, undefined, 'linear', KDE_BINS);
  const rows = of.cells.flatMap((cell, index): Row[] => {
    if ((histogram.totals[index] ?? 0) === 0) return [];
    const curve = kernelDensity(histogram, index, KDE_POINTS);
    const color = scene.color === undefined ? cell.category : cell.color;
    return Array.from(curve.x, (x, i) => ({
      x,
      y: curve.y[i] as number,
      color,
      facet: cell.facet,
    }));
  });
  scene.note(
    `${formatCountOf(total(histogram.totals), 'value')} → kernel density (Silverman's bandwidth)`,
  );
  const mark = { type: 'area', fillOpacity: 0.25, line: { strokeWidth: 1.5 } };
  return { rows, layers: [curveLayer(scene, of.fields, mark, 'density', labels, title)] };
}

/** Columns of the picture to which the distribution function is exact. */
const ECDF_COLUMNS_PER_PX = 4;

export async function ecdfPanel(scene: Scene): Promise<Panel> {
  const { of, labels, title } = await columnsOfCurve(scene);
  const kind = scene.request.xScale;
  const bins = Math.ceil(scene.request.width * scene.request.scale * ECDF_COLUMNS_PER_PX);
  const histogram = await fineHistogram(scene, of, undefined, kind, bins);
  const value = inverseOf(kind);
  const rows: Row[] = [];
  of.cells.forEach((cell, index) => {
    const counts = histogram.counts[index] as Float64Array;
    const color = scene.color === undefined ? cell.category : cell.color;
    const n = histogram.totals[index] ?? 0;
    let seen = 0;
    if (n > 0) rows.push({ x: value(histogram.min), y: 0, color, facet: cell.facet });
    counts.forEach((count, bin) => {
      if (count === 0) return;
      const left = value(histogram.min + bin * histogram.width);
      rows.push({ x: left, y: seen / n, color, facet: cell.facet });
      seen += count;
      rows.push({
        x: value(histogram.min + (bin + 1) * histogram.width),
        y: seen / n,
        color,
        facet: cell.facet,
      });
    });
  });
  scene.note(
    `${formatCountOf(total(histogram.totals), 'value')} → cumulative shares at every quarter pixel`,
  );
  return {
    rows,
    layers: [
      curveLayer(
        scene,
        of.fields,
        { type: 'line', strokeWidth: 1.5 },
        'share of rows',
        labels,
        title,
      ),
    ],
  };
}

const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

async function columnsOfCurve(scene: Scene) {
  const fields = scene.ys.length > 0 ? scene.ys : [scene.x as Field];
  const series = await seriesOf(scene);
  const of = await distributionOf(scene, fields, undefined, series);
  const labels =
    scene.color !== undefined ? series.color.labels : fields.length > 1 ? of.category.labels : [];
  return { of, labels, title: series.title };
}

function curveLayer(
  scene: Scene,
  fields: readonly Field[],
  mark: Spec,
  yTitle: string,
  labels: readonly string[],
  title: string | null,
): Spec {
  const [first] = fields;
  const measure = first?.measure ?? 'quantitative';
  const names = fields.map((field) => field.name).join(', ');
  return {
    mark,
    encoding: {
      x: position(scene, 'x', 'x', {
        title: timeTitle(names, measure, scene.request.zone),
        measure,
      }),
      y: position(scene, 'y', 'y', {
        title: yTitle,
        measure: 'quantitative',
        zero: true,
        extra: { stack: null },
      }),
      ...colorBy(title, labels),
    },
  };
}
