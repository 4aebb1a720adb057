/** Gaussian kernel density from a fine histogram (binned KDE: Silverman 1982, Wand 1994). */
import type { FineHistogram } from '../data/distribution.ts';
import { binnedQuantile } from '../data/distribution.ts';

export interface Curve {
  readonly x: Float64Array;
  /** Density: its integral over x is one. */
  readonly y: Float64Array;
}

/** Silverman's rule of thumb, as R's bw.nrd0: 0.9 min(sd, IQR / 1.34) n^-1/5. */
export function bandwidth(histogram: FineHistogram, cell: number): number {
  const counts = histogram.counts[cell] as Float64Array;
  const n = histogram.totals[cell] ?? 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < counts.length; i += 1) {
    const c = counts[i] as number;
    sum += c * (i + 0.5);
    squares += c * (i + 0.5) ** 2;
  }
  const sd =
    Math.sqrt(Math.max(0, (squares - (sum * sum) / n) / Math.max(1, n - 1))) * histogram.width;
  const iqr = binnedQuantile(histogram, cell, 0.75) - binnedQuantile(histogram, cell, 0.25);
  const spread = Math.min(sd, iqr / 1.34) || sd || histogram.width;
  return Math.max(0.9 * spread * n ** -0.2, histogram.width);
}

/** The density at `points` places, three bandwidths beyond the data on either side. */
export function kernelDensity(histogram: FineHistogram, cell: number, points: number): Curve {
  const counts = histogram.counts[cell] as Float64Array;
  const n = histogram.totals[cell] ?? 0;
  const h = bandwidth(histogram, cell);
  const [first, last] = filledRange(counts);
  const from = histogram.min + first * histogram.width - 3 * h;
  const to = histogram.min + (last + 1) * histogram.width + 3 * h;
  const x = Float64Array.from(
    { length: points },
    (_, i) => from + ((to - from) * i) / (points - 1),
  );
  const y = new Float64Array(points);
  const reach = 4 * h;
  for (let k = 0; k < points; k += 1) {
    const at = x[k] as number;
    const low = Math.max(first, Math.floor((at - reach - histogram.min) / histogram.width));
    const high = Math.min(last, Math.ceil((at + reach - histogram.min) / histogram.width));
    let sum = 0;
    for (let bin = low; bin <= high; bin += 1) {
      const count = counts[bin] as number;
      if (count === 0) continue;
      const z = (at - (histogram.min + (bin + 0.5) * histogram.width)) / h;
      sum += count * Math.exp(-0.5 * z * z);
    }
    y[k] = sum / (n * h * Math.sqrt(2 * Math.PI));
  }
  return { x, y };
}

function filledRange(counts: Float64Array): readonly [number, number] {
  let first = 0;
  let last = counts.length - 1;
  while (first < last && counts[first] === 0) first += 1;
  while (last > first && counts[last] === 0) last -= 1;
  return [first, last];
}
