/** The distinct values that a correlated plan reads from outside. */
import type { Applying } from '../apply.ts';
import { callOf, columnOf } from '../build.ts';
import { typedColumns } from '../columns.ts';
import type { ColumnId, Expression, Plan, ScanColumn, SortItem } from '../ir.ts';

/** What stands for each outer column inside a plan. */
export type Carried = ReadonlyMap<ColumnId, Expression>;

export interface Unnested {
  readonly plan: Plan;
  readonly carried: Carried;
}

export interface Outer {
  /** The plan around, to go on with. */
  readonly plan: Plan;
  /** Each distinct set of the wanted columns' values, under new ids at each call. */
  readonly domain: () => Unnested;
}

export const equal = (a: Expression, b: Expression): Expression =>
  callOf('is not distinct from', [a, b]);

export const same = (a: Carried, b: Carried): Expression[] =>
  [...a].map(([id, left]) => equal(left, b.get(id) as Expression));

/** `plan` computed once for both of its uses. */
export function outerOf(applying: Applying, plan: Plan, wanted: ReadonlySet<ColumnId>): Outer {
  const columns = typedColumns(plan).map((column) => ({ ...column, name: column.id }));
  const key = applying.newKey();
  const definition = { plan, uses: 1 };
  const use = (kept: readonly (ScanColumn & { readonly from: ColumnId })[]): Plan => ({
    kind: 'shared',
    key,
    name: 'rows',
    definition,
    columns: kept,
  });
  const read = columns.filter((column) => wanted.has(column.id));
  const domain = (): Unnested => {
    definition.uses += 1;
    const fresh = read.map((column) => ({ ...column, from: column.id, id: applying.newId() }));
    return {
      plan: { kind: 'distinct', input: use(fresh), on: undefined },
      carried: new Map(fresh.map((each) => [each.from, columnOf(each.id, each.type)])),
    };
  };
  return { plan: use(columns.map((column) => ({ ...column, from: column.id }))), domain };
}

/** The order of a plan's rows, so far as its top still has the columns it was sorted by. */
export function orderOf(plan: Plan): readonly SortItem[] {
  if (plan.kind === 'sort') return plan.items;
  if (plan.kind !== 'project') return [];
  const order = orderOf(plan.input);
  const items = new Map<ColumnId, Expression>();
  for (const { id, expression } of plan.items)
    if (expression.kind === 'column') items.set(expression.id, columnOf(id, expression.type));
  const kept = order.every(
    ({ expression }) => expression.kind === 'column' && items.has(expression.id),
  );
  return kept
    ? order.map((item) => ({
        ...item,
        expression: items.get((item.expression as { id: ColumnId }).id) as Expression,
      }))
    : [];
}
