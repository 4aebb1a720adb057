/** Aggregates piece by piece: what each one contributes to a group, and how that comes together. */
import * as d from '../../compute/dsl.ts';
import type { LazyFrame } from '../../compute/polars.ts';
import type { AggregateExpression, Named, Plan } from '../ir.ts';
import { Lowerer } from '../lower/plan.ts';
import { columnsOf } from '../walk.ts';
import { type Decomposed, decompose } from './partial.ts';

/** How contributions of pieces come together. */
export interface Collector {
  /** What one piece contributes; undefined ends the reading. */
  readonly piece: (lowerer: Lowerer) => LazyFrame;
  readonly merge: (all: LazyFrame) => LazyFrame;
  readonly enough: (rows: number) => boolean;
  /** The breaker's own result, from the merged contributions. */
  readonly finish: (merged: LazyFrame) => LazyFrame;
}

export const never = (): boolean => false;

type Parts = Named<AggregateExpression> & { readonly decomposed: Decomposed };

export function partsOf(plan: Plan & { kind: 'aggregate' }, lowerer: Lowerer): Parts[] | undefined {
  const parts = plan.aggregates.map(({ id, expression }) => {
    // A constant argument or FILTER is left to the whole run: rare, and its shape differs.
    const isQuantile = expression.name === 'approx_quantile';
    const values = isQuantile ? expression.args.slice(0, 1) : expression.args;
    if (values.some((arg) => columnsOf(arg).size === 0) && values.length > 0) return undefined;
    const filtered = expression.filter !== undefined;
    const blanked = expression.args.map((arg) => {
      if (expression.filter === undefined) return lowerer.dsl(arg);
      return d.ternary(
        d.coalesce(lowerer.dsl(expression.filter), d.bool(false)),
        lowerer.dsl(arg),
        d.nullOf('Null'),
      );
    });
    if (filtered && (expression.name === 'first' || expression.name === 'last')) return undefined;
    const decomposed = decompose(expression, lowerer.aggregate(expression), blanked);
    return decomposed === undefined ? undefined : { id, expression, decomposed };
  });
  return parts.some((part) => part === undefined) ? undefined : (parts as Parts[]);
}

/** Of part `index` of the aggregate `id`, in contributions. */
export const partName = (id: string, index: number): string => `${id}_part${index}`;

export function aggregated(plan: Plan & { kind: 'aggregate' }): Collector | undefined {
  if (plan.keys.some((key) => columnsOf(key.expression).size === 0)) return undefined;
  const parts = partsOf(plan, new Lowerer());
  if (parts === undefined) return undefined;
  const column =
    (id: string) =>
    (index: number): d.Dsl =>
      d.column(partName(id, index));
  const keys = plan.keys.map((key) => key.id);
  const grouped = (
    frame: LazyFrame,
    by: ReturnType<Lowerer['expression']>[],
    of: ReturnType<Lowerer['expression']>[],
  ): LazyFrame => {
    if (by.length === 0) return frame.select(...of);
    return of.length === 0
      ? frame.select(...by).unique()
      : frame.groupBy(by as never, false).agg(...of);
  };
  const merge = (all: LazyFrame): LazyFrame =>
    grouped(
      all,
      keys.map((id) => d.expression(d.column(id))),
      parts.flatMap(({ id, decomposed }) =>
        decomposed.parts.map((part, index) =>
          d.expression(part.merge(column(id)), partName(id, index)),
        ),
      ),
    );
  return {
    piece: (lowerer) =>
      grouped(
        lowerer.frame(plan.input),
        plan.keys.map((key) => lowerer.expression(key.expression, key.id)),
        parts.flatMap(({ id, decomposed }) =>
          decomposed.parts.map((part, index) => d.expression(part.partial, partName(id, index))),
        ),
      ),
    merge,
    enough: never,
    finish: (merged) =>
      merged.select(
        ...keys,
        ...parts.map(({ id, decomposed }) => d.expression(decomposed.finish(column(id)), id)),
      ),
  };
}
