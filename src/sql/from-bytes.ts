/**
 * Which aggregates of a plan can be computed without Polars, from the pages of Parquet files or the
 * bytes of a text, and their frames.
 */
import type { Comparable, Condition } from '../compute/groups/conditions.ts';
import type { GroupPlan, GroupRequest, Measure } from '../compute/groups/plan.ts';
import { runGroups } from '../compute/groups/run.ts';
import { isSpread, SPREADS } from '../compute/groups/spread.ts';
import { planPages } from '../compute/parquet/plan.ts';
import { type DataFrame, type LazyFrame, polars } from '../compute/polars.ts';
import type { Column, Relation } from '../compute/relation.ts';
import { planText } from '../compute/text/plan.ts';
import { canonicalAggregate } from './functions/aggregates.ts';
import type { Aggregate, AggregateExpression, Expression, Plan, Scan } from './ir.ts';
import { sameType } from './types.ts';
import { conjuncts, inputsOf } from './walk.ts';

const MEASURES: ReadonlySet<string> = new Set(['count', 'sum', 'avg', 'min', 'max', ...SPREADS]);

/** Aggregates with what the kernel makes of them: it reads the bytes of a file, pages or text. */
export type FromBytes = ReadonlyMap<Plan, GroupPlan>;

/** Reads footers, no pages. */
export function aggregatesFromBytes(plan: Plan, into = new Map<Plan, GroupPlan>()): FromBytes {
  const group = plan.kind === 'aggregate' ? groupPlanOf(plan) : undefined;
  if (group !== undefined) into.set(plan, group);
  else for (const input of inputsOf(plan)) aggregatesFromBytes(input, into);
  return into;
}

/** Runs them; those that turn out to need Polars are left out. */
export async function runFromBytes(found: FromBytes): Promise<Map<Plan, LazyFrame>> {
  const frames = new Map<Plan, LazyFrame>();
  for (const [plan, group] of found) {
    const frame = plan.kind === 'aggregate' ? await runGroups(group) : undefined;
    if (frame === undefined || plan.kind !== 'aggregate') continue;
    frames.set(plan, rowsOf(plan, frame));
  }
  return frames;
}

/** The kernel's groups as the rows of an aggregate. */
export function rowsOf({ keys, aggregates }: Aggregate, groups: DataFrame): LazyFrame {
  const { col } = polars();
  return groups
    .lazy()
    .select(
      ...keys.map(({ id }, index) => col(`k${index}`).alias(id)),
      ...aggregates.map(({ id }, index) => col(`m${index}`).alias(id)),
    );
}

/** How often these aggregates read `relation`: each has one scan below it. */
export const scansOf = (relation: Relation, computed: Iterable<Plan>): number =>
  [...computed].filter(
    (plan) =>
      plan.kind === 'aggregate' && plan.input.kind === 'scan' && plan.input.relation === relation,
  ).length;

function groupPlanOf(plan: Aggregate): GroupPlan | undefined {
  const request = groupRequestOf(plan);
  return request && plan.input.kind === 'scan' ? planFor(plan.input, request) : undefined;
}

/** What an aggregate right above a scan asks for, where that is no more than kernels know. */
export function groupRequestOf(plan: Aggregate): GroupRequest | undefined {
  const { input } = plan;
  if (input.kind !== 'scan') return undefined;
  const keys = plan.keys.map(({ expression }) => columnIn(input, expression));
  const measures = plan.aggregates.map(({ expression }) => measureOf(input, expression));
  const conditions = conjuncts(input.predicate).map((each) => conditionOf(input, each));
  if (!isWhole(keys) || !isWhole(measures) || !isWhole(conditions)) return undefined;
  return { keys, measures, conditions };
}

function planFor({ relation, columns }: Scan, request: GroupRequest): GroupPlan | undefined {
  const text = relation.textSource?.();
  if (text !== undefined) return planText(text, request);
  const here = relation.plainText?.();
  if (here !== undefined) return planText({ text: here }, request);
  const source = relation.parquet?.(columns.map(({ name }) => name));
  return source && planPages(source, request);
}

/** For EXPLAIN: where the rows of each come from. `streamed`: one that is computed on the way. */
export function howOf(found: FromBytes, streamed: Plan | undefined): ReadonlyMap<Plan, string> {
  const how = new Map<Plan, string>();
  for (const [plan, { units }] of found) {
    how.set(plan, units.kind === 'text' ? 'from the text' : 'from Parquet pages');
  }
  return streamed === undefined ? how : how.set(streamed, 'from the text as it passes');
}

