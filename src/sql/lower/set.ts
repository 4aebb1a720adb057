/** UNION, INTERSECT, EXCEPT and generated series. */
import * as d from '../../compute/dsl.ts';
import { collect, type LazyFrame, polars } from '../../compute/polars.ts';
import { NairobiError } from '../../errors.ts';
import type { Interval, Series, SetOperation } from '../ir.ts';
import { addToTimestamp } from '../temporal.ts';
import { concat } from './concat.ts';
import type { Lowerer } from './plan.ts';

const OCCURRENCE = 'occurrence';

/** Numbers equal rows 1, 2, ...: INTERSECT ALL and EXCEPT ALL pair them off one by one. */
function numbered(frame: LazyFrame, ids: readonly string[]): LazyFrame {
  const position = d.intRange(d.int64(0), d.len);
  return frame.withColumns(d.expression(d.over(position, ids.map(d.column)), OCCURRENCE));
}

export function setFrame(lowerer: Lowerer, plan: SetOperation): LazyFrame {
  const ids = plan.columns.map((column) => column.id);
  const frames = plan.inputs.map((input, side) => {
    const from = plan.inputColumns[side] ?? [];
    return lowerer
      .frame(input)
      .select(...ids.map((id, index) => d.expression(d.column(from[index] ?? id), id)));
  });
  if (plan.operation === 'union') {
    const all = concat(frames);
    return plan.all ? all : all.unique();
  }
  const [left, right] = frames as [LazyFrame, LazyFrame];
  const how = plan.operation === 'intersect' ? 'semi' : 'anti';
  if (!plan.all)
    return left.unique().join(right, { leftOn: ids, rightOn: ids, how, nullsEqual: true } as never);
  const on = [...ids, OCCURRENCE];
  return numbered(left, ids)
    .join(numbered(right, ids), { leftOn: on, rightOn: on, how, nullsEqual: true } as never)
    .select(...ids);
}

/** A step of months has no fixed length, so timestamps are counted out one by one. */
const MAX_SERIES = 100_000_000;

function timestamps(start: bigint, stop: bigint, step: Interval): bigint[] {
  const forward = addToTimestamp(start, step) > start;
  if (addToTimestamp(start, step) === start)
    throw new NairobiError('BAD_SQL', 'generate_series: the step is zero');
  const values: bigint[] = [];
  // Each from the one before: 31 January, 29 February, 29 March, as both engines have it.
  for (let at = start; ; at = addToTimestamp(at, step)) {
    if (forward ? at > stop : at < stop) return values;
    if (values.push(at) > MAX_SERIES)
      throw new NairobiError('BAD_SQL', 'generate_series: more than 100 million rows');
  }
}

export function seriesFrame({ column, start, stop, step }: Series): LazyFrame {
  const pl = polars();
  const one = pl.DataFrame({ row: [0] }).lazy();
  if (start === null || stop === null || step === null) {
    return one.select(d.expression(d.nullOf('Int64'), column.id)).limit(0);
  }
  if (column.type.kind === 'timestamp') {
    const values = BigInt64Array.from(
      timestamps(start as bigint, stop as bigint, step as Interval),
    );
    const frame = pl.DataFrame({ v: pl.Series('v', values as never) }).lazy();
    return frame.select(
      d.expression(
        d.cast(d.cast(d.column('v'), 'Int64'), { Datetime: ['Microseconds', null] }),
        column.id,
      ),
    );
  }
  const by = step as bigint;
  if (by === 0n) throw new NairobiError('BAD_SQL', 'generate_series: the step is zero');
  const end = (stop as bigint) + (by > 0n ? 1n : -1n);
  const empty = by > 0n ? (start as bigint) >= end : (start as bigint) <= end;
  const range = d.call(
    { Range: { IntRange: { step: by, dtype: { Literal: 'Int64' } } } },
    d.int64(start as bigint),
    d.int64(empty ? (start as bigint) : end),
  );
  return collect(one.select(d.expression(range, column.id))).lazy();
}
