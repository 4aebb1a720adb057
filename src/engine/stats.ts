/** nairobi stats: what is asked of a relation, answered as plain data. */
import type { Relation } from '../compute/relation.ts';
import { type ColumnFigures, figuresOf } from '../compute/stats/figures.ts';
import { survey } from '../compute/stats/survey.ts';
import { NairobiError } from '../errors.ts';
import { closest } from '../suggest.ts';
import type { Reporter } from './report.ts';

export interface StatsOptions {
  /** All columns when undefined. */
  readonly columns: readonly string[] | undefined;
  readonly threads?: number;
}

export interface StatsResult {
  readonly source: string;
  readonly rows: number;
  readonly columns: readonly ColumnFigures[];
}

/** One row of figures for each column. Throws UNKNOWN_COLUMN, and what reading throws. */
export async function stats(
  relation: Relation,
  options: StatsOptions,
  reporter: Reporter,
): Promise<StatsResult> {
  for (const name of options.columns ?? []) requireColumn(relation, name);
  const facts = await reporter.time('compute', () => survey(relation, options));
  const rows = facts[0]?.facts.rows ?? 0;
  reporter.set({ rowsRead: rows });
  return { source: relation.name, rows, columns: facts.map(figuresOf) };
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
