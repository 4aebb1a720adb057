/** LATERAL subqueries, and the correlated ones that need the general way. */
import type { RangeSubselect, SelectStmt } from 'libpg-query';
import type { Applying } from '../apply.ts';
import { type Context, Scope } from '../bind/context.ts';
import type { From, Siblings } from '../bind/from.ts';
import type { renamed } from '../bind/table.ts';
import { aggregateOf, callOf, columnOf, truth } from '../build.ts';
import type { Expression, Plan, SubqueryExpression } from '../ir.ts';
import { BOOLEAN } from '../types.ts';
import { dependentJoin } from './dependent.ts';

export function lateral(
  context: Context,
  node: RangeSubselect,
  select: SelectStmt,
  scope: Scope,
  siblings: Siblings,
  rename: typeof renamed,
): From {
  const beside = new Scope(scope.parent, scope.ctes);
  beside.columns = [...siblings];
  const { plan, columns, outer } = context.bindQuery(context, select, beside);
  for (const id of beside.outer) scope.outer.add(id);
  const ids = new Set(siblings.map((column) => column.id));
  const read = new Set([...outer].filter((id) => ids.has(id)));
  for (const id of outer) if (!ids.has(id)) scope.outer.add(id);
  const visible = columns.map((column) => ({ ...column, table: undefined }));
  const from = { plan, columns: rename(context, visible, node.alias, undefined) };
  if (read.size === 0) return from;
  return {
    ...from,
    apply: (left, join, on) => dependentJoin(context, left, plan, read, join, on),
  };
}

/** A correlated scalar subquery: at most one row for each set of outer values. */
export function scalarByDomain(
  applying: Applying,
  plan: Plan,
  subquery: SubqueryExpression,
): { readonly plan: Plan; readonly expression: Expression } {
  const [column] = subquery.columns;
  if (column === undefined) throw new RangeError('scalar subquery without a column');
  const id = applying.newId();
  const value = columnOf(column.id, column.type, column.name);
  const single = subquery.plan.kind === 'project' && isSingle(subquery.plan.input);
  const inner: Plan =
    single || isSingle(subquery.plan)
      ? subquery.plan
      : {
          kind: 'aggregate',
          input: subquery.plan,
          keys: [],
          aggregates: [{ id, expression: aggregateOf('single_value', [value], column.type) }],
        };
  const expression = inner === subquery.plan ? value : columnOf(id, column.type, column.name);
  return {
    plan: dependentJoin(applying, plan, inner, subquery.outer, 'left'),
    expression: { ...expression, position: subquery.position },
  };
}

const isSingle = (plan: Plan): boolean => plan.kind === 'aggregate' && plan.keys.length === 0;

/**
 * x op ANY (SELECT ..), x op ALL (SELECT ..) as one value of an aggregate over the subquery: a test
 * that holds (fails) decides, else one that is unknown makes the whole unknown.
 */
export function quantified(
  applying: Applying,
  subquery: Pick<SubqueryExpression, 'plan' | 'outer' | 'position'>,
  test: Expression,
  all: boolean,
  outer: ReadonlySet<string>,
): SubqueryExpression {
  const decisive = all ? callOf('not', [test]) : test;
  const [hit, unknown, result] = [applying.newId(), applying.newId(), applying.newId()];
  const aggregate: Plan = {
    kind: 'aggregate',
    input: subquery.plan,
    keys: [],
    aggregates: [
      { id: hit, expression: aggregateOf('bool_or', [decisive], BOOLEAN) },
      {
        id: unknown,
        expression: aggregateOf('bool_or', [callOf('is null', [test])], BOOLEAN),
      },
    ],
  };
  const value: Expression = {
    kind: 'case',
    branches: [
      { when: callOf('is true', [columnOf(hit, BOOLEAN)]), result: truth(!all) },
      { when: callOf('is true', [columnOf(unknown, BOOLEAN)]), result: truth(null) },
    ],
    otherwise: truth(all),
    type: BOOLEAN,
    position: subquery.position,
  };
  return {
    kind: 'subquery',
    mode: 'scalar',
    plan: { kind: 'project', input: aggregate, items: [{ id: result, expression: value }] },
    columns: [{ id: result, name: 'found', type: BOOLEAN }],
    needles: [],
    outer,
    type: BOOLEAN,
    position: subquery.position,
  };
}
