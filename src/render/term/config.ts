/** The looks of a chart made of characters. */
import type { Spec } from '../chart.ts';
import { FONT_PX, INK } from './context2d.ts';

/** Of middling lightness: they show on a black and on a white terminal. */
const CATEGORIES = [
  '#4a90d9',
  '#d9772e',
  '#2ea37a',
  '#c66aa0',
  '#b59a1e',
  '#7a7ad0',
  '#cc4b4b',
  '#3aa0b0',
  '#8a8a8a',
  '#9a6a3a',
];
const COUNTS = ['#5b7fc7', '#3fa0b5', '#4fb277', '#b5a83a', '#dd8a35', '#d9534a'];

/** What a theme becomes in a terminal: its colours stay, its grounds and grids go. */
export function terminalConfig(config: Spec): Spec {
  const text = { labelFontSize: FONT_PX, titleFontSize: FONT_PX, labelColor: INK, titleColor: INK };
  return {
    ...config,
    range: { ...(config['range'] as Spec), category: CATEGORIES, ramp: COUNTS, heatmap: COUNTS },
    mark: { color: CATEGORIES[0] },
    background: null,
    padding: 0,
    view: { stroke: null },
    axis: {
      ...text,
      grid: false,
      ticks: false,
      domainColor: INK,
      titleFontWeight: 'normal',
      labelPadding: 8,
      titlePadding: 4,
    },
    axisY: {
      titleAngle: 0,
      titleAlign: 'left',
      titleAnchor: 'end',
      titleBaseline: 'bottom',
      titleX: 0,
      titleY: -6,
    },
    legend: {
      ...text,
      symbolType: 'square',
      rowPadding: 3,
      offset: 16,
      gradientThickness: 8,
      gradientLength: 64,
      titleFontWeight: 'normal',
    },
    header: { ...text },
    title: { color: INK, fontSize: FONT_PX, anchor: 'start', offset: 8 },
    text: { color: INK, fontSize: FONT_PX },
    rule: { color: INK },
    _ramp: COUNTS,
  };
}
