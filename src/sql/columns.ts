/** The columns of a plan with their types. */
import type { ColumnId, Plan } from './ir.ts';
import type { SqlType } from './types.ts';

export interface TypedColumn {
  readonly id: ColumnId;
  readonly type: SqlType;
}

const ofItems = (
  items: readonly { readonly id: ColumnId; readonly expression: { readonly type: SqlType } }[],
): TypedColumn[] => items.map(({ id, expression }) => ({ id, type: expression.type }));

export function typedColumns(plan: Plan): readonly TypedColumn[] {
  switch (plan.kind) {
    case 'scan':
    case 'values':
    case 'set':
    case 'shared':
      return plan.columns;
    case 'series':
      return [plan.column];
    case 'project':
      return ofItems(plan.items);
    case 'aggregate':
      return ofItems([...plan.keys, ...plan.aggregates]);
    case 'window':
      return [...typedColumns(plan.input), ...ofItems(plan.windows)];
    case 'join':
      return plan.join === 'semi' || plan.join === 'anti'
        ? typedColumns(plan.left)
        : [...typedColumns(plan.left), ...typedColumns(plan.right)];
    case 'asof':
      return [...typedColumns(plan.left), ...typedColumns(plan.right)];
    default:
      return typedColumns(plan.input);
  }
}
