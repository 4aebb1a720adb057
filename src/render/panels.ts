/** Which file draws which mark. */
import { NairobiError } from '../errors.ts';
import type { Panel, Scene } from './chart.ts';
import { barPanel } from './marks/bar.ts';
import { boxPanel } from './marks/box.ts';
import { calendarPanel } from './marks/calendar.ts';
import { candlestickPanel } from './marks/candlestick.ts';
import { densityPanel, ecdfPanel } from './marks/curves.ts';
import { heatmapPanel } from './marks/heatmap.ts';
import { histogramPanel } from './marks/histogram.ts';
import { linePanel } from './marks/line.ts';
import { pointPanel } from './marks/point.ts';
import { qqPanel } from './marks/qq.ts';
import { stripPanel, violinPanel } from './marks/violin.ts';
import type { Mark } from './request.ts';
import { checkLogAxes } from './spec/log-axes.ts';

type Build = (scene: Scene) => Promise<Panel>;

const BUILDERS: Readonly<Record<Mark, Build>> = {
  line: linePanel,
  area: linePanel,
  point: pointPanel,
  bar: barPanel,
  histogram: histogramPanel,
  heatmap: heatmapPanel,
  density: densityPanel,
  box: boxPanel,
  violin: violinPanel,
  strip: stripPanel,
  ecdf: ecdfPanel,
  qq: qqPanel,
  candlestick: candlestickPanel,
  calendar: calendarPanel,
};

const NEEDS_Y: ReadonlySet<Mark> = new Set(['line', 'area', 'point', 'heatmap']);

/** One panel, or with --panels one for every y column. */
export async function panelsOf(scene: Scene): Promise<Panel[]> {
  const build = BUILDERS[scene.mark];
  if (NEEDS_Y.has(scene.mark) && scene.ys.length === 0) {
    throw new NairobiError('USAGE', `A ${scene.mark} needs a column on the y axis`, {
      hint: 'name it with -y COLUMN',
    });
  }
  checkLogAxes(scene);
  if (!scene.request.panels || scene.ys.length < 2) return [await build(scene)];
  const panels: Panel[] = [];
  const above = scene.ys.length;
  for (const y of scene.ys) panels.push(await build({ ...scene, ys: [y], above }));
  return panels;
}
