/** Bins along one axis: round numbers, whole steps of time, or equal ratios on a log axis. */
import { type Expr, polars } from '../../compute/polars.ts';
import { formatCountOf } from '../../units.ts';
import type { Scene } from '../chart.ts';
import { type Field, numberOf } from '../fields.ts';
import { stepEnd, stepStart } from './every.ts';
import type { Extent } from './profile.ts';

export interface Binning {
  /** Identifies the bin of each value, Float64; null for what is not finite. */
  readonly key: Expr;
  /** Edges of the bin with this key. */
  edges(key: number): readonly [number, number];
  /** "30 bins of 0.5". */
  readonly text: string;
}

/** About `wanted` bins over the values of `field`; `every` fixes their width instead. */
export function binsOf(
  scene: Scene,
  axis: 'x' | 'y',
  field: Field,
  wanted: number,
  every?: string,
): Binning {
  const extent = scene.profile.extents.get(field.name) ?? EMPTY;
  const zone = scene.request.zone;
  const kind = axis === 'x' ? scene.request.xScale : scene.request.yScale;
  if (every !== undefined || field.measure === 'temporal') {
    const step = every ?? niceStep(extent.max - extent.min, wanted);
    return {
      key: finiteOnly(stepStart(field, step, zone)),
      edges: (start) => [start, stepEnd(start, field, step)],
      text: `bins of ${step}`,
    };
  }
  if (kind === 'log') return logBins(numberOf(field, zone), extent, wanted);
  const { start, width, count } = niceBins(extent, wanted, /Int/.test(field.type));
  const pl = polars();
  const index = numberOf(field, zone).sub(pl.lit(start)).div(pl.lit(width)).floor();
  return {
    key: finiteOnly(index),
    edges: (key) => [edge(start, width, key), edge(start, width, key + 1)],
    text: `${formatCountOf(count, 'bin')} of ${Number(width.toPrecision(6))}`,
  };
}

/** Multiplying keeps the edges from drifting; twelve digits hide what binary fractions add. */
const edge = (start: number, width: number, index: number): number =>
  Number((start + index * width).toPrecision(12));

const EMPTY: Pick<Extent, 'min' | 'max' | 'minPositive'> = { min: 0, max: 1, minPositive: 1 };

function finiteOnly(value: Expr): Expr {
  const pl = polars();
  return pl.when(value.isFinite()).then(value).otherwise(pl.lit(null));
}

export interface NiceBins {
  readonly start: number;
  readonly width: number;
  readonly count: number;
}

/** About `wanted` bins whose edges are 1, 2 or 5 times a power of ten; whole for integers. */
export function niceBins(
  extent: Pick<Extent, 'min' | 'max'>,
  wanted: number,
  whole: boolean,
): NiceBins {
  const span = extent.max - extent.min;
  if (!(span > 0)) return { start: extent.min - 0.5, width: 1, count: 1 };
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((f) => f * power >= rough * (1 - 1e-9)) ?? 10;
  const width = whole ? Math.max(1, Math.ceil(factor * power)) : factor * power;
  const start = Math.floor(extent.min / width) * width;
  return { start, width, count: Math.floor((extent.max - start) / width) + 1 };
}

/** Bins of equal ratio: a whole number of them to every factor of ten. */
function logBins(
  value: Expr,
  extent: Pick<Extent, 'minPositive' | 'max'>,
  wanted: number,
): Binning {
  const pl = polars();
  const decades = Math.log10(extent.max / extent.minPositive) || 1;
  const perDecade = Math.max(1, Math.round(wanted / decades));
  // The logarithm of 1000 is a last digit below three, and would fall into the bin before.
  const index = value.log(10).mul(pl.lit(perDecade)).add(pl.lit(1e-9)).floor();
  const positive = pl
    .when(value.gt(pl.lit(0)).and(value.isFinite()))
    .then(index)
    .otherwise(pl.lit(null));
  return {
    key: positive,
    edges: (key) => [10 ** (key / perDecade), 10 ** ((key + 1) / perDecade)],
    text: `${perDecade} bins to a factor of ten`,
  };
}

const STEPS: readonly (readonly [number, string])[] = [
  [1000, '1s'],
  [5000, '5s'],
  [15_000, '15s'],
  [60_000, '1m'],
  [300_000, '5m'],
  [900_000, '15m'],
  [3_600_000, '1h'],
  [3 * 3_600_000, '3h'],
  [6 * 3_600_000, '6h'],
  [86_400_000, '1d'],
  [7 * 86_400_000, '1w'],
  [30.44 * 86_400_000, '1mo'],
  [91.3 * 86_400_000, '1q'],
  [365.25 * 86_400_000, '1y'],
  [10 * 365.25 * 86_400_000, '10y'],
];

/** The step of time that cuts `spanMs` into at most about `wanted` pieces. */
export function niceStep(spanMs: number, wanted: number): string {
  return STEPS.find(([ms]) => spanMs / ms <= wanted)?.[1] ?? '100y';
}
