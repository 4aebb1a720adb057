/** DISTINCT, ORDER BY and the columns that a SELECT gives. */
import type { Expression, Named, OutputColumn, Plan } from '../ir.ts';
import { CALENDAR } from '../types.ts';
import { fingerprint } from '../walk.ts';
import { convert, withMonths } from './coerce.ts';
import type { Bound, Context } from './context.ts';
import type { Pieces } from './pieces.ts';

/** Sort keys that are not selected are carried along and dropped at the end. */
export function output(context: Context, isDistinct: boolean, plan: Plan, pieces: Pieces): Bound {
  const columns: OutputColumn[] = [];
  const items: Named[] = [];
  for (const { name, expression: given } of pieces.targets) {
    const expression = withMonths(given) ? convert(context, given, CALENDAR) : given;
    const id = context.newId();
    items.push({ id, expression });
    columns.push({ name, id, type: expression.type });
  }
  const byPrint = new Map(items.map((item) => [fingerprint(item.expression), item]));
  const carried: Named[] = [];
  const outputId = (expression: Expression, clause: string): Expression => {
    const print = fingerprint(expression);
    let item = byPrint.get(print);
    if (item === undefined) {
      if (isDistinct && clause === 'ORDER BY' && pieces.distinctOn.length === 0)
        throw context.bad(
          'ORDER BY of SELECT DISTINCT must be in the select list',
          expression.position,
        );
      item = { id: context.newId(), expression };
      byPrint.set(print, item);
      carried.push(item);
    }
    return { kind: 'column', id: item.id, name: item.id, type: expression.type, position: -1 };
  };
  const order = pieces.order
    .filter((item) => item.expression.kind !== 'literal')
    .map((item) => ({ ...item, expression: outputId(item.expression, 'ORDER BY') }));
  const on = pieces.distinctOn.map((each) => outputId(each, 'DISTINCT ON'));
  let result: Plan = { kind: 'project', input: plan, items: [...items, ...carried] };
  if (order.length > 0 && (on.length > 0 || !isDistinct))
    result = { kind: 'sort', input: result, items: order };
  if (isDistinct) {
    result = {
      kind: 'distinct',
      input: result,
      on: on.length === 0 ? undefined : on.map((each) => (each as { id: string }).id),
    };
    if (on.length === 0 && order.length > 0) result = { kind: 'sort', input: result, items: order };
  }
  if (carried.length > 0) {
    result = {
      kind: 'project',
      input: result,
      items: columns.map((column) => ({
        id: column.id,
        expression: { kind: 'column', ...column, position: -1 },
      })),
    };
  }
  return { plan: result, columns };
}
