/** x IN (SELECT ..) as equalities, and what NOT IN must know about NULLs. */
import type { Applying } from './apply.ts';
import { aggregateOf, callOf, columnOf } from './build.ts';
import type { ColumnId, Expression, Plan, SubqueryExpression } from './ir.ts';
import { INT64 } from './types.ts';

/** x = column, for every needle of an IN. */
export const membership = (subquery: SubqueryExpression): Expression[] =>
  subquery.needles.map((needle, index) => {
    const column = subquery.columns[index];
    if (column === undefined) throw new RangeError('needle without column');
    return callOf('=', [needle, columnOf(column.id, column.type, column.name)]);
  });

export interface Counted {
  /** count(*) of the subquery, a constant. */
  readonly rows: Expression;
  /** How many of them are not NULL. */
  readonly known: Expression;
  /** The subquery's rows, computed once for all three. */
  readonly plan: Plan;
}

/** A plan counted twice and read once, over one shared definition. */
export function counted(applying: Applying, plan: Plan, subquery: SubqueryExpression): Counted {
  const column = subquery.columns[0];
  if (column === undefined) throw new RangeError('IN without a column');
  const key = applying.newKey();
  const definition = { plan, uses: 3 };
  const use = (): { readonly id: ColumnId; readonly plan: Plan } => {
    const id = applying.newId();
    const columns = [{ ...column, id, from: column.id }];
    return { id, plan: { kind: 'shared', key, name: 'IN', definition, columns } };
  };
  const count = (ofRows: boolean): Expression => {
    const input = use();
    const id = applying.newId();
    const args = ofRows ? [] : [columnOf(input.id, column.type)];
    const aggregates = [{ id, expression: aggregateOf('count', args, INT64) }];
    return {
      kind: 'subquery',
      mode: 'scalar',
      plan: { kind: 'aggregate', input: input.plan, keys: [], aggregates },
      columns: [{ id, name: 'count', type: INT64 }],
      needles: [],
      outer: new Set(),
      type: INT64,
      position: -1,
    };
  };
  const rows = use();
  const items = [{ id: column.id, expression: columnOf(rows.id, column.type) }];
  return {
    rows: count(true),
    known: count(false),
    plan: { kind: 'project', input: rows.plan, items },
  };
}
