/** Expressions that the planner itself makes. */
import type { AggregateExpression, ColumnExpression, ColumnId, Expression, Scalar } from './ir.ts';
import { BOOLEAN, INT64, type SqlType } from './types.ts';

export const columnOf = (id: ColumnId, type: SqlType, name = id): ColumnExpression => ({
  kind: 'column',
  id,
  name,
  type,
  position: -1,
});

/** A call whose arguments have the types it wants; of conditions unless said otherwise. */
export const callOf = (name: string, args: readonly Expression[], type = BOOLEAN): Expression => ({
  kind: 'call',
  name,
  args,
  type,
  position: -1,
});

export const constant = (value: Scalar, type: SqlType): Expression => ({
  kind: 'literal',
  value,
  type,
  position: -1,
});

export const truth = (value: boolean | null): Expression => constant(value, BOOLEAN);
export const integer = (value: bigint): Expression => constant(value, INT64);

export const aggregateOf = (
  name: string,
  args: readonly Expression[],
  type: SqlType,
): AggregateExpression => ({
  kind: 'aggregate',
  name,
  args,
  distinct: false,
  filter: undefined,
  order: [],
  type,
  position: -1,
});
