/** What an aggregate function is, and how FILTER, DISTINCT and ORDER BY reach its arguments. */

import type { Dsl, SortKey } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { AggregateExpression, Expression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import { columnsOf } from '../walk.ts';
import type { Resolution } from './function.ts';

export interface AggregateFunction {
  readonly usage: string;
  readonly resolve: (
    types: readonly SqlType[],
    args: readonly Expression[],
  ) => Resolution | string | undefined;
  /** Over the rows of one group, already filtered, made distinct and ordered. */
  readonly lower: (args: readonly Dsl[], aggregate: AggregateExpression) => Dsl;
  /** False for those that see NULLs (first, array_agg): their rows are dropped, not blanked. */
  readonly skipsNulls: boolean;
  /** Of no rows: 0 for counts, else NULL. */
  readonly ofNothing: 0n | null;
}

export type AggregateTable = Readonly<Record<string, AggregateFunction>>;

/** One lowered aggregate: its arguments prepared, then its function applied. */
export function lowerAggregate(
  fn: AggregateFunction,
  aggregate: AggregateExpression,
  lower: (expression: Expression) => Dsl,
): Dsl {
  let args = aggregate.args.map(lower);
  if (aggregate.filter !== undefined) {
    const condition = lower(aggregate.filter);
    const keep = d.coalesce(condition, d.bool(false));
    if (args.length === 0 && columnsOf(aggregate.filter).size === 0) {
      // A constant has but one row to add up.
      return d.ternary(keep, d.cast(d.len, 'Int64'), d.int64(0));
    }
    if (args.length === 0) return d.cast(d.agg('Sum', d.cast(keep, 'UInt32')), 'Int64');
    args = args.map((arg) =>
      fn.skipsNulls && aggregate.order.length === 0
        ? d.ternary(keep, arg, d.nullOf('Null'))
        : d.filter(arg, keep),
    );
    if (aggregate.order.length > 0) return ordered(fn, args, aggregate, lower, keep);
  } else if (aggregate.order.length > 0) return ordered(fn, args, aggregate, lower, undefined);
  if (aggregate.distinct && aggregate.name !== 'count') {
    args = args.map((arg, index) => (index === 0 ? d.call({ Unique: true }, arg) : arg));
  }
  return fn.lower(args, aggregate);
}

function ordered(
  fn: AggregateFunction,
  args: readonly Dsl[],
  aggregate: AggregateExpression,
  lower: (expression: Expression) => Dsl,
  keep: Dsl | undefined,
): Dsl {
  const keys: SortKey[] = aggregate.order.map((item) => {
    const node = lower(item.expression);
    return {
      node: keep === undefined ? node : d.filter(node, keep),
      descending: item.descending,
      nullsLast: !item.nullsFirst,
    };
  });
  // A literal (a separator, a fraction) has no rows to order.
  const sorted = args.map((arg, index) =>
    aggregate.args[index]?.kind === 'literal' ? arg : d.sortBy(arg, keys),
  );
  const distinct = aggregate.distinct
    ? sorted.map((arg, index) => (index === 0 ? d.call({ Unique: true }, arg) : arg))
    : sorted;
  return fn.lower(distinct, aggregate);
}
