/** Heatmaps: counts, or an aggregate of --color, over bins or categories of two columns. */
import { type Expr, polars } from '../../compute/polars.ts';
import { formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { aggregate, type Key, pick } from '../data/aggregate.ts';
import { binsOf } from '../data/bins.ts';
import { compareLabels, MISSING, shownLabel } from '../data/groups.ts';
import { type Field, labelOf, numberOf, requireNumbers } from '../fields.ts';
import { countColors } from '../shade/colors.ts';
import { axisTitle, position, timeTitle } from '../spec/encode.ts';
import { configOf, isDark } from '../spec/theme.ts';
import { columnNames, seriesOf } from './series.ts';

const DEFAULT_BINS = 40;

interface Cells {
  readonly key: Expr;
  /** Channels of a key: its edges, or its label. */
  read(key: number | string | null): readonly [number | string, number | null] | undefined;
}

export async function heatmapPanel(scene: Scene): Promise<Panel> {
  const [x, y] = [scene.x as Field, scene.ys[0] as Field];
  const value = scene.color;
  if (value !== undefined) requireNumbers(value, 'the colour of a heatmap');
  const [across, up] = [cellsOf(scene, 'x', x), cellsOf(scene, 'y', y)];
  const series = await seriesOf({ ...scene, color: undefined });
  const keys: Key[] = [
    { name: 'x', expr: across.key },
    { name: 'y', expr: up.key },
    { name: 'facet', expr: series.facet.code },
  ];
  const agg = scene.request.agg ?? (value === undefined ? 'count' : 'mean');
  const groups = await aggregate(
    scene.relation,
    columnNames(x, y, value, scene.facet),
    keys,
    value === undefined ? undefined : numberOf(value, scene.request.zone),
    agg === 'median',
  );
  const rows: Row[] = [];
  for (const { key, moments } of groups) {
    const [atX, atY] = [across.read(key[0] ?? null), up.read(key[1] ?? null)];
    const v = pick(moments, agg);
    if (atX === undefined || atY === undefined || v === null) continue;
    const facet = series.facet.labels[Number(key[2])] ?? '';
    rows.push({ x: atX[0], x2: atX[1], y: atY[0], y2: atY[1], v, facet });
  }
  scene.note(
    `${formatCountOf(scene.profile.rows, 'row')} → ${formatCountOf(rows.length, 'cell')} (${agg})`,
  );
  const title = value === undefined ? 'rows' : axisTitle([value.name], agg);
  return { rows, layers: [await heatLayer(scene, x, y, title, rows)] };
}

function cellsOf(scene: Scene, axis: 'x' | 'y', field: Field): Cells {
  if (field.measure === 'nominal') {
    const label = labelOf(field).fillNull(polars().lit(MISSING));
    return { key: label, read: (key) => [shownLabel(field, String(key)), null] };
  }
  const every = axis === 'x' ? scene.request.every : undefined;
  const bins = binsOf(scene, axis, field, scene.request.bins ?? DEFAULT_BINS, every);
  return { key: bins.key, read: (key) => (typeof key === 'number' ? bins.edges(key) : undefined) };
}

async function heatLayer(
  scene: Scene,
  x: Field,
  y: Field,
  title: string,
  rows: readonly Row[],
): Promise<Spec> {
  const config = await configOf(scene.request.theme, scene.request.palette);
  const ramp = countColors(config, isDark(config));
  const range = Array.from(
    { length: 12 },
    (_, i) => ramp[Math.round((i / 11) * (ramp.length - 1))],
  );
  const channel = (axis: 'x' | 'y', field: Field): Spec =>
    position(scene, axis, axis, {
      title: timeTitle(field.name, field.measure, scene.request.zone),
      measure: field.measure,
      labels: labelsOf(rows, axis),
      extra: field.measure === 'nominal' ? {} : { bin: 'binned' },
    });
  return {
    mark: { type: 'rect', strokeWidth: 0 },
    encoding: {
      x: channel('x', x),
      ...(x.measure === 'nominal' ? {} : { x2: { field: 'x2' } }),
      y: channel('y', y),
      ...(y.measure === 'nominal' ? {} : { y2: { field: 'y2' } }),
      color: { field: 'v', type: 'quantitative', title, scale: { range, zero: false } },
    },
  };
}

function labelsOf(rows: readonly Row[], axis: 'x' | 'y'): string[] {
  return [...new Set(rows.map((row) => String(row[axis])))].sort(compareLabels);
}
