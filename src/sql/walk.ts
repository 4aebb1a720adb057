/** Walking and rebuilding expressions and plans. */
import { flattened, pairwise } from './balance.ts';
import type { ColumnId, Expression, Filter, Plan, Scan, SortItem } from './ir.ts';
import { BOOLEAN } from './types.ts';

/** The expressions directly inside one. A subquery's needles are inside; its plan is not. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'column':
    case 'literal':
      return [];
    case 'call':
      return expression.args;
    case 'cast':
      return [expression.input];
    case 'case':
      return [
        ...expression.branches.flatMap((branch) => [branch.when, branch.result]),
        expression.otherwise,
      ];
    case 'aggregate':
      return [
        ...expression.args,
        ...(expression.filter === undefined ? [] : [expression.filter]),
        ...expression.order.map((item) => item.expression),
      ];
    case 'window':
      return [
        ...expression.args,
        ...(expression.filter === undefined ? [] : [expression.filter]),
        ...expression.partition,
        ...expression.order.map((item) => item.expression),
      ];
    case 'subquery':
      return expression.needles;
  }
}

const mapSort = (items: readonly SortItem[], f: (e: Expression) => Expression): SortItem[] =>
  items.map((item) => ({ ...item, expression: f(item.expression) }));

/** The same expression with `f` applied to each one directly inside it. */
export function mapChildren(
  expression: Expression,
  f: (inner: Expression) => Expression,
): Expression {
  switch (expression.kind) {
    case 'column':
    case 'literal':
      return expression;
    case 'call':
      return { ...expression, args: expression.args.map(f) };
    case 'cast':
      return { ...expression, input: f(expression.input) };
    case 'case':
      return {
        ...expression,
        branches: expression.branches.map(({ when, result }) => ({
          when: f(when),
          result: f(result),
        })),
        otherwise: f(expression.otherwise),
      };
    case 'aggregate':
      return {
        ...expression,
        args: expression.args.map(f),
        filter: expression.filter === undefined ? undefined : f(expression.filter),
        order: mapSort(expression.order, f),
      };
    case 'window':
      return {
        ...expression,
        args: expression.args.map(f),
        filter: expression.filter === undefined ? undefined : f(expression.filter),
        partition: expression.partition.map(f),
        order: mapSort(expression.order, f),
      };
    case 'subquery':
      return { ...expression, needles: expression.needles.map(f) };
  }
}

/** Depth first; stops going deeper where `visit` returns false. */
export function visit(expression: Expression, f: (inner: Expression) => boolean | undefined): void {
  if (f(expression) === false) return;
  for (const inner of childrenOf(expression)) visit(inner, f);
}

export function some(expression: Expression, test: (inner: Expression) => boolean): boolean {
  return test(expression) || childrenOf(expression).some((inner) => some(inner, test));
}

/** Every column an expression reads, those its subqueries take from outside included. */
export function columnsOf(expression: Expression, into = new Set<ColumnId>()): Set<ColumnId> {
  visit(expression, (inner) => {
    if (inner.kind === 'column') into.add(inner.id);
    if (inner.kind === 'subquery') for (const id of inner.outer) into.add(id);
    return true;
  });
  return into;
}

/** Columns replaced by expressions, inside correlated subqueries too. */
export function substitute(
  expression: Expression,
  by: ReadonlyMap<ColumnId, Expression>,
): Expression {
  if (expression.kind === 'column') return by.get(expression.id) ?? expression;
  const mapped = mapChildren(expression, (inner) => substitute(inner, by));
  if (mapped.kind !== 'subquery' || ![...mapped.outer].some((id) => by.has(id))) return mapped;
  const outer = new Set<ColumnId>();
  for (const id of mapped.outer) {
    const replacement = by.get(id);
    if (replacement === undefined) outer.add(id);
    else columnsOf(replacement, outer);
  }
  return { ...mapped, plan: substitutePlan(mapped.plan, by), outer };
}

export const substitutePlan = (plan: Plan, by: ReadonlyMap<ColumnId, Expression>): Plan =>
  mapExpressions(
    mapInputs(plan, (input) => substitutePlan(input, by)),
    (expression) => substitute(expression, by),
  );

const CONDITIONS_CHAINED = 40;

