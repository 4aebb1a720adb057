/** The chart of nothing: its axes and the words "no data". */
import type { Panel, Scene } from '../chart.ts';

export function noData(scene: Scene): Panel {
  scene.note('no data to draw: the chart says so');
  const axis = (title: string | undefined) => ({
    field: 'v',
    type: 'quantitative',
    title: title ?? null,
    scale: { domain: [0, 1] },
    axis: { ticks: false, labels: false, grid: false },
  });
  const rows = [{ v: 0.5 }];
  return {
    rows,
    layers: [
      {
        mark: { type: 'text', fontSize: 22, text: 'no data', opacity: 0.6 },
        encoding: {
          x: axis(scene.x?.name),
          y: axis(scene.ys.map((field) => field.name).join(', ') || undefined),
        },
      },
    ],
  };
}
