/** A column that says for each row of a plan whether a subquery has a match for it. */
import type { Applying } from './apply.ts';
import { callOf, columnOf, truth } from './build.ts';
import { typedColumns } from './columns.ts';
import type { ColumnId, Expression, Named, Plan } from './ir.ts';
import { joinOn } from './join.ts';
import { ROW_NUMBER } from './row-number.ts';
import { BOOLEAN, INT64 } from './types.ts';
import { substitute } from './walk.ts';

interface Marked {
  readonly plan: Plan;
  readonly expression: Expression;
}

/** `plan` left joined with the distinct keys of what matched, each with a mark. */
function flagged(
  applying: Applying,
  plan: Plan,
  right: Plan,
  on: readonly { left: Expression; right: Expression }[],
): Marked {
  const items: Named[] = on.map((key) => ({ id: applying.newId(), expression: key.right }));
  const projected: Plan = { kind: 'project', input: right, items };
  const distinct: Plan = { kind: 'distinct', input: projected, on: undefined };
  const id = applying.newId();
  const columns = items.map((item) => columnOf(item.id, item.expression.type));
  const kept = columns.map((column) => ({ id: column.id, expression: column }));
  const marks: Plan = {
    kind: 'project',
    input: distinct,
    items: [...kept, { id, expression: truth(true) }],
  };
  const keys = on.map((key, index) => ({ left: key.left, right: columns[index] as Expression }));
  return {
    plan: { kind: 'join', join: 'left', left: plan, right: marks, keys, residual: undefined },
    expression: callOf('is not null', [columnOf(id, BOOLEAN, 'found')]),
  };
}

/** By the number of the row, when more than equalities decide: the rows are computed once. */
function byRow(
  applying: Applying,
  plan: Plan,
  right: Plan,
  predicates: readonly Expression[],
): Marked {
  const row = applying.newId();
  const numbered: Plan = {
    kind: 'window',
    input: plan,
    windows: [{ id: row, expression: ROW_NUMBER }],
  };
  const definition = { plan: numbered, uses: 2 };
  const key = applying.newKey();
  const all = typedColumns(numbered).map((column) => ({ ...column, name: column.id }));
  const use = (fresh: boolean): Plan & { kind: 'shared' } => ({
    kind: 'shared',
    key,
    name: 'rows',
    definition,
    columns: all.map((column) => ({
      ...column,
      from: column.id,
      id: fresh ? applying.newId() : column.id,
    })),
  });
  const probing = use(true);
  const renamed = new Map<ColumnId, Expression>(
    probing.columns.map((column) => [column.from, columnOf(column.id, column.type)]),
  );
  const moved = predicates.map((predicate) => substitute(predicate, renamed));
  const matched = joinOn('inner', probing, right, moved);
  const there = renamed.get(row) as Expression;
  return flagged(applying, use(false), matched, [{ left: columnOf(row, INT64), right: there }]);
}

export function marked(
  applying: Applying,
  plan: Plan,
  right: Plan,
  predicates: readonly Expression[],
): Marked {
  const probe = joinOn('left', plan, right, predicates);
  if (probe.residual !== undefined) return byRow(applying, plan, right, predicates);
  return flagged(applying, plan, right, probe.keys);
}
