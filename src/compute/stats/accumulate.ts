/** One column in the kernel: batches in, facts out. */
import type { ColumnBatch } from './arrow.ts';
import { decimalAccumulator } from './decimal.ts';
import type { Facts } from './facts.ts';
import { type NumberKind, numberFacts } from './facts-of-numbers.ts';
import { textFacts } from './facts-of-texts.ts';
import type { Kernel } from './kernel.ts';
import type { Kind } from './kinds.ts';

/**
 * Up to so many distinct values are counted exactly: the tables (2 and 4 MiB a column) still fit a
 * second-level cache, and beyond it counting costs more than parsing.
 */
export const EXACT_DISTINCT = 65_536;

/** In all columns together, so that tables of thousands of columns take no gigabytes. */
const EXACT_DISTINCT_TOGETHER = 64 * EXACT_DISTINCT;

/** Up to how many distinct values are counted exactly in each of so many columns. */
export function exactDistinct(columns: number): number {
  return Math.min(EXACT_DISTINCT, Math.floor(EXACT_DISTINCT_TOGETHER / Math.max(1, columns)));
}

/** What is wanted beyond the default figures. */
export interface Depth {
  /** What the values of all columns together may take to be kept for ranking; 0: none are. */
  readonly keepBytes: number;
  /** Quantiles and most frequent of numbers that are not all counted, in bounded memory. */
  readonly sketch: boolean;
  /** Numbers, and texts, that may be counted exactly in each column. */
  readonly distinctNumbers: number;
  readonly distinctTexts: number;
  readonly distinctTextBytes: number;
  /** The most frequent texts of columns with more, estimated in bounded memory. */
  readonly frequent: boolean;
  /** What the states of all columns may take at a time: beyond it, they are taken in by halves. */
  readonly stateBytes: number;
}

export const DEFAULT_DEPTH: Depth = {
  keepBytes: 0,
  sketch: false,
  distinctNumbers: EXACT_DISTINCT,
  distinctTexts: EXACT_DISTINCT,
  distinctTextBytes: 4 * 1024 * 1024,
  frequent: false,
  stateBytes: Number.POSITIVE_INFINITY,
};

export interface Accumulator {
  /** Where the kernel has it; 0 when it does not. */
  readonly state: number;
  add(batch: ColumnBatch): void;
  finish(): Facts;
}

export function accumulatorFor(kernel: Kernel, kind: Kind, depth = DEFAULT_DEPTH): Accumulator {
  if (kind.is === 'text') return textAccumulator(kernel, depth);
  if (kind.is === 'opaque') return countingAccumulator();
  if (kind.is === 'decimal') {
    const doubles = numberAccumulator(kernel, { is: 'float', code: 'f64' }, depth);
    return decimalAccumulator(doubles, kind.scale);
  }
  return numberAccumulator(kernel, kind, depth);
}

/** Takes booleans: whether there is a value. */
function countingAccumulator(): Accumulator {
  let rows = 0;
  let nulls = 0;
  return {
    state: 0,
    add(batch) {
      rows += batch.rows;
      nulls += batch.rows - countOnes(batch.values, batch.rows);
    },
    finish: () => ({ is: 'opaque', rows, nulls }),
  };
}

function countOnes(bits: Uint8Array, rows: number): number {
  let ones = 0;
  for (let row = 0; row < rows; row += 1) ones += ((bits[row >> 3] ?? 0) >> (row & 7)) & 1;
  return ones;
}

export function numberAccumulator(kernel: Kernel, kind: NumberKind, depth: Depth): Accumulator {
  const whole = kind.is !== 'float';
  const state = kernel.numbers({
    whole,
    unsigned: kind.code === 'u64',
    timed: kind.is === 'time',
    distinctLimit: depth.distinctNumbers,
    keepBytes: depth.keepBytes,
    sketch: depth.sketch,
  });
  return {
    state,
    add: (batch) => kernel.addNumbers(state, kind.code, batch),
    finish() {
      kernel.finishNumbers(state);
      return numberFacts(kernel, state, kind);
    },
  };
}

function textAccumulator(kernel: Kernel, depth: Depth): Accumulator {
  const state = kernel.texts({
    distinctLimit: depth.distinctTexts,
    distinctBytes: depth.distinctTextBytes,
    frequent: depth.frequent,
  });
  return {
    state,
    add: (batch) => kernel.addTexts(state, batch),
    finish() {
      kernel.finishTexts(state);
      return textFacts(kernel, state);
    },
  };
}
