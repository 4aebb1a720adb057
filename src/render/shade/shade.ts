/** Counts to colours. A pixel without points stays clear; one point is always visible. */
import type { DensityCounts } from '../density.ts';
import type { Shade } from '../request.ts';
import { parseHex } from './colors.ts';

/** What the legend must say to be true of the picture. */
export interface Legend {
  readonly kind: Shade;
  readonly max: number;
  /** Counts at which the colour changes, for "eq". */
  readonly thresholds: readonly number[];
}

/** Colours of an "eq" picture: as many as a person tells apart along one ramp. */
const EQ_CLASSES = 9;

export function legendOf(counts: DensityCounts, kind: Shade): Legend {
  let max = 0;
  for (const plane of totalsByFacet(counts)) {
    for (let i = 0; i < plane.length; i += 1) max = Math.max(max, plane[i] as number);
  }
  const thresholds = kind === 'eq' ? quantileThresholds(counts, max) : [];
  const things = (count: number): number => Math.ceil(count / counts.unit);
  return { kind, max: things(max), thresholds: [...new Set(thresholds.map(things))] };
}

/** Each facet's counts summed over its categories. */
function totalsByFacet(counts: DensityCounts): Uint32Array[] {
  return counts.facets.map(sumPlanes);
}

function sumPlanes(planes: readonly Uint32Array[]): Uint32Array {
  const [first] = planes;
  if (first === undefined || planes.length === 1) return first ?? new Uint32Array(0);
  const total = new Uint32Array(first.length);
  for (const plane of planes) {
    for (let i = 0; i < plane.length; i += 1)
      total[i] = (total[i] as number) + (plane[i] as number);
  }
  return total;
}

/**
 * Counts that split the filled pixels into classes of about the same size (histogram equalisation).
 */
function quantileThresholds(counts: DensityCounts, max: number): number[] {
  const filled = totalsByFacet(counts).flatMap((plane) => [...plane.filter((count) => count > 0)]);
  const sorted = Uint32Array.from(filled).sort();
  const cuts = new Set<number>();
  for (let i = 1; i < EQ_CLASSES; i += 1) {
    const at = sorted[Math.floor((i * sorted.length) / EQ_CLASSES)];
    if (at !== undefined && at > 1 && at <= max) cuts.add(at);
  }
  return [...cuts].sort((a, b) => a - b);
}

/** Position of a count along the ramp, 0 to 1. */
export function rampPosition(count: number, legend: Legend): number {
  const { kind, max, thresholds } = legend;
  if (kind === 'eq') {
    if (thresholds.length === 0) return 1;
    return thresholds.filter((cut) => count >= cut).length / thresholds.length;
  }
  const top = Math.max(max, 2);
  if (kind === 'log') return Math.log(count) / Math.log(top);
  return kind === 'cbrt' ? Math.cbrt(count / top) : count / top;
}

/**
 * RGBA pixels of one plane of counts, `unit` of which make one thing; a pixel covered in part has
 * the colour of one thing and lets as much of the ground through.
 */
export function shadeCounts(
  plane: Uint32Array,
  colors: readonly string[],
  legend: Legend,
  unit = 1,
): Uint8ClampedArray {
  const table = colors.map(parseHex);
  const rgba = new Uint8ClampedArray(plane.length * 4);
  const remembered = new Map<number, readonly number[]>();
  for (let i = 0; i < plane.length; i += 1) {
    const count = plane[i] as number;
    if (count === 0) continue;
    let color = remembered.get(count);
    if (color === undefined) {
      const at = rampPosition(Math.max(1, count / unit), legend);
      color = table[Math.round(at * (table.length - 1))] ?? [0, 0, 0];
      remembered.set(count, color);
    }
    rgba[i * 4] = color[0] as number;
    rgba[i * 4 + 1] = color[1] as number;
    rgba[i * 4 + 2] = color[2] as number;
    rgba[i * 4 + 3] = 255 * Math.min(1, count / unit);
  }
  return rgba;
}

/** Faintest shade of a category pixel: a lone point must not vanish. */
const MIN_ALPHA = 0.45;

/** RGBA pixels of several planes: hue by the mix of categories, strength by their sum. */
export function shadeCategories(
  planes: readonly Uint32Array[],
  colors: readonly (readonly number[])[],
  legend: Legend,
  unit = 1,
): Uint8ClampedArray {
  const total = sumPlanes(planes);
  const rgba = new Uint8ClampedArray(total.length * 4);
  for (let i = 0; i < total.length; i += 1) {
    const all = total[i] as number;
    if (all === 0) continue;
    for (let channel = 0; channel < 3; channel += 1) {
      let mixed = 0;
      for (let k = 0; k < planes.length; k += 1) {
        mixed += ((planes[k]?.[i] ?? 0) * (colors[k]?.[channel] ?? 0)) / all;
      }
      rgba[i * 4 + channel] = mixed;
    }
    const strength = rampPosition(Math.max(1, all / unit), legend);
    rgba[i * 4 + 3] = 255 * (MIN_ALPHA + (1 - MIN_ALPHA) * strength) * Math.min(1, all / unit);
  }
  return rgba;
}
