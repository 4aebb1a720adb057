/**
 * Line density: how often lines enter each pixel. A segment goes from pixel to pixel by Bresenham's
 * rule in whole numbers (IBM Systems Journal 4(1), 1965), which every backend computes alike.
 */
import { type Counter, emptyPlanes, type GridSize } from './hist2d.ts';

/** Numbers of a segment in `Segments.cells`. */
export const SEGMENT_SHORTS = 6;

/** Segments between pixels, all inside of the picture. */
export interface Segments {
  /** x and y of the start, x and y of the end, plane, 1 when the start itself counts. */
  readonly cells: Int16Array;
  readonly count: number;
}

export function cpuLineCounter(size: GridSize, planes: number): Counter<Segments> {
  const counts = emptyPlanes(size, planes);
  return {
    name: 'cpu',
    add: ({ cells, count }) => {
      for (let at = 0; at < count * SEGMENT_SHORTS; at += SEGMENT_SHORTS) {
        const plane = counts[cells[at + 4] as number];
        if (plane !== undefined) walk(plane, size, cells, at);
      }
    },
    finish: () => counts,
  };
}

function walk(plane: Uint32Array, { width, height }: GridSize, cells: Int16Array, at: number) {
  const [x0, y0] = [cells[at] as number, cells[at + 1] as number];
  const [dx, dy] = [(cells[at + 2] as number) - x0, (cells[at + 3] as number) - y0];
  const steps = Math.max(Math.abs(dx), Math.abs(dy));
  for (let k = cells[at + 5] === 1 ? 0 : 1; k <= steps; k += 1) {
    const cell = (height - 1 - (y0 + along(dy, k, steps))) * width + x0 + along(dx, k, steps);
    plane[cell] = (plane[cell] as number) + 1;
  }
}

/** round(distance * k / steps), halves away from zero, in whole numbers below 2^31. */
function along(distance: number, k: number, steps: number): number {
  if (steps === 0) return 0;
  const there = Math.floor((2 * k * Math.abs(distance) + steps) / (2 * steps));
  return distance < 0 ? -there : there;
}

/** Joins points into segments, clipped to the picture. */
export class Pen {
  readonly #size: GridSize;
  #cells: Int16Array;
  #count = 0;
  /** The last point in pixels; NaN while the pen is up. */
  #x = Number.NaN;
  #y = Number.NaN;

  constructor(size: GridSize) {
    this.#size = size;
    this.#cells = new Int16Array(SEGMENT_SHORTS * 1024);
  }

  /** Lifts the pen: the next point begins a line. */
  lift(): void {
    this.#x = Number.NaN;
  }

  /** Draws on to (x, y), in pixels from the left and bottom edge; a NaN lifts the pen. */
  to(x: number, y: number, plane: number): void {
    const [fromX, fromY] = [this.#x, this.#y];
    this.#x = Number.isFinite(y) ? x : Number.NaN;
    this.#y = y;
    if (!(Number.isFinite(x) && Number.isFinite(y))) return;
    if (!Number.isFinite(fromX)) {
      if (this.#inside(x, y)) this.#put(x, y, x, y, plane, 1);
      return;
    }
    if (this.#inside(fromX, fromY) && this.#inside(x, y)) this.#put(fromX, fromY, x, y, plane, 0);
    else this.#clip(fromX, fromY, x, y, plane);
  }

  /** Where the pen is, to go on from later. */
  position(): readonly [number, number] {
    return [this.#x, this.#y];
  }

  moveTo([x, y]: readonly [number, number]): void {
    this.#x = x;
    this.#y = y;
  }

  /** The segments since the last call; the memory is used again. */
  take(): Segments {
    const count = this.#count;
    this.#count = 0;
    return { cells: this.#cells.subarray(0, count * SEGMENT_SHORTS), count };
  }

  #inside(x: number, y: number): boolean {
    return x >= 0 && x <= this.#size.width && y >= 0 && y <= this.#size.height;
  }

  /** Liang and Barsky (ACM TOG 3(1), 1984): the part of the segment that lies in the picture. */
  #clip(x0: number, y0: number, x1: number, y1: number, plane: number): void {
    const { width, height } = this.#size;
    const [dx, dy] = [x1 - x0, y1 - y0];
    let [enter, leave] = [0, 1];
    const edges = [
      [-dx, x0],
      [dx, width - x0],
      [-dy, y0],
      [dy, height - y0],
    ] as const;
    for (const [slope, room] of edges) {
      if (slope === 0 && room < 0) return;
      if (slope < 0) enter = Math.max(enter, room / slope);
      if (slope > 0) leave = Math.min(leave, room / slope);
    }
    if (enter > leave) return;
    const came = enter > 0 ? 1 : 0;
    this.#put(x0 + enter * dx, y0 + enter * dy, x0 + leave * dx, y0 + leave * dy, plane, came);
  }

  #put(x0: number, y0: number, x1: number, y1: number, plane: number, first: 0 | 1): void {
    const { width, height } = this.#size;
    const cells = this.#room();
    const at = this.#count * SEGMENT_SHORTS;
    cells[at] = cellOf(x0, width);
    cells[at + 1] = cellOf(y0, height);
    cells[at + 2] = cellOf(x1, width);
    cells[at + 3] = cellOf(y1, height);
    cells[at + 4] = plane;
    cells[at + 5] = first;
    if (first === 1 || cells[at] !== cells[at + 2] || cells[at + 1] !== cells[at + 3])
      this.#count += 1;
  }

  #room(): Int16Array {
    if ((this.#count + 1) * SEGMENT_SHORTS <= this.#cells.length) return this.#cells;
    const grown = new Int16Array(this.#cells.length * 2);
    grown.set(this.#cells);
    this.#cells = grown;
    return grown;
  }
}

/** Rounding at a clipped end may leave the picture by a hair. */
const cellOf = (at: number, side: number): number =>
  Math.min(side - 1, Math.max(0, Math.floor(at)));
