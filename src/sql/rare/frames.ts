/**
 * Frames in general: RANGE and GROUPS by a distance, EXCLUDE, IGNORE NULLS, and aggregates that no
 * running total gives. A frame of integer distances is a rolling window of the engine, for any
 * aggregate; the others are written out as pairs of rows.
 */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { collect, type DataFrame, type LazyFrame } from '../../compute/polars.ts';
import type { Expression, Named, WindowExpression } from '../ir.ts';
import type { Lowerer } from '../lower/plan.ts';
import { rollingIndex } from './frame-index.ts';
import { framePairs, isPaired } from './frame-pairs.ts';
import { frameValue, ofNothing, startsPartition } from './frame-value.ts';

const POSITION = 'frame_position';
const INDEX = 'frame_index';
const KNOWN = 'frame_known';
const PARTITION = 'frame_partition';

/** lag and lead over the known values only: joined by their number among those. */
function shifted(
  lowerer: Lowerer,
  frame: LazyFrame,
  tag: string,
  { id, expression }: Named<WindowExpression>,
): LazyFrame {
  const [value, by, fallback] = expression.args;
  const distance = by?.kind === 'literal' ? Number(by.value) : 1;
  const within = (node: Dsl): Dsl => d.over(node, [d.column(PARTITION)]);
  const node = lowerer.dsl(value as Expression);
  const known = d.cast(d.isNotNull(node), 'Int64');
  const upTo = within(d.call({ CumSum: { reverse: false } }, known));
  const before = d.binary('Minus', upTo, known);
  const wanted =
    expression.name === 'lag'
      ? d.binary('Minus', before, d.int64(distance - 1))
      : d.binary('Plus', upTo, d.int64(distance));
  const ready = frame
    .withColumns(
      d.expression(d.call({ CumSum: { reverse: false } }, startsPartition(tag)), PARTITION),
      d.expression(d.intRange(d.int64(0), d.len), POSITION),
    )
    .withColumns(d.expression(wanted, INDEX), d.expression(upTo, KNOWN));
  const values = ready
    .filter(d.expression(d.isNotNull(node)))
    .select(
      d.expression(d.column(PARTITION)),
      d.expression(d.column(KNOWN), INDEX),
      d.expression(node, id),
    );
  const joined = ready
    .join(values, { leftOn: [PARTITION, INDEX], rightOn: [PARTITION, INDEX], how: 'left' } as never)
    .sort(d.expression(d.column(POSITION)) as never);
  return fallback === undefined
    ? joined
    : joined.withColumns(d.expression(d.coalesce(d.column(id), lowerer.dsl(fallback)), id));
}

/** RANGE by a distance among NULLs: those are peers of each other, and within what is unbounded. */
function hasNullKeys(
  frame: DataFrame,
  tag: string,
  { frame: f, order }: WindowExpression,
): boolean {
  const byValue = f.unit === 'range' && ((f.start ?? 0) !== 0 || (f.end ?? 0) !== 0);
  if (!byValue || order.length === 0) return false;
  const nulls = d.cast(d.call('NullCount', d.column(`${tag}o0`)), 'Float64');
  const [[count]] = collect(frame.lazy().select(d.expression(nulls, 'nulls'))).rows() as [[number]];
  return count > 0;
}

/** One window after the other, over rows that stay as they are sorted. */
export function frames(
  lowerer: Lowerer,
  prepared: LazyFrame,
  tag: string,
  windows: readonly Named<WindowExpression>[],
): LazyFrame {
  let frame: DataFrame = collect(prepared);
  const helpers = [POSITION, INDEX, KNOWN, PARTITION];
  for (const window of windows) {
    const { id, expression } = window;
    if (expression.name === 'lag' || expression.name === 'lead') {
      const made = collect(shifted(lowerer, frame.lazy(), tag, window));
      frame = made.drop(helpers.filter((name) => made.columns.includes(name)) as never);
      continue;
    }
    const column =
      isPaired(expression) || hasNullKeys(frame, tag, expression)
        ? framePairs(lowerer, frame, tag, window)
        : rolled(lowerer, frame, tag, window);
    frame = frame.hstack([column.rename(id)]) as unknown as DataFrame;
  }
  return frame.lazy();
}

/** The engine's rolling window over an integer that counts rows, groups or the ordering value. */
function rolled(
  lowerer: Lowerer,
  frame: DataFrame,
  tag: string,
  { id, expression }: Named<WindowExpression>,
): ReturnType<DataFrame['getColumn']> {
  const { index, start, end } = rollingIndex(frame, tag, expression);
  if (start > end) {
    return collect(
      frame
        .lazy()
        .select(
          d.expression(
            d.ternary(
              d.isNotNull(d.column(`${tag}row`)),
              ofNothing(expression),
              ofNothing(expression),
            ),
            id,
          ),
        ),
    ).getColumn(id);
  }
  const ready = frame
    .lazy()
    .withColumns(
      d.expression(d.call({ CumSum: { reverse: false } }, startsPartition(tag)), PARTITION),
      d.expression(d.cast(d.isNotNull(index), 'Int64'), KNOWN),
      d.expression(d.coalesce(index, d.int64(0)), INDEX),
    );
  const made = collect(
    ready
      .groupByRolling({
        indexColumn: INDEX,
        by: [PARTITION, KNOWN],
        period: `${end - start + 1n}i`,
        offset: `${start - 1n}i`,
        closed: 'right',
      } as never)
      .agg(d.expression(frameValue(lowerer, expression), id))
      // Groups come in any order, the rows of each as they were: NULLs first or last.
      .sort(
        [PARTITION, KNOWN].map((name) => d.expression(d.column(name))) as never,
        [false, expression.order[0]?.nullsFirst !== true] as never,
        [false, false] as never,
        true,
      ),
  );
  return made.getColumn(id);
}
