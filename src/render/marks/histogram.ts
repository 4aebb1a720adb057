/** Histograms: the counts come from Polars, the bins are round numbers. */
import { polars } from '../../compute/polars.ts';
import { formatCount } from '../../units.ts';
import type { Panel, Row, Scene } from '../chart.ts';
import { aggregate, type Key } from '../data/aggregate.ts';
import type { Extent } from '../data/profile.ts';
import { type Field, numberOf, requireNumbers } from '../fields.ts';
import { colorBy, position, timeTitle } from '../spec/encode.ts';
import { columnNames, seriesLabels, seriesOf } from './series.ts';

export interface Bins {
  readonly start: number;
  readonly width: number;
  readonly count: number;
}

/** About `wanted` bins whose edges are 1, 2, 2.5 or 5 times a power of ten; whole for integers. */
export function niceBins(extent: Extent, wanted: number, whole: boolean): Bins {
  const span = extent.max - extent.min;
  if (!(span > 0)) return { start: extent.min - 0.5, width: 1, count: 1 };
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((f) => f * power >= rough * (1 - 1e-9)) ?? 10;
  const width = whole ? Math.max(1, Math.ceil(factor * power)) : factor * power;
  const start = Math.floor(extent.min / width) * width;
  const count = Math.floor((extent.max - start) / width) + 1;
  return { start, width, count };
}

export async function histogramPanel(scene: Scene): Promise<Panel> {
  const x = scene.x as Field;
  requireNumbers(x, 'a histogram');
  const extent = scene.profile.extents.get(x.name);
  if (extent === undefined || extent.count === 0) return { layers: [], rows: [] };
  const bins = niceBins(extent, scene.request.bins ?? 30, /Int/.test(x.type));
  const series = await seriesOf(scene);
  const pl = polars();
  const value = numberOf(x, scene.request.zone);
  const bin = value.sub(pl.lit(bins.start)).div(pl.lit(bins.width)).floor();
  const keys: Key[] = [
    { name: 'bin', expr: pl.when(value.isFinite()).then(bin).otherwise(pl.lit(null)) },
    { name: 'color', expr: series.color.code },
    { name: 'facet', expr: series.facet.code },
  ];
  const columns = columnNames(x, scene.color, scene.facet);
  const groups = await aggregate(scene.relation, columns, keys, undefined, false);
  const rows: Row[] = [];
  for (const { key, moments } of groups) {
    const [at, color, facet] = key;
    if (typeof at !== 'number') continue;
    const from = bins.start + Math.min(at, bins.count - 1) * bins.width;
    rows.push({
      x: from,
      x2: from + bins.width,
      y: moments.rows,
      color: series.color.labels[Number(color)] ?? '',
      facet: series.facet.labels[Number(facet)] ?? '',
    });
  }
  rows.sort((a, b) => Number(a['x']) - Number(b['x']));
  scene.note(`${formatCount(extent.count)} values → ${bins.count} bins of ${round(bins.width)}`);
  const labels = seriesLabels(scene, series);
  return { rows, layers: [layer()] };

  function layer() {
    return {
      mark: { type: 'bar', binSpacing: bins.count > 100 ? 0 : 1 },
      encoding: {
        x: position(scene, 'x', 'x', {
          title: timeTitle(x.name, x.measure, scene.request.zone),
          measure: x.measure,
          extra: { bin: 'binned' },
        }),
        x2: { field: 'x2' },
        y: position(scene, 'y', 'y', { title: 'rows', measure: 'quantitative', zero: true }),
        ...colorBy(series.title, labels),
      },
    };
  }
}

const round = (value: number): string => Number(value.toPrecision(6)).toString();
