/**
 * Vega-Lite channel definitions. Rows use fixed keys (x, y, color, facet), so no name is escaped.
 */
import type { Scene, Spec } from '../chart.ts';
import type { Field, Measure } from '../fields.ts';

export interface AxisOptions {
  readonly title: string;
  readonly measure: Measure;
  /** Include zero on a quantitative axis. */
  readonly zero?: boolean;
  readonly domain?: readonly [number, number] | undefined;
  /** The categories in drawing order, when nominal. */
  readonly labels?: readonly string[];
  readonly extra?: Spec;
}

/** The x or y channel on `field`. */
export function position(scene: Scene, axis: 'x' | 'y', field: string, options: AxisOptions): Spec {
  const { request } = scene;
  if (options.measure === 'nominal') return ordinal(scene, axis, field, options);
  const range = axis === 'x' ? request.xRange : request.yRange;
  const domain = range ?? options.domain;
  const kind = axis === 'x' ? request.xScale : request.yScale;
  const temporal = options.measure === 'temporal';
  const scale: Record<string, unknown> = temporal ? { type: 'utc' } : { type: kind };
  if (!temporal && kind === 'linear') scale['zero'] = options.zero ?? false;
  if (domain !== undefined) Object.assign(scale, { domain, nice: false, clamp: false });
  return {
    field,
    type: options.measure,
    title: options.title,
    scale,
    axis: { ...ticks(scene, axis, field), ...(kind === 'log' && !temporal ? LOG_GRID : {}) },
    ...options.extra,
  };
}

/** Pixels between two ticks: a label such as 1,000,000 and room around it; lines of text on y. */
const TICK_PX = { x: 90, y: 45 } as const;

/** Pixels between two labels: less, and they read as one. */
const LABEL_SEPARATION = 6;

function ticks(scene: Scene, axis: 'x' | 'y', field: string): Spec {
  return {
    tickCount: tickCount(scene, axis),
    labelOverlap: 'parity',
    labelSeparation: LABEL_SEPARATION,
    ...(showsYears(scene, axis, field) ? { format: '~f' } : {}),
  };
}

/** Whether the axis has values of a column as they are, and those may be years. */
function showsYears(scene: Scene, axis: 'x' | 'y', field: string): boolean {
  const { mark, x, ys, request } = scene;
  const isSum = request.agg === 'sum' || request.agg === 'count' || mark === 'area';
  if (field !== axis || mark === 'qq' || (axis === 'y' && isSum)) return false;
  const shown = axis === 'x' ? x : ys[0];
  return shown !== undefined && isYear(scene, shown);
}

/** Whole numbers of four digits: 1999 is a year, or reads no worse without a comma. */
function isYear({ profile }: Scene, field: Field): boolean {
  const extent = profile.extents.get(field.name);
  const { min, max } = extent ?? { min: 0, max: 0 };
  return /Int/.test(field.type) && min >= 1000 && max <= 2999;
}

function tickCount({ request, facet, above = 1 }: Scene, axis: 'x' | 'y'): number {
  const cells = facet === undefined ? 1 : 2.5;
  const side = axis === 'x' ? request.width / cells : request.height / cells / above;
  return Math.max(3, Math.round(side / TICK_PX[axis]));
}

/** Lines at 2, 3, 4 times a power of ten show where one is, and no more. */
const LOG_GRID = {
  gridOpacity: {
    condition: {
      test: 'abs(log(datum.value) / LN10 - round(log(datum.value) / LN10)) < 1e-9',
      value: 1,
    },
    value: 0.35,
  },
};

/** Labels lie flat where they fit side by side, else they lean. */
function ordinal(scene: Scene, axis: 'x' | 'y', field: string, options: AxisOptions): Spec {
  const labels = options.labels ?? [];
  const longest = Math.max(0, ...labels.map((label) => label.length));
  const flat = labels.length * (longest + 2) * LABEL_CHAR_PX < scene.request.width * 0.8;
  const lean = flat ? { labelAngle: 0 } : { labelAngle: -40 };
  return {
    field,
    type: 'nominal',
    title: options.title,
    sort: null,
    ...(labels.length > 0 ? { scale: { domain: labels } } : {}),
    axis: { ...(axis === 'x' ? { ...lean, labelLimit: 140 } : { labelLimit: 220 }), grid: false },
    ...options.extra,
  };
}

/** A generous mean width of one character at the axis label size. */
const LABEL_CHAR_PX = 7;

/** The colour channel for categories, or nothing when there is one series. */
export function colorBy(title: string | null, labels: readonly string[]): Spec {
  if (labels.length < 2 && title === null) return {};
  return {
    color: { field: 'color', type: 'nominal', title, scale: { domain: labels }, sort: null },
  };
}

/** "temp" or "temp, humidity": what an axis over several columns is called. */
export function axisTitle(names: readonly string[], agg: string | undefined): string {
  const joined = names.join(', ');
  return agg === undefined || agg === 'first' ? joined : `${agg} of ${joined}`;
}

/** "ts" or "ts (Europe/Rome)". */
export function timeTitle(name: string, measure: Measure, zone: string): string {
  return measure === 'temporal' && zone !== 'UTC' ? `${name} (${zone})` : name;
}
