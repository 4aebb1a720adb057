/** Colours for counts and for categories, as tables. */
import type { Spec } from '../chart.ts';

/** Anchors of the two count ramps; every count, also one, shows against its ground. */
export const ON_LIGHT = [
  '#7fc8d8',
  '#4aa3c7',
  '#2f7ab8',
  '#3a51a3',
  '#3b2f80',
  '#2a1150',
  '#12041f',
];
export const ON_DARK = [
  '#2d6fa8',
  '#2a93b0',
  '#27b79a',
  '#6fd46a',
  '#cbe34f',
  '#fdf08a',
  '#fffbe0',
];

/** Steps of a count ramp. */
const STEPS = 256;

/** The ramp from one point to the most, as hex colours. */
export function countColors(config: Spec, dark: boolean): readonly string[] {
  const custom = config['_ramp'] as readonly string[] | undefined;
  return spread(custom ?? (dark ? ON_DARK : ON_LIGHT), STEPS);
}

/** Straight lines in sRGB between anchors, as Vega's legends draw them. */
export function spread(anchors: readonly string[], steps: number): string[] {
  const rgb = anchors.map(parseHex);
  return Array.from({ length: steps }, (_, i) => {
    const at = (i / (steps - 1)) * (rgb.length - 1);
    const from = Math.min(Math.floor(at), rgb.length - 2);
    const [a, b] = [rgb[from] ?? [0, 0, 0], rgb[from + 1] ?? [0, 0, 0]];
    return toHex(a.map((v, k) => Math.round(v + ((b[k] ?? 0) - v) * (at - from))));
  });
}

/** `count` category colours of a theme as RGB triples. */
export function categoryColors(config: Spec, count: number): readonly (readonly number[])[] {
  const range = (config['range'] as Spec | undefined)?.['category'];
  const colors = Array.isArray(range)
    ? (range as string[])
    : ['#0072b2', '#d55e00', '#009e73', '#cc79a7'];
  return Array.from({ length: count }, (_, i) => parseHex(colors[i % colors.length] ?? '#000000'));
}

/** "#rrggbb", "#rgb" or "rgb(r, g, b)" to a triple. */
export function parseHex(color: string): readonly number[] {
  const long = color.length === 4 ? `#${[...color.slice(1)].map((c) => c + c).join('')}` : color;
  if (long.startsWith('rgb')) return (long.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  return [1, 3, 5].map((at) => Number.parseInt(long.slice(at, at + 2), 16));
}

function toHex(rgb: readonly number[]): string {
  return `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