const isWhole = <T>(all: readonly (T | undefined)[]): all is readonly T[] =>
  all.every((each) => each !== undefined);

/** The relation's column that an expression is. */
function columnIn(scan: Scan, expression: Expression): Column | undefined {
  if (expression.kind !== 'column') return undefined;
  const name = scan.columns.find(({ id }) => id === expression.id)?.name;
  return scan.relation.columns.find((column) => column.name === name);
}

function measureOf(scan: Scan, aggregate: AggregateExpression): Measure | undefined {
  const { args, distinct, filter, order } = aggregate;
  const what = canonicalAggregate(aggregate.name);
  const isPlain = filter === undefined && order.length === 0 && !distinct;
  if (!isPlain || !MEASURES.has(what) || args.length > 1) return undefined;
  const [arg] = args;
  if (arg === undefined) return what === 'count' ? { what, column: undefined } : undefined;
  const isCast = isWidened(arg) || (isSpread(what) && isWholeAsDouble(arg));
  const column = columnIn(scan, isCast ? arg.input : arg);
  return column && { what: what as Measure['what'], column };
}

/** A cast that sums do for their arguments, and the kernel by itself. */
function isWidened(expression: Expression): expression is Expression & { kind: 'cast' } {
  if (expression.kind !== 'cast') return false;
  const [from, to] = [expression.input.type, expression.type];
  if (from.kind === 'float') return to.kind === 'float' && to.bits === 64;
  return from.kind === 'boolean' && to.kind === 'integer';
}

function isWholeAsDouble(expression: Expression): expression is Expression & { kind: 'cast' } {
  if (expression.kind !== 'cast' || expression.input.type.kind !== 'integer') return false;
  return expression.type.kind === 'float' && expression.type.bits === 64;
}

/** Each comparison with its sides exchanged. */
const MIRRORED: Readonly<Record<string, Condition['test']>> = {
  '=': '=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** One column compared with constants, or undefined. */
function conditionOf(scan: Scan, expression: Expression, negated = false): Condition | undefined {
  if (expression.kind === 'column') {
    const column = columnIn(scan, expression);
    return column && { column, test: '=', values: [true], negated };
  }
  if (expression.kind !== 'call') return undefined;
  const { name, args } = expression;
  const [first, second] = args;
  if (first === undefined) return undefined;
  if (name === 'not') return conditionOf(scan, first, !negated);
  if (name === 'is null' || name === 'is not null') {
    const column = columnIn(scan, first);
    return column && { column, test: name, values: [], negated };
  }
  if (name === '<>') return comparison(scan, '=', args, !negated);
  if (name === 'in') return comparison(scan, 'in', args, negated);
  const mirrored = MIRRORED[name];
  if (mirrored === undefined || second === undefined) return undefined;
  return first.kind === 'literal'
    ? comparison(scan, mirrored, [second, first], negated)
    : comparison(scan, name as Condition['test'], args, negated);
}

function comparison(
  scan: Scan,
  test: Condition['test'],
  [subject, ...others]: readonly Expression[],
  negated: boolean,
): Condition | undefined {
  if (subject === undefined) return undefined;
  const column = columnIn(scan, isLarger(subject) ? subject.input : subject);
  if (column === undefined) return undefined;
  const values: Comparable[] = [];
  for (const other of others) {
    if (other.kind !== 'literal' || !sameType(other.type, subject.type)) return undefined;
    const { value } = other;
    // An interval or a list is an object, and so is NULL, with which nothing compares.
    if (typeof value === 'object') return undefined;
    values.push(value);
  }
  return { column, test, values, negated };
}

/** A cast to a type that has the same values at the same places, and more. */
function isLarger(expression: Expression): expression is Expression & { kind: 'cast' } {
  if (expression.kind !== 'cast') return false;
  const [from, to] = [expression.input.type, expression.type];
  if (from.kind === 'integer' && to.kind === 'integer') {
    return from.signed === to.signed ? to.bits >= from.bits : to.signed && to.bits > from.bits;
  }
  if (from.kind === 'decimal' && to.kind === 'decimal') {
    return from.scale === to.scale && to.precision >= from.precision;
  }
  return from.kind === 'float' && to.kind === 'float' && to.bits === 64;
}
