/**
 * Counts per pixel in typed arrays. The arithmetic is the GL shader's, one Float32 product and a
 * floor, so that every backend puts every point into the same pixel.
 */
export interface Batch {
  /** Distances from the left and bottom edge; negative ones are not drawn. */
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  /** Plane of each point; all go to `plane` when undefined. */
  readonly codes: Uint8Array | undefined;
  readonly plane: number;
  /** Pixels per unit, already rounded to Float32. */
  readonly perX: number;
  readonly perY: number;
}

export interface GridSize {
  readonly width: number;
  readonly height: number;
}

/** Adds batches into planes of counts; row 0 of a plane is its top row. */
export interface Counter<Work> {
  readonly name: string;
  add(batch: Work): void;
  finish(): Uint32Array[];
}

/** `planes` planes of zeros. */
export function emptyPlanes(size: GridSize, planes: number): Uint32Array[] {
  return Array.from({ length: planes }, () => new Uint32Array(size.width * size.height));
}

export function cpuCounter(size: GridSize, planes: number): Counter<Batch> {
  const counts = emptyPlanes(size, planes);
  return {
    name: 'cpu',
    add: (batch) => {
      const { codes } = batch;
      const only = counts[batch.plane];
      if (codes === undefined && only !== undefined) countInto(only, size, batch);
      else if (codes !== undefined) countByCode(counts, size, batch, codes);
    },
    finish: () => counts,
  };
}

function countInto(counts: Uint32Array, { width, height }: GridSize, batch: Batch): void {
  const { xs, ys, perX, perY } = batch;
  for (let i = 0; i < xs.length; i += 1) {
    const px = Math.fround((xs[i] as number) * perX);
    const py = Math.fround((ys[i] as number) * perY);
    if (!(px >= 0 && px <= width && py >= 0 && py <= height)) continue;
    // The last bin holds its right edge, so that the maximum is drawn.
    const ix = px === width ? width - 1 : px | 0;
    const iy = py === height ? height - 1 : py | 0;
    const at = (height - 1 - iy) * width + ix;
    counts[at] = (counts[at] as number) + 1;
  }
}

function countByCode(
  counts: readonly Uint32Array[],
  { width, height }: GridSize,
  batch: Batch,
  codes: Uint8Array,
): void {
  const { xs, ys, perX, perY } = batch;
  for (let i = 0; i < xs.length; i += 1) {
    const plane = counts[codes[i] as number];
    const px = Math.fround((xs[i] as number) * perX);
    const py = Math.fround((ys[i] as number) * perY);
    if (plane === undefined || !(px >= 0 && px <= width && py >= 0 && py <= height)) continue;
    const ix = px === width ? width - 1 : px | 0;
    const iy = py === height ? height - 1 : py | 0;
    const at = (height - 1 - iy) * width + ix;
    plane[at] = (plane[at] as number) + 1;
  }
}
