/**
 * Window functions. Rows are sorted by partition and order once for each different OVER; then
 * ranks,
 * offsets and running aggregates are cumulative expressions within the partition, and rows equal
 * under ORDER BY (peers) share the value of their last one where the frame is a RANGE.
 */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { LazyFrame } from '../../compute/polars.ts';
import { outputOf } from '../columns.ts';
import type { Expression, Named, Window, WindowExpression } from '../ir.ts';
import { rare } from '../rare.ts';
import { columnsOf, fingerprint } from '../walk.ts';
import { frameAggregate } from './frame.ts';
import type { Lowerer } from './plan.ts';

/** The helper columns of one OVER. */
export interface Over {
  readonly partition: readonly Dsl[];
  /** 1, 2, ... within the partition. */
  readonly row: Dsl;
  /** Number of rows of the partition. */
  readonly rows: Dsl;
  /** 1, 2, ... for each group of peers. */
  readonly peer: Dsl;
  readonly within: (node: Dsl) => Dsl;
  readonly withinPeers: (node: Dsl) => Dsl;
  /** Computed as a column first: what is over a partition cannot stand inside another OVER. */
  readonly stage: (node: Dsl) => Dsl;
  readonly staged: { readonly id: string; readonly node: Dsl }[];
}

const groupKey = (window: WindowExpression): string =>
  JSON.stringify([
    window.partition.map(fingerprint),
    window.order.map((item) => [fingerprint(item.expression), item.descending, item.nullsFirst]),
  ]);

function plus(a: Dsl, b: number): Dsl {
  return d.binary('Plus', a, d.int64(b));
}

/** Sorts, and adds the columns that say where a row stands. */
function prepare(
  lowerer: Lowerer,
  input: LazyFrame,
  window: WindowExpression,
  tag: string,
): { frame: LazyFrame; over: Over } {
  const named = (expressions: readonly Expression[], kind: string): Named[] =>
    expressions.map((expression, index) => ({ id: `${tag}${kind}${index}`, expression }));
  const constant: Expression = {
    kind: 'literal',
    value: 0n,
    type: { kind: 'integer', bits: 32, signed: true },
    position: -1,
  };
  const partition = named(window.partition.length === 0 ? [constant] : window.partition, 'p');
  const order = named(
    window.order.map((item) => item.expression),
    'o',
  );
  const keyed = input.withColumns(
    ...[...partition, ...order].map((each) => lowerer.expression(each.expression, each.id)),
  );
  const by = [...partition, ...order].map((each) => d.expression(d.column(each.id)));
  const descending = [
    ...partition.map(() => false),
    ...window.order.map((item) => item.descending),
  ];
  const nullsLast = [
    ...partition.map(() => false),
    ...window.order.map((item) => !item.nullsFirst),
  ];
  const sorted =
    order.length > 0 || window.partition.length > 0
      ? keyed.sort(by as never, descending as never, nullsLast as never, true)
      : keyed;
  const keys = partition.map((each) => d.column(each.id));
  const within = (node: Dsl): Dsl => d.over(node, keys);
  const [row, rows, peer] = [`${tag}row`, `${tag}rows`, `${tag}peer`];
  const changed = order.map((each) =>
    d.binary('NotEqValidity', d.column(each.id), d.shift(d.column(each.id), 1)),
  );
  const first = d.binary('Eq', d.intRange(d.int64(0), d.len), d.int64(0));
  const newPeer = changed.length === 0 ? first : d.or(first, ...changed);
  const frame = sorted.withColumns(
    d.expression(within(d.intRange(d.int64(1), plus(d.cast(d.len, 'Int64'), 1))), row),
    d.expression(within(d.cast(d.len, 'Int64')), rows),
    d.expression(within(d.call({ CumSum: { reverse: false } }, d.cast(newPeer, 'Int64'))), peer),
  );
  const staged: Over['staged'] = [];
  return {
    frame,
    over: {
      staged,
      stage: (node) => {
        const id = `${tag}stage${staged.length}`;
        staged.push({ id, node });
        return d.column(id);
      },
      partition: keys,
      row: d.column(row),
      rows: d.column(rows),
      peer: d.column(peer),
      within,
      withinPeers: (node) => d.over(node, [...keys, d.column(peer)]),
    },
  };
}

const asFloat = (node: Dsl): Dsl => d.cast(node, 'Float64');

/** Buckets of as equal a size as can be, the first ones one larger. */
function ntile(over: Over, buckets: bigint): Dsl {
  const n = d.int64(buckets);
  const size = d.binary('FloorDivide', over.rows, n);
  const larger = d.binary('Modulus', over.rows, n);
  const edge = d.binary('Multiply', larger, plus(size, 1));
  const index = plus(over.row, -1);
  const one = d.call('MaxHorizontal', size, d.int64(1));
  const early = d.binary('FloorDivide', index, plus(size, 1));
  const late = d.binary(
    'Plus',
    larger,
    d.binary('FloorDivide', d.binary('Minus', index, edge), one),
  );
  return plus(d.ternary(d.binary('Lt', index, edge), early, late), 1);
}

