/** Histograms: the counts come from Polars. */
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { aggregate, type Key } from '../data/aggregate.ts';
import { binsOf } from '../data/bins.ts';
import { type Field, requireNumbers } from '../fields.ts';
import { colorBy, position, timeTitle } from '../spec/encode.ts';
import { noteOffLog, refuseStackOnLog } from '../spec/log-axes.ts';
import { columnNames, type Series, seriesLabels, seriesOf } from './series.ts';

const DEFAULT_BINS = 30;

export async function histogramPanel(scene: Scene): Promise<Panel> {
  const x = scene.x as Field;
  requireNumbers(x, 'a histogram');
  const extent = scene.profile.extents.get(x.name);
  if (extent === undefined || extent.count === 0) return { layers: [], rows: [] };
  const { request } = scene;
  const bins = binsOf(scene, 'x', x, request.bins ?? DEFAULT_BINS, request.every);
  const series = await seriesOf(scene);
  const keys: Key[] = [
    { name: 'bin', expr: bins.key },
    { name: 'color', expr: series.color.code },
    { name: 'facet', expr: series.facet.code },
  ];
  const columns = columnNames(x, scene.color, scene.facet);
  const groups = await aggregate(scene.relation, columns, keys, undefined, false);
  if (seriesLabels(scene, series).length > 1) refuseStackOnLog(scene, 'Counts of several colours');
  const rows: Row[] = [];
  for (const { key, moments } of groups) {
    const [at, color, facet] = key;
    if (typeof at !== 'number') continue;
    const [from, to] = bins.edges(at);
    rows.push({
      x: from,
      x2: to,
      y: moments.rows,
      color: series.color.labels[Number(color)] ?? '',
      facet: series.facet.labels[Number(facet)] ?? '',
    });
  }
  rows.sort((a, b) => Number(a['x']) - Number(b['x']));
  const drawn = rows.reduce((sum, row) => sum + Number(row['y']), 0);
  scene.note(`${formatCountOf(drawn, 'value')} → ${bins.text}`);
  noteOffLog(scene, extent.count - drawn);
  return { rows, layers: [histogramLayer(scene, x, series, rows.length)] };
}

function histogramLayer(scene: Scene, x: Field, series: Series, bars: number): Spec {
  return {
    mark: { type: 'bar', binSpacing: bars > 100 ? 0 : 1 },
    encoding: {
      x: position(scene, 'x', 'x', {
        title: timeTitle(x.name, x.measure, scene.request.zone),
        measure: x.measure,
        extra: { bin: 'binned' },
      }),
      x2: { field: 'x2' },
      y: position(scene, 'y', 'y', {
        title: 'rows',
        measure: 'quantitative',
        zero: true,
        extra: scene.request.yScale === 'log' ? { stack: null } : {},
      }),
      ...colorBy(series.title, seriesLabels(scene, series)),
    },
  };
}
