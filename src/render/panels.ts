/** Which file draws which mark. */
import { NairobiError } from '../errors.ts';
import type { Panel, Scene } from './chart.ts';
import { barPanel } from './marks/bar.ts';
import { histogramPanel } from './marks/histogram.ts';
import { linePanel } from './marks/line.ts';
import { pointPanel } from './marks/point.ts';
import type { Mark } from './request.ts';

type Build = (scene: Scene) => Promise<Panel>;

const BUILDERS: Partial<Record<Mark, Build>> = {
  line: linePanel,
  area: linePanel,
  point: pointPanel,
  bar: barPanel,
  histogram: histogramPanel,
};

const NEEDS_Y: ReadonlySet<Mark> = new Set([
  'line',
  'area',
  'point',
  'heatmap',
  'candlestick',
  'calendar',
]);

/** One panel, or with --panels one for every y column. */
export async function panelsOf(scene: Scene): Promise<Panel[]> {
  const build = BUILDERS[scene.mark];
  if (build === undefined) throw new NairobiError('USAGE', `There is no mark "${scene.mark}"`);
  if (NEEDS_Y.has(scene.mark) && scene.ys.length === 0) {
    throw new NairobiError('USAGE', `A ${scene.mark} needs a column on the y axis`, {
      hint: 'name it with -y COLUMN',
    });
  }
  if (!scene.request.panels || scene.ys.length < 2) return [await build(scene)];
  const panels: Panel[] = [];
  for (const y of scene.ys) panels.push(await build({ ...scene, ys: [y] }));
  return panels;
}
