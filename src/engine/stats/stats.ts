/** nairobi stats: what is asked of a relation, answered as plain data. */
import type { Relation } from '../../compute/relation.ts';
import { DEFAULT_DEPTH, type Depth, exactDistinct } from '../../compute/stats/accumulate.ts';
import { type ColumnFigures, figuresOf } from '../../compute/stats/figures.ts';
import { kindOf } from '../../compute/stats/kinds.ts';
import { type ColumnFacts, surveyEach } from '../../compute/stats/survey.ts';
import { NairobiError } from '../../errors.ts';
import { requireRange } from '../../ranges.ts';
import { closest } from '../../suggest.ts';
import { MiB } from '../../units.ts';
import type { Reporter } from '../run/report.ts';

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

/** The program, its threads and what it reads at a time take this much of the memory limit. */
const BASE_BYTES = 128 * MiB;
const LEAST_BYTES = 32 * MiB;
/** The kernel addresses 4 GiB, its input among them. */
const MOST_BYTES = 3 * 1024 * MiB;

/** An entry of the table of texts, at the most that it is ever empty, and of the table before. */
const BYTES_A_COUNTED_TEXT = 128;

/** What may be kept beside the program itself. */
export function roomOf({ memoryLimit }: StatsOptions): number {
  const left = (memoryLimit ?? MOST_BYTES) - BASE_BYTES;
  return Math.min(MOST_BYTES, Math.max(LEAST_BYTES, left));
}

/** The same options with half of the room, for two surveys at once. */
export function halfOf(options: StatsOptions): StatsOptions {
  return { ...options, memoryLimit: BASE_BYTES + roomOf(options) / 2 };
}

/** Half of the room is for numbers, half for texts; all of it where there is but one kind. */
export function depthOf(relation: Relation, options: StatsOptions): Depth {
  const { quantiles, approx, columns } = options;
  const kinds = relation.columns
    .filter(({ name }) => columns?.includes(name) ?? true)
    .map(({ type }) => kindOf(type).is);
  const most = exactDistinct(kinds.length);
  // Tables double, and those of like columns at once.
  const stateBytes = roomOf(options) / 2;
  const bounded = { ...DEFAULT_DEPTH, distinctNumbers: most, distinctTexts: most, stateBytes };
  if (quantiles === undefined) return bounded;
  if (approx === true) return { ...bounded, sketch: true, frequent: true };
  const texts = kinds.filter((kind) => kind === 'text').length;
  const room = roomOf(options) / (texts > 0 && texts < kinds.length ? 2 : 1);
  const perText = room / Math.max(1, texts);
  const { distinctTextBytes } = DEFAULT_DEPTH;
  return {
    sketch: false,
    keepBytes: Math.floor(room),
    distinctNumbers: most,
    distinctTexts: Math.max(most, Math.floor(perText / 2 / BYTES_A_COUNTED_TEXT)),
    // The arena doubles as well, and leaves the one before behind.
    distinctTextBytes: Math.max(distinctTextBytes, Math.floor(perText / 4)),
    frequent: true,
    stateBytes: Number.POSITIVE_INFINITY,
  };
}

export interface StatsResult {
  readonly source: string;
  readonly rows: number;
  readonly columns: readonly ColumnFigures[];
}

/**
 * One row of figures for each column; `keep` gets the facts they are derived from, for who draws.
 * Throws UNKNOWN_COLUMN, and what reading throws.
 */
export async function stats(
  relation: Relation,
  options: StatsOptions,
  reporter: Reporter,
  keep?: (facts: ColumnFacts) => void,
): Promise<StatsResult> {
  for (const name of options.columns ?? []) requireColumn(relation, name);
  requireRange('quantiles', options.quantiles?.length);
  const depth = depthOf(relation, options);
  let rows = 0;
  const tell = (one: ColumnFacts): ColumnFigures => {
    rows = one.facts.rows;
    keep?.(one);
    return figuresOf(one, options.quantiles);
  };
  const columns = await reporter.time('compute', () =>
    surveyEach(relation, { ...options, depth }, tell),
  );
  reporter.set({ rowsRead: rows });
  return { source: relation.name, rows, columns };
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
