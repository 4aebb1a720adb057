/** Box plots after Tukey: quartiles, whiskers to 1.5 IQR, and every outlier a pixel can show. */
import { formatCount, formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { aggregate, type Key } from '../data/aggregate.ts';
import {
  binnedQuantile,
  type Distribution,
  distributionOf,
  eachValue,
  fineHistogram,
} from '../data/distribution.ts';
import { type Field, numberOf } from '../fields.ts';
import { laneChannels, laneOf } from './lanes.ts';
import { columnNames, seriesOf } from './series.ts';

/** Quartiles of rows that do not fit in memory come from this many bins: far below a pixel. */
const BINS = 65_536;
/** Outliers closer than a quarter pixel are one. */
const STEPS_PER_PX = 4;

interface Quartiles {
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

export async function boxPanel(scene: Scene): Promise<Panel> {
  const { fields, by } = sidesOf(scene);
  const series = await seriesOf(withoutRepeat(scene, by));
  const of = await distributionOf(scene, fields, by, series);
  const inner = withoutRepeat(scene, by);
  const quartiles = await quartilesOf(inner, of, by);
  const rows = await whiskerRows(inner, of, by, quartiles);
  return { rows, layers: boxLayers(scene, of, by) };
}

/**
 * The columns that hold values and the one that splits them, whichever way round they were named.
 */
export function sidesOf(scene: Scene): { fields: readonly Field[]; by: Field | undefined } {
  if (scene.ys.length === 0) return { fields: [scene.x as Field], by: undefined };
  if (scene.x === undefined) return { fields: scene.ys, by: undefined };
  const [first] = scene.ys;
  const swapped = first?.measure === 'nominal' && scene.x.measure !== 'nominal';
  return swapped ? { fields: [scene.x], by: first } : { fields: scene.ys.slice(0, 1), by: scene.x };
}

/** --color of the very column on the axis adds nothing. */
export function withoutRepeat(scene: Scene, by: Field | undefined): Scene {
  return scene.color?.name === by?.name ? { ...scene, color: undefined } : scene;
}

async function quartilesOf(
  scene: Scene,
  of: Distribution,
  by: Field | undefined,
): Promise<(Quartiles | undefined)[]> {
  if (!scene.relation.fits) {
    const fine = await fineHistogram(scene, of, by, 'linear', BINS);
    scene.note(
      `quartiles are read from ${formatCount(BINS)} bins: the rows do not fit the memory limit`,
    );
    return of.cells.map((_, cell) =>
      (fine.totals[cell] ?? 0) === 0
        ? undefined
        : {
            q1: binnedQuantile(fine, cell, 0.25),
            median: binnedQuantile(fine, cell, 0.5),
            q3: binnedQuantile(fine, cell, 0.75),
          },
    );
  }
  const found: (Quartiles | undefined)[] = of.cells.map(() => undefined);
  const colors = of.series.color.labels.length;
  const keys: Key[] = [
    { name: 'facet', expr: of.series.facet.code },
    { name: 'category', expr: of.category.code },
    { name: 'color', expr: of.series.color.code },
  ];
  for (const [index, field] of of.fields.entries()) {
    const columns = columnNames(field, by, scene.color, scene.facet);
    const groups = await aggregate(
      scene.relation,
      columns,
      keys,
      numberOf(field, scene.request.zone),
      true,
    );
    for (const { key, moments } of groups) {
      const category = by === undefined ? index : Number(key[1]);
      const cell =
        (Number(key[0]) * of.category.labels.length + category) * colors + Number(key[2]);
      if (moments.n > 0) found[cell] = moments;
    }
  }
  return found;
}

async function whiskerRows(
  scene: Scene,
  of: Distribution,
  by: Field | undefined,
  quartiles: readonly (Quartiles | undefined)[],
): Promise<Row[]> {
  const fences = quartiles.map((q) =>
    q === undefined
      ? undefined
      : { low: q.q1 - 1.5 * (q.q3 - q.q1), high: q.q3 + 1.5 * (q.q3 - q.q1) },
  );
  const ends = of.cells.map(() => ({
    low: Number.POSITIVE_INFINITY,
    high: Number.NEGATIVE_INFINITY,
  }));
  const outliers = of.cells.map(() => new Map<number, number>());
  const perUnit =
    (scene.request.height * scene.request.scale * STEPS_PER_PX) / (of.max - of.min || 1);
  let total = 0;
  await eachValue(scene, of, by, 'linear', (value, cell) => {
    const fence = fences[cell];
    const end = ends[cell];
    if (fence === undefined || end === undefined) return;
    if (value >= fence.low && value <= fence.high) {
      end.low = Math.min(end.low, value);
      end.high = Math.max(end.high, value);
      return;
    }
    total += 1;
    outliers[cell]?.set(Math.round((value - of.min) * perUnit), value);
  });
  const shown = outliers.reduce((sum, map) => sum + map.size, 0);
  scene.note(
    `${formatCountOf(scene.profile.rows, 'row')} → ${formatCountOf(quartiles.filter(Boolean).length, 'box', 'boxes')}`,
  );
  if (shown < total)
    scene.note(
      `${formatCount(total)} outliers → ${formatCount(shown)} (one for each quarter pixel)`,
    );
  return of.cells.flatMap((cell, index): Row[] => {
    const q = quartiles[index];
    const end = ends[index];
    if (q === undefined || end === undefined) return [];
    const { middle, half } = laneOf(of, index);
    const base = {
      x: middle,
      left: middle - half,
      right: middle + half,
      color: cell.color,
      facet: cell.facet,
    };
    const box = {
      ...base,
      kind: 'box',
      y: q.median,
      q1: q.q1,
      q3: q.q3,
    };
    const whiskers = [
      { ...base, kind: 'whisker', y: q.q3, low: end.high },
      { ...base, kind: 'whisker', y: q.q1, low: end.low },
    ];
    const points = [...(outliers[index]?.values() ?? [])].map((y) => ({
      ...base,
      kind: 'outlier',
      y,
    }));
    return [box, ...whiskers, ...points];
  });
}

function boxLayers(scene: Scene, of: Distribution, by: Field | undefined): Spec[] {
  const base = laneChannels(scene, of, by);
  const box = { transform: [{ filter: "datum.kind === 'box'" }] };
  const x = { field: 'left', type: 'quantitative' };
  const y = base['y'] as Spec;
  return [
    {
      transform: [{ filter: "datum.kind === 'whisker'" }],
      mark: { type: 'rule', strokeWidth: 1.2 },
      encoding: { ...base, y2: { field: 'low' } },
    },
    {
      ...box,
      mark: { type: 'rect', fillOpacity: 0.55, strokeWidth: 1 },
      encoding: {
        ...base,
        x: { ...(base['x'] as Spec), ...x },
        x2: { field: 'right' },
        y: { ...y, field: 'q1' },
        y2: { field: 'q3' },
      },
    },
    {
      ...box,
      mark: { type: 'rule', strokeWidth: 2 },
      encoding: { ...base, x: { ...(base['x'] as Spec), ...x }, x2: { field: 'right' }, y },
    },
    {
      transform: [{ filter: "datum.kind === 'outlier'" }],
      mark: { type: 'point', size: 12, filled: false, strokeWidth: 1, opacity: 0.8 },
      encoding: base,
    },
  ];
}
