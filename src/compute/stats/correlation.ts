/**
 * Correlation of every pair of number columns over the rows where both have a value: Pearson's by
 * blocks of 4096 rows counted from the first, merged in order (Chan), and Spearman's, which is
 * Pearson's of the ranks.
 */
import type { Column, Relation } from '../relation.ts';
import { doublesOf, forEachRows, numberCodeOf } from './values.ts';

export type Matrix = readonly (readonly (number | null)[])[];

export interface Correlations {
  readonly columns: readonly string[];
  readonly pearson: Matrix;
  /** Undefined when the columns do not fit the memory limit for ranking. */
  readonly spearman: Matrix | undefined;
}

const BLOCK = 4096;

/** Sums of one pair. */
class Pair {
  n = 0;
  meanX = 0;
  meanY = 0;
  xx = 0;
  yy = 0;
  xy = 0;

  /** Rows [from, to) of both. */
  add(x: Float64Array, y: Float64Array, from: number, to: number): void {
    let n = 0;
    let sumX = 0;
    let sumY = 0;
    for (let i = from; i < to; i += 1) {
      const both = (x[i] ?? 0) + (y[i] ?? 0);
      if (!Number.isFinite(both)) continue;
      n += 1;
      sumX += x[i] ?? 0;
      sumY += y[i] ?? 0;
    }
    if (n === 0) return;
    const [meanX, meanY] = [sumX / n, sumY / n];
    let [xx, yy, xy] = [0, 0, 0];
    for (let i = from; i < to; i += 1) {
      const dx = (x[i] ?? 0) - meanX;
      const dy = (y[i] ?? 0) - meanY;
      if (!Number.isFinite(dx + dy)) continue;
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    const total = this.n + n;
    const dx = meanX - this.meanX;
    const dy = meanY - this.meanY;
    const weight = (this.n * n) / total;
    this.xx += xx + dx * dx * weight;
    this.yy += yy + dy * dy * weight;
    this.xy += xy + dx * dy * weight;
    this.meanX += (dx * n) / total;
    this.meanY += (dy * n) / total;
    this.n = total;
  }

  /** Null for fewer than two rows, or where one side never changes. */
  get value(): number | null {
    if (this.n < 2 || this.xx === 0 || this.yy === 0) return null;
    const product = this.xx * this.yy;
    const r =
      product > 0 && product < Infinity
        ? this.xy / Math.sqrt(product)
        : this.xy / Math.sqrt(this.xx) / Math.sqrt(this.yy);
    return Math.max(-1, Math.min(1, r));
  }
}

/** `keepBytes`: what the values of all columns may take for ranking. */
export async function correlations(
  relation: Relation,
  columns: readonly Column[],
  keepBytes: number,
): Promise<Correlations> {
  const numbers = columns.filter((column) => numberCodeOf(column) !== undefined);
  const pairs = new PairTable(numbers.length);
  let kept: Float64Array[][] | undefined = numbers.map(() => []);
  let keptBytes = 0;
  await forEachRows(relation, numbers, (rows) => {
    const values = rows.map((batches, i) =>
      doublesOf(batches, numberCodeOf(numbers[i] ?? { name: '', type: '' }) ?? 'f64'),
    );
    pairs.add(values);
    keptBytes += values.reduce((sum, one) => sum + one.byteLength, 0);
    // Ranking takes as much again, twice.
    if (3 * keptBytes > keepBytes) kept = undefined;
    for (const [i, list] of kept?.entries() ?? []) list.push(values[i] ?? new Float64Array(0));
  });
  pairs.finish();
  return {
    columns: numbers.map(({ name }) => name),
    pearson: pairs.matrix(),
    spearman: kept === undefined ? undefined : spearman(kept.map(joined)),
  };
}

/** Every pair of columns, fed block by block. */
class PairTable {
  readonly #size: number;
  readonly #pairs: Pair[];
  /** The rows of a block that is not full yet. */
  readonly #waiting: Float64Array[];
  #fill = 0;