function ranking(name: string, over: Over): Dsl {
  const rank = over.withinPeers(d.agg('Min', over.row));
  switch (name) {
    case 'row_number':
      return over.row;
    case 'rank':
      return rank;
    case 'dense_rank':
      return over.peer;
    case 'percent_rank': {
      const others = plus(over.rows, -1);
      const alone = d.binary('Eq', others, d.int64(0));
      return d.ternary(
        alone,
        d.float64(0),
        d.binary('TrueDivide', asFloat(plus(rank, -1)), asFloat(others)),
      );
    }
    default:
      return d.binary(
        'TrueDivide',
        asFloat(over.withinPeers(d.agg('Max', over.row))),
        asFloat(over.rows),
      );
  }
}

function offset(lowerer: Lowerer, window: WindowExpression, over: Over): Dsl {
  const [value, by, fallback] = window.args;
  const distance = by?.kind === 'literal' ? Number(by.value) : 1;
  const steps = window.name === 'lag' ? distance : -distance;
  const from = d.binary('Minus', over.row, d.int64(steps));
  const outside = d.or(d.binary('Lt', from, d.int64(1)), d.binary('Gt', from, over.rows));
  const shifted = over.within(d.shift(lowerer.dsl(value as Expression), steps));
  return fallback === undefined ? shifted : d.ternary(outside, lowerer.dsl(fallback), shifted);
}

const isConstant = (each: Expression | undefined): each is Expression =>
  each !== undefined && columnsOf(each).size === 0;

/** A constant has one row and a frame many: where a window goes over one it becomes a column. */
function spreadConstants(
  windows: readonly Named<WindowExpression>[],
  tag: string,
): { readonly windows: readonly Named<WindowExpression>[]; readonly made: Named<Expression>[] } {
  const made: Named<Expression>[] = [];
  const column = (of: Expression): Expression => {
    const id = `${tag}c${made.length}`;
    made.push({ id, expression: of });
    return { kind: 'column', id, name: id, type: of.type, position: of.position };
  };
  const spread = (window: WindowExpression): WindowExpression => {
    const [value, ...rest] = window.args;
    const args =
      isConstant(value) && window.name !== 'ntile' ? [column(value), ...rest] : window.args;
    return {
      ...window,
      args,
      filter: isConstant(window.filter) ? column(window.filter) : window.filter,
    };
  };
  return {
    windows: windows.map(({ id, expression }) => ({ id, expression: spread(expression) })),
    made,
  };
}

/** Undefined where the frame needs the general way. */
function lowerOne(lowerer: Lowerer, window: WindowExpression, over: Over): Dsl | undefined {
  if (/^(row_number|rank|dense_rank|percent_rank|cume_dist)$/.test(window.name))
    return ranking(window.name, over);
  if (window.name === 'lag' || window.name === 'lead')
    return window.ignoreNulls ? undefined : offset(lowerer, window, over);
  if (window.name === 'ntile') {
    const [buckets] = window.args;
    return ntile(over, buckets?.kind === 'literal' ? BigInt(buckets.value as bigint) : 1n);
  }
  return frameAggregate(lowerer, window, over);
}

/** Those that are expressions over the partition, and those whose frames need more than that. */
function sortedOut(
  lowerer: Lowerer,
  windows: readonly Named<WindowExpression>[],
  over: Over,
): [{ readonly id: string; readonly node: Dsl }[], Named<WindowExpression>[]] {
  const plain: { readonly id: string; readonly node: Dsl }[] = [];
  const others: Named<WindowExpression>[] = [];
  for (const window of windows) {
    const node = lowerOne(lowerer, window.expression, over);
    if (node === undefined) others.push(window);
    else plain.push({ id: window.id, node });
  }
  return [plain, others];
}

export function lowerWindow(lowerer: Lowerer, plan: Window): LazyFrame {
  let frame = lowerer.frame(plan.input);
  const groups = Map.groupBy(plan.windows, (window) => groupKey(window.expression));
  let index = 0;
  for (const windows of groups.values()) {
    const [first] = windows as [Named<WindowExpression>];
    const prepared = prepare(lowerer, frame, first.expression, `w${index}_`);
    const spread = spreadConstants(windows, `w${index}_`);
    const constants = spread.made.map(({ id, expression }) => lowerer.expression(expression, id));
    const rows = constants.length === 0 ? prepared.frame : prepared.frame.withColumns(...constants);
    const [plain, others] = sortedOut(lowerer, spread.windows, prepared.over);
    const lowered = plain.map(({ id, node }) => d.expression(node, id));
    const staged = prepared.over.staged.map(({ id, node }) => d.expression(node, id));
    frame = (staged.length === 0 ? rows : rows.withColumns(...staged)).withColumns(...lowered);
    if (others.length > 0) frame = rare().frames(lowerer, frame, `w${index}_`, others);
    index += 1;
  }
  return frame.select(...outputOf(plan));
}
