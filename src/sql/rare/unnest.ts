/** Rows from lists. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { LazyFrame } from '../../compute/polars.ts';
import { outputOf } from '../columns.ts';
import type { Unnest } from '../ir.ts';
import type { Lowerer } from '../lower/plan.ts';
import { dtypeOf } from '../types.ts';

const LENGTH = 'unnest_length';
const NUMBER = 'unnest_number';

/** Several lists are brought to the length of the longest with NULLs, as both engines do. */
export function lowerUnnest(lowerer: Lowerer, plan: Unnest): LazyFrame {
  const lists = plan.items.map(({ id, expression }) => {
    const dtype = dtypeOf(expression.type);
    return { id, dtype, node: d.cast(lowerer.dsl(expression), dtype) };
  });
  const input = lowerer.frame(plan.input);
  const made = input.withColumns(...lists.map(({ id, node }) => d.expression(node, id)));
  const lengthOf = (id: string): Dsl =>
    d.coalesce(d.cast(d.listCall('Length', d.column(id)), 'Int64'), d.int64(0));
  const longest = d.call('MaxHorizontal', ...lists.map(({ id }) => lengthOf(id)), d.int64(0));
  const wanted = plan.outer ? d.call('MaxHorizontal', longest, d.int64(1)) : longest;
  const sized = made.withColumns(d.expression(wanted, LENGTH));
  const kept = plan.outer
    ? sized
    : sized.filter(d.expression(d.binary('Gt', d.column(LENGTH), d.int64(0))));
  const padded = kept.withColumns(
    ...lists.map(({ id, dtype }) => {
      const of = (dtype as { List: d.Dtype }).List;
      const empty = d.cast(
        d.listCall('Slice', d.call('AsList', d.nullOf(of)), d.int64(0), d.int64(0)),
        dtype,
      );
      const missing = d.binary('Minus', d.column(LENGTH), lengthOf(id));
      const filling = d.call('RepeatBy', d.nullOf(of), d.cast(missing, 'UInt32'));
      return d.expression(d.listCall('Concat', d.coalesce(d.column(id), empty), filling), id);
    }),
    d.expression(
      d.call(
        { Range: { IntRanges: { dtype: { Literal: 'Int64' } } } },
        d.int64(1),
        d.binary('Plus', d.column(LENGTH), d.int64(1)),
        d.int64(1),
      ),
      NUMBER,
    ),
  );
  const rows = padded.explode([...lists.map(({ id }) => id), NUMBER] as never);
  const { ordinality } = plan;
  const numbered =
    ordinality === undefined ? rows : rows.withColumns(d.expression(d.column(NUMBER), ordinality));
  return numbered.select(...outputOf(plan));
}
