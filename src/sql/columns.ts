/** The columns of a plan with their types. */
import type { ColumnId, Plan } from './ir.ts';
import { INT64, type SqlType } from './types.ts';

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
    case 'recursive':
    case 'working':
      return plan.columns;
    case 'unnest': {
      const elements = plan.items.map(({ id, expression: { type } }) => ({
        id,
        type: type.kind === 'list' ? type.of : type,
      }));
      const numbers = plan.ordinality === undefined ? [] : [{ id: plan.ordinality, type: INT64 }];
      return [...typedColumns(plan.input), ...elements, ...numbers];
    }
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

/** The ids of a plan's columns, in order. */
export const outputOf = (plan: Plan): readonly ColumnId[] => typedColumns(plan).map(({ id }) => id);
