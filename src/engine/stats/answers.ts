/**
 * The other questions `nairobi stats` answers: each gives data, the same as rows, and a verdict.
 */
import type { Column, Relation } from '../../compute/relation.ts';
import { correlations, type Matrix } from '../../compute/stats/correlation.ts';
import { type Bound, driftOf, pastBounds } from '../../compute/stats/drift.ts';
import {
  type ColumnFigures,
  type Figure,
  figuresOf,
  valueFormat,
} from '../../compute/stats/figures.ts';
import { groupFacts } from '../../compute/stats/groups.ts';
import { kindOf } from '../../compute/stats/kinds.ts';
import { checkRules } from '../../compute/stats/rules.ts';
import type { Rules } from '../../compute/stats/rules-file.ts';
import { schemaOf } from '../../compute/stats/schema.ts';
import { frequenciesOf, histogramOf } from '../../compute/stats/shape.ts';
import { type ColumnFacts, survey } from '../../compute/stats/survey.ts';
import { requireRange } from '../../ranges.ts';
import { depthOf, halfOf, requireColumn, roomOf, type StatsOptions } from './stats.ts';

export type Question =
  | { readonly is: 'by'; readonly key: string }
  | { readonly is: 'corr' }
  | { readonly is: 'hist'; readonly column: string; readonly bins: number }
  | { readonly is: 'freq'; readonly column: string; readonly top: number }
  | { readonly is: 'schema' }
  | { readonly is: 'compare'; readonly other: Relation; readonly bounds: readonly Bound[] }
  | { readonly is: 'expect'; readonly rules: Rules };

/** A table of cells; the first row is the header. */
export type Grid = readonly (readonly Figure[])[];

export type GroupRow = ColumnFigures & { readonly key: string | null };

export interface Answer {
  /** What --json prints. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The same as a table; undefined where JSON is the only form. */
  readonly grid: Grid | undefined;
  /** How many of its columns say what a row is; 1 when undefined. */
  readonly lead?: number;
  /** The first column of the grid holds values of the data, null and the empty text among them. */
  readonly keyed?: boolean;
  /** Instead of a grid: figures of the columns, each with the value of the key. */
  readonly groups?: { readonly key: string; readonly rows: readonly GroupRow[] };
  /** Why the check failed, one sentence each; empty when it did not or nothing was checked. */
  readonly failures: readonly string[];
}

export async function answer(
  question: Question,
  relation: Relation,
  options: StatsOptions,
): Promise<Answer> {
  for (const name of options.columns ?? []) requireColumn(relation, name);
  requireRange('quantiles', options.quantiles?.length);
  if (question.is === 'hist') requireRange('bins', question.bins);
  if (question.is === 'freq') requireRange('top', question.top);
  switch (question.is) {
    case 'by':
      return byKey(relation, question.key, options);
    case 'corr':
      return correlated(relation, options);
    case 'hist':
      return histogram(relation, question, options);
    case 'freq':
      return frequency(relation, question, options);
    case 'schema': {
      const schema = schemaOf(relation.name, await survey(relation, options));
      return { data: { ...schema }, grid: undefined, failures: [] };
    }
    case 'compare':
      return compared(relation, question, options);
    case 'expect':
      return expected(relation, question.rules, options);
  }
}

/** With every value at hand: for what sorts or counts. */
function deepSurvey(relation: Relation, options: StatsOptions): Promise<readonly ColumnFacts[]> {
  const depth = depthOf(relation, { ...options, quantiles: [] });
  return survey(relation, { ...options, depth });
}

function wanted(relation: Relation, { columns }: StatsOptions): readonly Column[] {
  return relation.columns.filter(({ name }) => columns?.includes(name) ?? true);
}

/** Objects of one shape as rows. */
function gridOfRows<Row extends object>(
  rows: readonly Row[],
  names: readonly (keyof Row & string)[],
): Grid {
  return [names, ...rows.map((row) => names.map((name) => row[name] as Figure))];
}

