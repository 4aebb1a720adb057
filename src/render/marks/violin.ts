/** Violins and strips: the shape of each group, or its points themselves. */
import { formatCount, formatCountOf } from '../../units.ts';
import type { Panel, Row, Scene, Spec } from '../chart.ts';
import { binnedQuantile, distributionOf, eachValue, fineHistogram } from '../data/distribution.ts';
import { kernelDensity } from '../reduce/kde.ts';
import { sidesOf, withoutRepeat } from './box.ts';
import { laneChannels, laneOf } from './lanes.ts';
import { seriesOf } from './series.ts';

const KDE_BINS = 8192;
const KDE_POINTS = 160;

export async function violinPanel(given: Scene): Promise<Panel> {
  const { fields, by } = sidesOf(given);
  const scene = withoutRepeat(given, by);
  const of = await distributionOf(scene, fields, by, await seriesOf(scene));
  const fine = await fineHistogram(scene, of, by, 'linear', KDE_BINS);
  const rows: Row[] = [];
  of.cells.forEach((cell, index) => {
    if ((fine.totals[index] ?? 0) === 0) return;
    const { middle, half } = laneOf(of, index);
    const curve = kernelDensity(fine, index, KDE_POINTS);
    const most = curve.y.reduce((a, b) => Math.max(a, b), 0);
    const base = { color: cell.color, facet: cell.facet, lane: index };
    curve.x.forEach((y, i) => {
      const wide = (half * (curve.y[i] as number)) / most;
      rows.push({ ...base, kind: 'shape', x: middle - wide, x2: middle + wide, y });
    });
    const quantile = (p: number): number => binnedQuantile(fine, index, p);
    rows.push({
      ...base,
      kind: 'box',
      x: middle,
      y: quantile(0.5),
      q1: quantile(0.25),
      q3: quantile(0.75),
    });
  });
  const values = fine.totals.reduce((a, b) => a + b, 0);
  scene.note(
    `${formatCountOf(values, 'value')} → ${formatCountOf(of.cells.length, 'shape')} of equal width (kernel density)`,
  );
  return { rows, layers: violinLayers(laneChannels(scene, of, by)) };
}

function violinLayers(base: Spec): Spec[] {
  const shape = { transform: [{ filter: "datum.kind === 'shape'" }] };
  const box = { transform: [{ filter: "datum.kind === 'box'" }] };
  const y = base['y'] as Spec;
  const ink = { color: { value: '#333333' } };
  return [
    {
      ...shape,
      mark: { type: 'area', orient: 'horizontal', fillOpacity: 0.6 },
      encoding: { ...base, x2: { field: 'x2' }, detail: { field: 'lane', type: 'nominal' } },
    },
    {
      ...box,
      mark: { type: 'rule', strokeWidth: 3 },
      encoding: { ...base, ...ink, y: { ...y, field: 'q1' }, y2: { field: 'q3' } },
    },
    {
      ...box,
      mark: { type: 'point', filled: true, size: 36, opacity: 1 },
      encoding: { ...base, color: { value: '#ffffff' } },
    },
  ];
}

/** Points of one quarter pixel beyond this many lie on each other anyway. */
const POINTS_PER_STEP = 4;
const STEPS_PER_PX = 1;

export async function stripPanel(given: Scene): Promise<Panel> {
  const { fields, by } = sidesOf(given);
  const scene = withoutRepeat(given, by);
  const of = await distributionOf(scene, fields, by, await seriesOf(scene));
  const random = jitter(scene.request.seed);
  const perUnit =
    (scene.request.height * scene.request.scale * STEPS_PER_PX) / (of.max - of.min || 1);
  const taken = of.cells.map(() => new Map<number, number>());
  const rows: Row[] = [];
  let total = 0;
  await eachValue(scene, of, by, 'linear', (y, index) => {
    total += 1;
    const step = Math.floor((y - of.min) * perUnit);
    const count = taken[index]?.get(step) ?? 0;
    const cell = of.cells[index];
    if (count >= POINTS_PER_STEP || cell === undefined) return;
    taken[index]?.set(step, count + 1);
    const { middle, half } = laneOf(of, index);
    rows.push({
      x: middle + half * (2 * random() - 1) * 0.8,
      y,
      color: cell.color,
      facet: cell.facet,
    });
  });
  if (rows.length < total) {
    scene.note(
      `${formatCountOf(total, 'point')} → ${formatCount(rows.length)} (at most ${POINTS_PER_STEP} to a pixel of height)`,
    );
  }
  const mark = { type: 'point', filled: true, size: 10, opacity: 0.55 };
  return { rows, layers: [{ mark, encoding: laneChannels(scene, of, by) }] };
}

/** Numerical Recipes' linear congruential generator: the same jitter for the same seed. */
function jitter(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
