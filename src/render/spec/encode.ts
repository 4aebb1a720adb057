/**
 * Vega-Lite channel definitions. Rows use fixed keys (x, y, color, facet), so no name is escaped.
 */
import type { Scene, Spec } from '../chart.ts';
import type { Field, Measure } from '../fields.ts';
import { TERMINAL_THEME } from './theme.ts';

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
  const shown = extentOf(scene, axis, field);
  const kind = axis === 'x' ? request.xScale : request.yScale;
  const isLone = LONE_MARKS.has(scene.mark) && kind === 'linear' && options.zero !== true;
  const hasLines = (axis === 'x' ? request.xLines : request.yLines).length > 0;
  const domain = range ?? options.domain ?? (isLone && !hasLines ? around(shown) : undefined);
  const temporal = options.measure === 'temporal';
  const scale: Record<string, unknown> = temporal ? { type: 'utc' } : { type: kind };
  if (!temporal && kind === 'linear') scale['zero'] = options.zero ?? false;
  if (domain !== undefined) Object.assign(scale, { domain, nice: false, clamp: false });
  return {
    field,
    type: options.measure,
    title: options.title,
    scale,
    axis: {
      ...ticks(scene, axis, field),
      ...(temporal ? { format: CLOCK } : kind === 'log' ? LOG_GRID : {}),
    },
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
    ...formatOf(extentOf(scene, axis, field)),
  };
}

/** Marks whose axes end where their values do. */
const LONE_MARKS = new Set(['line', 'point']);

interface Shown {
  readonly field: Field;
  readonly min: number;
  readonly max: number;
}

/** The extent of the column whose values the axis has as they are; undefined where it has none. */
function extentOf(scene: Scene, axis: 'x' | 'y', key: string): Shown | undefined {
  const { mark, x, ys, request, profile } = scene;
  const isSum = request.agg === 'sum' || request.agg === 'count' || mark === 'area';
  if (key !== axis || mark === 'qq' || (axis === 'y' && isSum)) return undefined;
  const fields = axis === 'x' ? (x === undefined ? [] : [x]) : ys;
  const [field] = fields;
  const extents = fields.flatMap(({ name }) => profile.extents.get(name) ?? []);
  if (field === undefined || extents.every(({ count }) => count === 0)) return undefined;
  const min = Math.min(...extents.map((each) => each.min));
  const max = Math.max(...extents.map((each) => each.max));
  return { field, min, max };
}

/** From where on numbers are shorter as powers of ten. */
const [LARGE, SMALL] = [1e10, 1e-4];

/** Whole numbers of four digits: 1999 is a year, or reads no worse without a comma. */
function formatOf(shown: Shown | undefined): Spec {
  if (shown === undefined || shown.field.measure !== 'quantitative') return {};
  const { field, min, max } = shown;
  if (/Int/.test(field.type) && min >= 1000 && max <= 2999) return { format: '~f' };
  const largest = Math.max(Math.abs(min), Math.abs(max));
  // Neighbours that differ beyond the sixth digit would read the same.
  const isOdd = (largest >= LARGE || largest < SMALL) && max - min > largest * 1e-3;
  return isOdd ? { format: '~g' } : {};
}

/** A single value gets room on both sides; without it the ticks have six zeros behind the point. */
function around(shown: Shown | undefined): readonly [number, number] | undefined {
  if (shown === undefined || shown.field.measure !== 'quantitative') return undefined;
  const { field, min, max } = shown;
  if (min !== max) return undefined;
  const room = min === 0 || /Int/.test(field.type) ? 1 : Math.abs(min) / 10;
  return [min - room, max + room];
}

function tickCount({ request, facet, above = 1 }: Scene, axis: 'x' | 'y'): number {
  const cells = facet === undefined ? 1 : 2.5;
  const side = axis === 'x' ? request.width / cells : request.height / cells / above;
  return Math.max(3, Math.round(side / TICK_PX[axis]));
}

/** Twenty-four hours: of twelve, Vega tells no morning from an evening once minutes are shown. */
const CLOCK = {
  hours: '%H:%M',
  minutes: '%H:%M',
  seconds: '%H:%M:%S',
  milliseconds: '%S.%L',
};

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
  const room = scene.request.width / Math.max(1, labels.length);
  const lean =
    isTerminal(scene) || liesFlat(scene, labels)
      ? { labelAngle: 0 }
      : room < LEANING_PX
        ? UPRIGHT
        : { labelAngle: -40 };
  const limit = isTerminal(scene) ? Math.max(MIN_LABEL_PX, room) : LABEL_PX.x;
  return {
    field,
    type: 'nominal',
    title: options.title,
    sort: null,
    ...(labels.length > 0 ? { scale: { domain: labels } } : {}),
    axis: {
      ...(axis === 'x' ? { ...lean, labelLimit: limit } : { labelLimit: LABEL_PX.y }),
      ...(axis === 'y' && isTerminal(scene) ? { labelOverlap: 'parity' } : {}),
      grid: false,
    },
    ...options.extra,
  };
}

/** Characters cannot be turned, as labels of charts made of them would have to be. */
export const isTerminal = ({ request }: Scene): boolean => request.theme === TERMINAL_THEME;

/** Whether these names fit side by side below the axis. */
export function liesFlat({ request }: Scene, labels: readonly string[]): boolean {
  const longest = Math.max(0, ...labels.map((label) => label.length));
  return labels.length * (longest + 2) * LABEL_CHAR_PX < request.width * 0.8;
}

const LABEL_PX = { x: 140, y: 220 } as const;
/** Four characters of a terminal. */
const MIN_LABEL_PX = 32;

/** Leaning labels closer than this would touch. */
const LEANING_PX = 18;
/** Upright ones are a line of text wide; where even that is not there, every second goes. */
const UPRIGHT = { labelAngle: -90, labelOverlap: 'parity', labelSeparation: 0 };

/** A generous mean width of one character at the axis label size. */
const LABEL_CHAR_PX = 7;

/** The colour channel for categories, or nothing when there is one series. */
export function colorBy(title: string | null, labels: readonly string[], isNamed = false): Spec {
  if (labels.length < 2 && title === null) return {};
  const legend = isNamed ? { legend: null } : {};
  return {
    color: {
      field: 'color',
      type: 'nominal',
      title,
      scale: { domain: labels },
      sort: null,
      ...legend,
    },
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