async function byKey(relation: Relation, key: string, options: StatsOptions): Promise<Answer> {
  requireColumn(relation, key);
  const column = relation.columns.find(({ name }) => name === key) as Column;
  const found = await groupFacts(relation, column, wanted(relation, options), {
    depth: depthOf(relation, options),
    roomBytes: roomOf(options),
  });
  const groups = found.flatMap((group) =>
    group.facts.map((facts) => ({ key: group.key, ...figuresOf(facts, options.quantiles) })),
  );
  const data = { source: relation.name, by: key, groups };
  return { data, grid: undefined, groups: { key, rows: groups }, failures: [] };
}

async function correlated(relation: Relation, options: StatsOptions): Promise<Answer> {
  const keepBytes = options.memoryLimit ?? Number.POSITIVE_INFINITY;
  const found = await correlations(relation, wanted(relation, options), keepBytes);
  const rows = (method: string, matrix: Matrix | undefined): Figure[][] =>
    (matrix ?? []).map((row, i) => [method, found.columns[i], ...row]);
  const grid = [
    ['method', 'column', ...found.columns],
    ...rows('pearson', found.pearson),
    ...rows('spearman', found.spearman),
  ];
  return { data: { source: relation.name, ...found }, grid, lead: 2, failures: [] };
}

async function one(
  relation: Relation,
  column: string,
  options: StatsOptions,
): Promise<ColumnFacts> {
  requireColumn(relation, column);
  const [facts] = await deepSurvey(relation, { ...options, columns: [column] });
  return facts as ColumnFacts;
}

async function histogram(
  relation: Relation,
  { column, bins }: Extract<Question, { is: 'hist' }>,
  options: StatsOptions,
): Promise<Answer> {
  const facts = await one(relation, column, options);
  const show = valueFormat(kindOf(facts.column.type));
  const found = histogramOf(facts, bins).map(({ low, high, count }) => ({
    low: show(low),
    high: show(high),
    count,
  }));
  const most = Math.max(1, ...found.map(({ count }) => count));
  const rows = found.map((bin) => ({ ...bin, bar: bar(bin.count / most) }));
  const grid = gridOfRows(rows, ['low', 'high', 'count', 'bar']);
  return { data: { source: relation.name, column, bins: found }, grid, failures: [] };
}

const BAR_WIDTH = 40;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(share: number): string {
  const eighths = Math.ceil(share * BAR_WIDTH * 8);
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

async function frequency(
  relation: Relation,
  { column, top }: Extract<Question, { is: 'freq' }>,
  options: StatsOptions,
): Promise<Answer> {
  const values = frequenciesOf(await one(relation, column, options), top);
  const [, ...rows] = gridOfRows(values, ['value', 'count', 'share']);
  const grid = [[column, 'count', 'share'], ...rows];
  return { data: { source: relation.name, column, values }, grid, keyed: true, failures: [] };
}

async function compared(
  relation: Relation,
  { other, bounds }: Extract<Question, { is: 'compare' }>,
  options: StatsOptions,
): Promise<Answer> {
  const { columns, ...rest } = options;
  const both = other.columns
    .filter(({ name }) => columns?.includes(name) ?? true)
    .map(({ name }) => name);
  const before = await deepSurvey(other, halfOf({ ...rest, columns: both }));
  const after = await deepSurvey(relation, halfOf(options));
  const drift = driftOf(before, after);
  const rows = [before, after].map((list) => list[0]?.facts.rows ?? 0);
  const names = [
    'column',
    'change',
    'type_before',
    'type_after',
    'nulls_before',
    'nulls_after',
  ] as const;
  const grid = gridOfRows(drift, [...names, 'mean_shift', 'psi', 'ks']);
  const failures = pastBounds(drift, bounds);
  const data = {
    source: relation.name,
    baseline: other.name,
    rows_before: rows[0],
    rows_after: rows[1],
  };
  return { data: { ...data, columns: drift, failures }, grid, failures };
}

async function expected(relation: Relation, rules: Rules, options: StatsOptions): Promise<Answer> {
  const facts = await survey(relation, options);
  const violations = await checkRules(relation, facts, rules);
  const rows = violations.map((one) => ({ ...one, examples: one.examples.join(', ') }));
  const grid = gridOfRows(rows, ['column', 'rule', 'count', 'message', 'examples']);
  const failures = violations.map(
    ({ column, rule, message }) => `${column ?? 'table'}: ${rule}: ${message}`,
  );
  return { data: { source: relation.name, violations }, grid, failures };
}
