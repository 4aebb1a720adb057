/**
 * Anti-aliased discs, added up: each point covers the pixels around it in sixteenths. The centre is
 * rounded to a quarter of a pixel and the coverage comes from a table made here, so that every
 * backend adds the same whole numbers.
 */
import { type Batch, type Counter, emptyPlanes, type GridSize } from './hist2d.ts';

/** What a pixel that lies wholly inside of one disc counts. */
export const FULL_COVERAGE = 16;
/** Places of the centre inside of its pixel, along each side. */
export const PLACES = 4;
/** Samples along each side of a pixel that decide how much of it is covered. */
const SAMPLES = 16;
/** A disc wider than this is a shape of its own, not a point. */
export const MAX_DIAMETER_PX = 64;

/** One pixel near the centre's, and what it gets for each of the 4 x 4 places of the centre. */
export interface MaskCell {
  /** Pixels to the right of and above the centre's pixel. */
  readonly dx: number;
  readonly dy: number;
  /** Sixteenths, by place: row by row from the bottom left. */
  readonly weights: Uint8Array;
}

/** The pixels a disc of this diameter can cover. */
export function discMask(diameterPx: number): readonly MaskCell[] {
  const reach = Math.ceil(diameterPx / 2);
  const cells: MaskCell[] = [];
  for (let dy = -reach; dy <= reach; dy += 1) {
    for (let dx = -reach; dx <= reach; dx += 1) {
      const weights = Uint8Array.from({ length: PLACES * PLACES }, (_, place) => {
        const cx = ((place % PLACES) + 0.5) / PLACES;
        const cy = (Math.floor(place / PLACES) + 0.5) / PLACES;
        return coverage(dx - cx, dy - cy, diameterPx / 2);
      });
      if (weights.some((weight) => weight > 0)) cells.push({ dx, dy, weights });
    }
  }
  return cells;
}

/** Sixteenths of the unit square at (x, y) inside of the circle around the origin. */
function coverage(x: number, y: number, radius: number): number {
  let inside = 0;
  for (let i = 0; i < SAMPLES; i += 1) {
    for (let k = 0; k < SAMPLES; k += 1) {
      if (Math.hypot(x + (i + 0.5) / SAMPLES, y + (k + 0.5) / SAMPLES) <= radius) inside += 1;
    }
  }
  return Math.round((inside / (SAMPLES * SAMPLES)) * FULL_COVERAGE);
}

/** A disc counts when its centre lies in the picture; what reaches out of it is cut off. */
export function cpuDiscCounter(
  size: GridSize,
  planes: number,
  mask: readonly MaskCell[],
): Counter<Batch> {
  const counts = emptyPlanes(size, planes);
  const places = Array.from({ length: PLACES * PLACES }, (_, place) => stampOf(mask, place));
  return {
    name: 'cpu',
    add: (batch) => {
      stampAll(counts, size, batch, places);
    },
    finish: () => counts,
  };
}

/** The covered pixels of one place of the centre: dx, dy and sixteenths in turn. */
function stampOf(mask: readonly MaskCell[], place: number): Int32Array {
  const cells = mask.filter((cell) => (cell.weights[place] ?? 0) > 0);
  return Int32Array.from(cells.flatMap(({ dx, dy, weights }) => [dx, dy, weights[place] ?? 0]));
}

function stampAll(
  counts: readonly Uint32Array[],
  { width, height }: GridSize,
  batch: Batch,
  places: readonly Int32Array[],
): void {
  const { xs, ys, codes, perX, perY } = batch;
  for (let i = 0; i < xs.length; i += 1) {
    const plane = counts[codes === undefined ? batch.plane : (codes[i] as number)];
    const px = Math.fround((xs[i] as number) * perX);
    const py = Math.fround((ys[i] as number) * perY);
    if (plane === undefined || !(px >= 0 && px <= width && py >= 0 && py <= height)) continue;
    const ix = px === width ? width - 1 : px | 0;
    const iy = py === height ? height - 1 : py | 0;
    const place = placeIn(py - iy) * PLACES + placeIn(px - ix);
    const stamp = places[place] as Int32Array;
    for (let k = 0; k < stamp.length; k += 3) {
      const x = ix + (stamp[k] as number);
      const y = iy + (stamp[k + 1] as number);
      if (x < 0 || x >= width || y < 0 || y >= height) continue;
      const at = (height - 1 - y) * width + x;
      plane[at] = (plane[at] as number) + (stamp[k + 2] as number);
    }
  }
}

/** The far edge of the picture belongs to its last pixel. */
const placeIn = (fraction: number): number => Math.min(PLACES - 1, (fraction * PLACES) | 0);