const both = (a: Expression, b: Expression): Expression => ({
  kind: 'call',
  name: 'and',
  args: [a, b],
  type: BOOLEAN,
  position: -1,
});

/** The parts of a conjunction. */
export function conjuncts(expression: Expression | undefined): Expression[] {
  return expression === undefined ? [] : flattened(expression, 'and');
}

/** A chain, as it is written; of very many a balanced tree, which nests less. */
export function conjunction(parts: readonly Expression[]): Expression | undefined {
  if (parts.length >= CONDITIONS_CHAINED) return pairwise(parts, both);
  return parts.reduce<Expression | undefined>(
    (all, part) => (all === undefined ? part : both(all, part)),
    undefined,
  );
}

/** A scan whose conditions that are `above` it are a filter of their own; undefined without any. */
export function filterAbove(
  scan: Scan,
  above: (condition: Expression) => boolean,
): Filter | undefined {
  const parts = conjuncts(scan.predicate);
  const predicate = conjunction(parts.filter((part) => above(part)));
  if (predicate === undefined) return undefined;
  const below = conjunction(parts.filter((part) => !above(part)));
  return { kind: 'filter', input: { ...scan, predicate: below }, predicate };
}

/** Equal text for equal meaning: positions do not count. */
export function fingerprint(expression: Expression): string {
  return JSON.stringify(expression, (key, value: unknown) => {
    if (key === 'position') return undefined;
    if (typeof value === 'bigint') return `${value}n`;
    // JSON has null for NaN and for both infinities, and one zero.
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
    if (key === 'relation') return undefined;
    if (value instanceof Set) return [...value];
    return value;
  });
}

export function inputsOf(plan: Plan): readonly Plan[] {
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'series':
    case 'working':
    case 'shared':
      return [];
    case 'recursive':
      return [plan.base, plan.step];
    case 'join':
    case 'asof':
      return [plan.left, plan.right];
    case 'set':
      return plan.inputs;
    default:
      return [plan.input];
  }
}

export function mapInputs(plan: Plan, f: (input: Plan) => Plan): Plan {
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'series':
    case 'working':
    case 'shared':
      return plan;
    case 'recursive':
      return { ...plan, base: f(plan.base), step: f(plan.step) };
    case 'join':
    case 'asof':
      return { ...plan, left: f(plan.left), right: f(plan.right) };
    case 'set':
      return { ...plan, inputs: plan.inputs.map(f) };
    default:
      return { ...plan, input: f(plan.input) };
  }
}

/** The plan with `f` applied to the expressions of its top node. */
export function mapExpressions(plan: Plan, f: (expression: Expression) => Expression): Plan {
  switch (plan.kind) {
    case 'scan':
      return plan.predicate === undefined ? plan : { ...plan, predicate: f(plan.predicate) };
    case 'values':
      return { ...plan, rows: plan.rows.map((row) => row.map(f)) };
    case 'filter':
      return { ...plan, predicate: f(plan.predicate) };
    case 'project':
    case 'unnest':
      return { ...plan, items: plan.items.map((i) => ({ ...i, expression: f(i.expression) })) };
    case 'aggregate':
      return {
        ...plan,
        keys: plan.keys.map((key) => ({ ...key, expression: f(key.expression) })),
        aggregates: plan.aggregates.map((aggregate) => ({
          ...aggregate,
          expression: mapChildren(aggregate.expression, f) as typeof aggregate.expression,
        })),
      };
    case 'window':
      return {
        ...plan,
        windows: plan.windows.map((window) => ({
          ...window,
          expression: mapChildren(window.expression, f) as typeof window.expression,
        })),
      };
    case 'join':
      return {
        ...plan,
        keys: plan.keys.map((key) => ({ ...key, left: f(key.left), right: f(key.right) })),
        residual: plan.residual === undefined ? undefined : f(plan.residual),
      };
    case 'asof':
      return {
        ...plan,
        by: plan.by.map((key) => ({ ...key, left: f(key.left), right: f(key.right) })),
        leftOn: f(plan.leftOn),
        rightOn: f(plan.rightOn),
      };
    case 'sort':
      return { ...plan, items: mapSort(plan.items, f) };
    default:
      return plan;
  }
}
