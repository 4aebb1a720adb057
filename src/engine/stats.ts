/** nairobi stats: what is asked of a relation, answered as plain data. */
import type { Relation } from '../compute/relation.ts';
import { DEFAULT_DEPTH, type Depth } from '../compute/stats/accumulate.ts';
import { type ColumnFigures, figuresOf } from '../compute/stats/figures.ts';
import { type ColumnFacts, survey } from '../compute/stats/survey.ts';
import { NairobiError } from '../errors.ts';
import { closest } from '../suggest.ts';
import { MiB } from '../units.ts';
import type { Reporter } from './report.ts';

export interface StatsOptions {
  /** All columns when undefined. */
  readonly columns: readonly string[] | undefined;
  readonly threads?: number;
  /** Also the figures that need every value, with these quantiles. */
  readonly quantiles?: readonly number[] | undefined;
  /** What values kept for sorting and counting may take. */
  readonly memoryLimit?: number;
  /** Estimates instead of values kept: bounded memory whatever the size. */
  readonly approx?: boolean;
}

/** Kept values are sorted with as much room again beside them twice. */
const BYTES_A_KEPT_VALUE = 8 * 3;
const DEFAULT_KEPT_BYTES = 1024 * MiB;

/** Counting texts exactly ends here: the table has 64 MiB then. */
const DEEP_DISTINCT_TEXTS = 1_000_000;

export function depthOf(relation: Relation, options: StatsOptions): Depth {
  const { quantiles, memoryLimit, approx } = options;
  if (quantiles === undefined) return DEFAULT_DEPTH;
  if (approx === true) return { ...DEFAULT_DEPTH, sketch: true };
  const share = (memoryLimit ?? DEFAULT_KEPT_BYTES) / Math.max(1, relation.columns.length);
  return {
    sketch: false,
    keepValues: Math.floor(share / BYTES_A_KEPT_VALUE),
    distinctTexts: DEEP_DISTINCT_TEXTS,
    distinctTextBytes: Math.min(64 * MiB, Math.floor(share / 2)),
  };
}

export interface StatsResult {
  readonly source: string;
  readonly rows: number;
  readonly columns: readonly ColumnFigures[];
}

export interface StatsWithFacts {
  readonly result: StatsResult;
  /** What the figures were derived from: for who draws. */
  readonly facts: readonly ColumnFacts[];
}

/** One row of figures for each column. Throws UNKNOWN_COLUMN, and what reading throws. */
export async function stats(
  relation: Relation,
  options: StatsOptions,
  reporter: Reporter,
): Promise<StatsResult> {
  return (await statsWithFacts(relation, options, reporter)).result;
}

export async function statsWithFacts(
  relation: Relation,
  options: StatsOptions,
  reporter: Reporter,
): Promise<StatsWithFacts> {
  for (const name of options.columns ?? []) requireColumn(relation, name);
  const depth = depthOf(relation, options);
  const facts = await reporter.time('compute', () => survey(relation, { ...options, depth }));
  const rows = facts[0]?.facts.rows ?? 0;
  reporter.set({ rowsRead: rows });
  const columns = facts.map((one) => figuresOf(one, options.quantiles));
  return { result: { source: relation.name, rows, columns }, facts };
}

export function requireColumn(relation: Relation, name: string): void {
  const names = relation.columns.map((column) => column.name);
  if (names.includes(name)) return;
  const near = closest(name, names);
  throw new NairobiError('UNKNOWN_COLUMN', `There is no column "${name}" in ${relation.name}`, {
    hint:
      near === undefined ? `it has ${names.slice(0, 20).join(', ')}` : `did you mean "${near}"?`,
  });
}
