/** Normal quantile plots: every extreme value, and evenly spread quantiles between. */
import { collect, type Expr, polars } from '../../compute/polars.ts';
import { formatCount, formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene } from '../chart.ts';
import { binnedQuantile, distributionOf, fineHistogram } from '../data/distribution.ts';
import { typed } from '../data/stream.ts';
import { type Field, numberOf, requireNumbers } from '../fields.ts';
import { normalQuantile } from '../reduce/normal.ts';
import { colorBy, position } from '../spec/encode.ts';
import { columnNames, seriesLabels, seriesOf } from './series.ts';

/** Quantiles drawn of a long column, and the extremes kept whole at either end. */
const QUANTILES = 800;
const EXTREMES = 100;
/** Bins from which quantiles are read when the rows do not fit: far below a pixel. */
const BINS = 65_536;

export async function qqPanel(scene: Scene): Promise<Panel> {
  const field = (scene.ys[0] ?? scene.x) as Field;
  requireNumbers(field, 'a quantile plot');
  const series = await seriesOf(scene);
  const labels = seriesLabels(scene, series);
  const rows = scene.relation.fits
    ? await exactRows(scene, field, series.color, series.facet)
    : await binnedRows(scene, field, series);
  const layers = [
    {
      transform: [{ filter: "datum.kind === 'point'" }],
      mark: { type: 'point', filled: true, size: 14, opacity: 0.8 },
      encoding: channels(scene, field, labels, series.title),
    },
    {
      transform: [{ filter: "datum.kind === 'line'" }],
      mark: { type: 'line', strokeDash: [5, 4], strokeWidth: 1.2, opacity: 0.7 },
      encoding: channels(scene, field, labels, series.title),
    },
  ];
  scene.note(
    `${formatCountOf(scene.profile.extents.get(field.name)?.count ?? 0, 'value')} → ${formatCountOf(rows.length, 'quantile')}`,
  );
  return { rows, layers };
}

interface Coded {
  readonly labels: readonly string[];
  readonly code: Expr;
}

async function exactRows(scene: Scene, field: Field, color: Coded, facet: Coded): Promise<Row[]> {
  const pl = polars();
  const rows: Row[] = [];
  const columns = columnNames(field, scene.color, scene.facet);
  for (const [f, facetLabel] of facet.labels.entries()) {
    for (const [c, colorLabel] of color.labels.entries()) {
      const mine = color.code.eq(pl.lit(c)).and(facet.code.eq(pl.lit(f)));
      const value = numberOf(field, scene.request.zone);
      const frame = collect(
        scene.relation
          .scan(columns)
          .filter(mine.and(value.isFinite()))
          .select(value.alias('v'))
          .sort('v'),
      );
      const sorted = typed<Float64Array>(frame, 'v');
      const quantile = (p: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
      rows.push(...rowsOf(sorted.length, quantile, colorLabel, facetLabel));
    }
  }
  return rows;
}

async function binnedRows(
  scene: Scene,
  field: Field,
  series: Awaited<ReturnType<typeof seriesOf>>,
): Promise<Row[]> {
  const of = await distributionOf(scene, [field], undefined, series);
  const histogram = await fineHistogram(scene, of, undefined, 'linear', BINS);
  scene.note(
    `quantiles are read from ${formatCount(BINS)} bins: the rows do not fit the memory limit`,
  );
  return of.cells.flatMap((cell, index) =>
    rowsOf(
      histogram.totals[index] ?? 0,
      (p) => binnedQuantile(histogram, index, p),
      cell.color,
      cell.facet,
    ),
  );
}

/** Points at the plotting positions (i + 1/2) / n, and the line through the quartiles. */
function rowsOf(n: number, quantile: (p: number) => number, color: string, facet: string): Row[] {
  if (n === 0) return [];
  const rows = ranks(n).map((rank): Row => {
    const p = (rank + 0.5) / n;
    return { kind: 'point', x: normalQuantile(p), y: quantile(p), color, facet };
  });
  const [z, q1, q3] = [normalQuantile(0.75), quantile(0.25), quantile(0.75)];
  const slope = (q3 - q1) / (2 * z);
  const reach = Math.abs(normalQuantile(0.5 / n));
  const line = [-reach, reach].map(
    (x): Row => ({ kind: 'line', x, y: (q1 + q3) / 2 + slope * x, color, facet }),
  );
  return [...rows, ...line];
}

function ranks(n: number): number[] {
  if (n <= QUANTILES + 2 * EXTREMES) return Array.from({ length: n }, (_, i) => i);
  const middle = Array.from(
    { length: QUANTILES },
    (_, i) => EXTREMES + Math.floor((i * (n - 2 * EXTREMES)) / QUANTILES),
  );
  const low = Array.from({ length: EXTREMES }, (_, i) => i);
  return [...low, ...middle, ...low.map((i) => n - EXTREMES + i)];
}

function channels(scene: Scene, field: Field, labels: readonly string[], title: string | null) {
  return {
    x: position(scene, 'x', 'x', { title: 'normal quantile', measure: 'quantitative' }),
    y: position(scene, 'y', 'y', { title: field.name, measure: field.measure }),
    ...colorBy(title, labels),
  };
}
