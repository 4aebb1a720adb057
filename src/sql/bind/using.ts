/** JOIN ... USING and NATURAL JOIN. */
import type { JoinExpr } from 'libpg-query';
import type { Expression } from '../ir.ts';
import { sameName } from '../names.ts';
import { makeCall } from './call.ts';
import type { Context, ScopeColumn } from './context.ts';
import { stringsOf } from './environment.ts';
import type { From } from './from.ts';

/** USING (a, b) and NATURAL: equal columns, shown once. */
export function using(
  context: Context,
  join: JoinExpr,
  left: From,
  right: From,
  kind: string,
): { predicates: Expression[]; columns: ScopeColumn[] } {
  const names =
    join.isNatural === true
      ? left.columns
          .filter((a) => right.columns.some((b) => sameName(a.name, b.name)))
          .map((column) => column.name)
      : stringsOf(join.usingClause).map((name) => context.name(name));
  const merged: ScopeColumn[] = [];
  const predicates: Expression[] = [];
  const hidden = new Set<string>();
  for (const name of names) {
    const [a, b] = [left, right].map((side) => {
      const found = side.columns.find(
        (column) => column.hidden !== true && sameName(name, column.name),
      );
      if (found === undefined)
        throw context.bad(`USING (${name}): both sides need a column "${name}"`, undefined);
      return found;
    }) as [ScopeColumn, ScopeColumn];
    const [x, y] = [a, b].map(
      (column): Expression =>
        column.expression ?? {
          kind: 'column',
          id: column.id,
          name,
          type: column.type,
          position: -1,
        },
    ) as [Expression, Expression];
    predicates.push(makeCall(context, '=', [x, y], -1));
    const one =
      kind === 'full' ? makeCall(context, 'coalesce', [x, y], -1) : kind === 'right' ? y : x;
    merged.push({
      table: undefined,
      name: a.name,
      id: kind === 'right' ? b.id : a.id,
      type: one.type,
      expression: one,
    });
    hidden.add(a.id).add(b.id);
  }
  const rest = [...left.columns, ...right.columns].map((column) =>
    hidden.has(column.id) ? { ...column, hidden: true } : column,
  );
  return { predicates, columns: [...merged, ...rest] };
}
