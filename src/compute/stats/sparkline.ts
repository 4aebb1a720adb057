/** The shape of a distribution in a few characters. */
import type { NumberFacts } from './facts.ts';

const BARS = '▁▂▃▄▅▆▇█';
const WIDTH = 12;

/** Counts in `bins` bins of equal width from min to max; values outside are left out. */
export function histogram(
  values: Iterable<number>,
  min: number,
  max: number,
  bins: number,
): number[] {
  const counts = new Array<number>(bins).fill(0);
  // Halves: the difference itself may be beyond the largest double.
  const half = max / 2 - min / 2;
  for (const value of values) {
    const share = half === 0 ? 0 : (value / 2 - min / 2) / half;
    if (share >= 0 && share <= 1) {
      const bin = Math.min(bins - 1, Math.floor(share * bins));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return counts;
}

/** One bar a bin, as tall as its share of the largest; a bin with nothing is blank. */
export function bars(counts: readonly number[]): string {
  const tallest = Math.max(...counts);
  return counts
    .map((count) => (count === 0 ? ' ' : BARS[Math.ceil((count / tallest) * BARS.length) - 1]))
    .join('');
}

/** From the column's sample, between its true extremes. */
export function sparkline(facts: NumberFacts): string {
  if (facts.min === undefined || facts.max === undefined) return '';
  return bars(histogram(facts.sample, Number(facts.min), Number(facts.max), WIDTH));
}
