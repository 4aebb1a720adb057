/** What a window gives over the rows of its frame, however those were found. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { aggregateFunction } from '../functions/aggregates.ts';
import type { Expression, WindowExpression } from '../ir.ts';
import { aggregateOf, argument, withoutNan } from '../lower/frame.ts';
import type { Lowerer } from '../lower/plan.ts';
import { dtypeOf } from '../types.ts';

/** The value of a window over the rows of its frame, as an aggregate. */
export function frameValue(lowerer: Lowerer, window: WindowExpression): Dsl {
  const { name, args, ignoreNulls } = window;
  if (!/_value$/.test(name)) {
    const value = lowerer.aggregate(aggregateOf(window));
    if (name !== 'min' || window.type.kind !== 'float') return value;
    // The engine's rolling least is NaN where there is one; here NaN is above every number.
    const numbers = withoutNan(argument(lowerer, window), window.type);
    return d.coalesce(d.agg('Min', numbers), value);
  }
  const raw = lowerer.dsl(args[0] as Expression);
  const kept =
    window.filter === undefined
      ? raw
      : d.filter(raw, d.coalesce(lowerer.dsl(window.filter), d.bool(false)));
  const values = ignoreNulls ? d.call('DropNulls', kept) : kept;
  if (name === 'first_value') return d.agg('First', values);
  if (name === 'last_value') return d.agg('Last', values);
  const n = args[1]?.kind === 'literal' ? BigInt(args[1].value as bigint) : 1n;
  return d.agg('First', d.slice(values, d.int64(n - 1n), d.int64(1)));
}

/** What a window gives for a frame without rows. */
export const ofNothing = (window: WindowExpression): Dsl => {
  const nothing = aggregateFunction(window.name)?.ofNothing ?? null;
  return nothing === null ? d.nullOf(dtypeOf(window.type)) : d.int64(0);
};

export const startsPartition = (tag: string): Dsl =>
  d.cast(d.binary('Eq', d.column(`${tag}row`), d.int64(1)), 'Int64');
