/** TABLESAMPLE, and FETCH FIRST n ROWS WITH TIES. */
import * as d from '../../compute/dsl.ts';
import type { LazyFrame } from '../../compute/polars.ts';
import type { Bound, Context } from '../bind/context.ts';
import { callOf, columnOf } from '../build.ts';
import { outputOf } from '../columns.ts';
import type { Expression, Named, Plan, Sample, SortItem, WindowExpression } from '../ir.ts';
import type { Lowerer } from '../lower/plan.ts';
import { ROW_NUMBER } from '../row-number.ts';
import { INT64 } from '../types.ts';

const NUMBER = 'sample_number';
const PICK = 'sample_pick';

/** By a hash of each row's number: the same seed over the same rows picks the same ones. */
export function lowerSample(lowerer: Lowerer, plan: Sample): LazyFrame {
  const seed = Math.trunc(plan.seed) >>> 0;
  const hash = d.call({ Hash: [seed, 0x5bd1e995, 0x27d4eb2f, 0x165667b1] }, d.column(NUMBER));
  // The upper 53 bits as a share between 0 and 1.
  const share = d.binary('TrueDivide', d.cast(hash, 'Float64'), d.float64(2 ** 64));
  const numbered = lowerer
    .frame(plan.input)
    .withRowIndex(NUMBER)
    .withColumns(d.expression(share, PICK));
  const columns = outputOf(plan.input);
  if (plan.share !== undefined)
    return numbered
      .filter(d.expression(d.binary('Lt', d.column(PICK), d.float64(plan.share))))
      .select(...columns);
  const by = d.expression(d.column(PICK));
  return numbered
    .sort(by as never)
    .limit(plan.rows ?? 0)
    .sort(d.expression(d.column(NUMBER)) as never)
    .select(...columns);
}

/** The rows of a limit and those that its last one ties with. */
export function withTies(context: Context, query: Bound, count: number, offset: number): Plan {
  const { sort, above } = sortOf(query.plan);
  if (sort === undefined) throw context.bad('WITH TIES needs ORDER BY', undefined);
  const [row, rank] = [context.newId(), context.newId()];
  const ranked = (name: string, order: readonly SortItem[]): WindowExpression => ({
    ...ROW_NUMBER,
    name,
    order,
    frame: { unit: 'range', start: undefined, end: 0 },
  });
  const windows: Named<WindowExpression>[] = [
    { id: row, expression: ranked('row_number', sort.items) },
    { id: rank, expression: ranked('rank', sort.items) },
  ];
  const bound = (value: number): Expression => ({
    kind: 'literal',
    value: BigInt(value),
    type: INT64,
    position: -1,
  });
  const predicate = callOf('and', [
    callOf('>', [columnOf(row, INT64), bound(offset)]),
    callOf('<=', [columnOf(rank, INT64), bound(offset + count)]),
  ]);
  const numbered: Plan = { kind: 'window', input: sort.input, windows };
  const kept: Plan = { kind: 'filter', input: numbered, predicate };
  const sorted: Plan = { ...sort, input: kept };
  const items = query.columns.map((column) => ({
    id: column.id,
    expression: columnOf(column.id, column.type, column.name),
  }));
  return above === undefined
    ? { kind: 'project', input: sorted, items }
    : { ...above, input: sorted };
}

function sortOf(plan: Plan): {
  readonly sort: (Plan & { kind: 'sort' }) | undefined;
  readonly above: (Plan & { kind: 'project' }) | undefined;
} {
  if (plan.kind === 'sort') return { sort: plan, above: undefined };
  if (plan.kind === 'project' && plan.input.kind === 'sort')
    return { sort: plan.input, above: plan };
  return { sort: undefined, above: undefined };
}