  constructor(size: number) {
    this.#size = size;
    this.#pairs = Array.from({ length: size * size }, () => new Pair());
    this.#waiting = Array.from({ length: size }, () => new Float64Array(BLOCK));
  }

  add(values: readonly Float64Array[]): void {
    const rows = values[0]?.length ?? 0;
    for (let from = 0; from < rows; ) {
      const count = Math.min(BLOCK - this.#fill, rows - from);
      for (const [i, one] of values.entries()) {
        this.#waiting[i]?.set(one.subarray(from, from + count), this.#fill);
      }
      this.#fill += count;
      from += count;
      if (this.#fill === BLOCK) this.finish();
    }
  }

  finish(): void {
    for (let i = 0; i < this.#size; i += 1) {
      for (let j = i; j < this.#size; j += 1) {
        const [x, y] = [this.#waiting[i], this.#waiting[j]];
        if (x !== undefined && y !== undefined) this.#pair(i, j)?.add(x, y, 0, this.#fill);
      }
    }
    this.#fill = 0;
  }

  matrix(): Matrix {
    const list = Array.from({ length: this.#size }, (_, i) => i);
    return list.map((i) =>
      list.map((j) => this.#pair(Math.min(i, j), Math.max(i, j))?.value ?? null),
    );
  }

  #pair(i: number, j: number): Pair | undefined {
    return this.#pairs[i * this.#size + j];
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function spearman(columns: readonly Float64Array[]): Matrix {
  const list = columns.map((_, i) => i);
  const all = columns.map((values) =>
    values.some((x) => !Number.isFinite(x)) ? undefined : ranks(values),
  );
  const of = (i: number, j: number): number | null => {
    const [x, y] = [columns[i], columns[j]];
    if (x === undefined || y === undefined) return null;
    const [rankX, rankY] = [all[i], all[j]];
    if (rankX !== undefined && rankY !== undefined) return pearsonOf(rankX, rankY);
    // Ranks are among the rows where both have a value.
    const both = [...x.keys()].filter((row) => Number.isFinite((x[row] ?? 0) + (y[row] ?? 0)));
    const pick = (values: Float64Array): Float64Array =>
      Float64Array.from(both, (row) => values[row] ?? 0);
    return pearsonOf(ranks(pick(x)), ranks(pick(y)));
  };
  const upper = list.map((i) => list.map((j) => (j < i ? null : of(i, j))));
  return list.map((i) => list.map((j) => upper[Math.min(i, j)]?.[Math.max(i, j)] ?? null));
}

function pearsonOf(x: Float64Array, y: Float64Array): number | null {
  const pair = new Pair();
  for (let from = 0; from < x.length; from += BLOCK) {
    pair.add(x, y, from, Math.min(x.length, from + BLOCK));
  }
  return pair.value;
}

/** Ranks from 1; equal values share the mean of theirs. Every value is finite. */
export function ranks(values: Float64Array): Float64Array {
  // Without a function that compares, V8 sorts numbers five times as fast.
  const sorted = Float64Array.from(values).sort();
  const rankOf = new Float64Array(sorted.length);
  let distinct = 0;
  for (let from = 0; from < sorted.length; ) {
    const value = sorted[from] ?? 0;
    let to = from + 1;
    while (to < sorted.length && sorted[to] === value) to += 1;
    // In place: of each value one remains, at or before where it was.
    sorted[distinct] = value;
    rankOf[distinct] = (from + 1 + to) / 2;
    distinct += 1;
    from = to;
  }
  return values.map((value) => rankOf[placeOf(value, sorted, distinct)] ?? 0);
}

/** Where `value` is among the first `count` of `sorted`, in which it is. */
function placeOf(value: number, sorted: Float64Array, count: number): number {
  let low = 0;
  for (let high = count - 1; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
