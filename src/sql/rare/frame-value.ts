/** What a window gives over the rows of its frame, however those were found. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { aggregateFunction } from '../functions/aggregates.ts';
import type { Expression, WindowExpression } from '../ir.ts';
import type { Lowerer } from '../lower/plan.ts';
import { dtypeOf } from '../types.ts';

/** The value of a window over the rows of its frame, as an aggregate. */
export function frameValue(lowerer: Lowerer, window: WindowExpression): Dsl {
  const { name, args, ignoreNulls } = window;
  if (!/_value$/.test(name)) {
    return lowerer.aggregate({
      kind: 'aggregate',
      name,
      args,
      distinct: window.distinct,
      filter: window.filter,
      order: [],
      type: window.type,
      position: window.position,
    });
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
