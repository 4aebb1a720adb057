/**
 * Frames written out: each row with every row of its frame. For EXCLUDE, and for RANGE by what is no
 * whole number (doubles, months), whose bounds are found by sorting them among the values.
 */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { collect, type DataFrame, type LazyFrame } from '../../compute/polars.ts';
import { NairobiError } from '../../errors.ts';
import type { Interval, Named, WindowExpression } from '../ir.ts';
import { concat } from '../lower/concat.ts';
import type { Lowerer } from '../lower/plan.ts';
import * as t from '../types.ts';
import { moveBy } from './calendar.ts';
import { frameValue, ofNothing, startsPartition } from './frame-value.ts';

const MAX_PAIRS = 100_000_000;
const AT = 'pair_at';
const POSITION = 'pair_position';
const [LOW, HIGH] = ['pair_low', 'pair_high'];

const isWhole = (by: Interval | undefined): boolean => by === undefined || by.months === 0;

/** True where a rolling window cannot do it. */
export function isPaired({ frame, order }: WindowExpression): boolean {
  if (frame.exclude !== undefined) return true;
  const byValue = frame.unit === 'range' && ((frame.start ?? 0) !== 0 || (frame.end ?? 0) !== 0);
  const isFloat = order[0]?.expression.type.kind === 'float';
  return byValue && (isFloat || !isWhole(frame.startBy) || !isWhole(frame.endBy));
}

const plus = (a: Dsl, b: Dsl): Dsl => d.binary('Plus', a, b);
const minus = (a: Dsl, b: Dsl): Dsl => d.binary('Minus', a, b);

/** The ordering value moved by the frame's distance, in the rows' direction. */
function moved(tag: string, window: WindowExpression, edge: 'start' | 'end'): Dsl {
  const { frame, order } = window;
  const [item] = order;
  const key = d.column(`${tag}o0`);
  const sign = item?.descending === true ? -1 : 1;
  const by = edge === 'start' ? frame.startBy : frame.endBy;
  if (by !== undefined) {
    const type = item?.expression.type;
    const stamp = type?.kind === 'date' ? d.cast(key, t.dtypeOf(t.TIMESTAMP)) : key;
    const parts = {
      months: d.int64(by.months),
      days: d.int64(by.days),
      micros: d.int64(by.micros),
    };
    return moveBy(stamp, parts, sign);
  }
  const distance = (frame[edge] ?? 0) * sign;
  const type = item?.expression.type;
  if (type?.kind === 'float') return plus(key, d.float64(distance));
  const scale = type?.kind === 'decimal' ? 10 ** type.scale : 1;
  return plus(key, d.cast(d.int64(Math.trunc(distance * scale)), 'Int128'));
}

/** How many rows of the partition come before the moved value (or before and at it). */
function placed(
  rows: LazyFrame,
  tag: string,
  window: WindowExpression,
  edge: 'start' | 'end',
): LazyFrame {
  const [item] = window.order;
  const side = edge === 'start' ? 0 : 2;
  const key = d.column(`${tag}o0`);
  const value = item?.expression.type.kind === 'date' ? d.cast(key, t.dtypeOf(t.TIMESTAMP)) : key;
  const known = rows.filter(d.expression(d.isNotNull(key)));
  const pick = (node: Dsl, kind: number): LazyFrame =>
    known.select(
      d.expression(d.column('partition')),
      d.expression(node, 'value'),
      d.expression(d.int64(kind), 'kind'),
      d.expression(d.column(POSITION)),
    );
  const all = concat([pick(value, 1), pick(moved(tag, window, edge), side)]).sort(
    ['partition', 'value', 'kind'].map((name) => d.expression(d.column(name))) as never,
    [false, item?.descending === true, false] as never,
  );
  const before = d.over(
    d.call(
      { CumSum: { reverse: false } },
      d.cast(d.binary('Eq', d.column('kind'), d.int64(1)), 'Int64'),
    ),
    [d.column('partition')],
  );
  return all
    .withColumns(d.expression(before, 'before'))
    .filter(d.expression(d.binary('NotEq', d.column('kind'), d.int64(1))))
    .select(d.expression(d.column(POSITION)), d.expression(d.column('before'), edge));
}

const clamp = (node: Dsl, low: Dsl, high: Dsl): Dsl =>
  d.call('MinHorizontal', d.call('MaxHorizontal', node, low), high);

/** [low, high) of each row's frame, as positions in the whole. */
function bounds(rows: LazyFrame, tag: string, window: WindowExpression): LazyFrame {
  const { unit, start, end } = window.frame;
  const within = (node: Dsl, ...more: readonly string[]): Dsl =>
    d.over(node, ['partition', ...more].map(d.column));
  const position = d.column(POSITION);
  const [first, past] = [
    within(d.agg('Min', position)),
    plus(within(d.agg('Max', position)), d.int64(1)),
  ];
  const sized = rows.withColumns(
    d.expression(first, 'first'),
    d.expression(past, 'past'),
    d.expression(within(d.agg('Min', position), `${tag}peer`), 'peer_first'),
    d.expression(plus(within(d.agg('Max', position), `${tag}peer`), d.int64(1)), 'peer_past'),
  );
  const [low, high] = [d.column('first'), d.column('past')];
  if (unit === 'rows') {
    const from = start === undefined ? low : plus(position, d.int64(start));
    const to = end === undefined ? high : plus(position, d.int64(end + 1));
    return sized.withColumns(
      d.expression(clamp(from, low, high), LOW),
      d.expression(clamp(to, low, high), HIGH),
    );
  }
  if (unit === 'groups') return byGroups(sized, tag, window);
  const edges = (['start', 'end'] as const).filter((edge) => (window.frame[edge] ?? 0) !== 0);
  const joined = edges.reduce(
    (frame, edge) =>
      frame.join(placed(sized, tag, window, edge), {
        leftOn: [POSITION],
        rightOn: [POSITION],
        how: 'left',
      } as never),
    sized,
  );
  // NULLs stand before the values or after them; among themselves they are peers.
  const isNull = d.isNull(d.column(`${tag}o0`));
  const nullsBefore = within(
    d.agg('Sum', d.cast(d.and(isNull, d.bool(window.order[0]?.nullsFirst === true)), 'Int64')),
  );
  const at = (edge: 'start' | 'end', own: string, open: Dsl): Dsl => {
    const by = window.frame[edge];
    if (by === undefined) return open;
    if (by === 0) return d.column(own);
    const counted = plus(plus(d.column('first'), nullsBefore), d.column(edge));
    return d.ternary(isNull, d.column(own), counted);
  };
  return joined
    .withColumns(d.expression(nullsBefore, 'nulls_before'))
    .withColumns(
      d.expression(at('start', 'peer_first', low), LOW),
      d.expression(at('end', 'peer_past', high), HIGH),
    );
}

/** By the first and last row of the group so many groups away. */
function byGroups(sized: LazyFrame, tag: string, window: WindowExpression): LazyFrame {
  const { start, end } = window.frame;
  const peer = `${tag}peer`;
  const groups = sized
    .groupBy(['partition', peer] as never)
    .agg(
      d.expression(d.agg('First', d.column('peer_first')), 'group_first'),
      d.expression(d.agg('First', d.column('peer_past')), 'group_past'),
    );
  const at = (frame: LazyFrame, by: number | undefined, name: string, edge: string): LazyFrame => {
    if (by === undefined) return frame;
    const wanted = plus(d.column(peer), d.int64(by));
    return frame
      .withColumns(d.expression(wanted, 'wanted'))
      .join(
        groups.select(
          d.expression(d.column('partition')),
          d.expression(d.column(peer), 'wanted'),
          d.expression(d.column(edge), name),
        ),
        { leftOn: ['partition', 'wanted'], rightOn: ['partition', 'wanted'], how: 'left' } as never,
      );
  };
  const from = at(sized, start, 'from', 'group_first');
  const both = at(from, end, 'to', 'group_past');
  const [first, past] = [d.column('first'), d.column('past')];
  // A group that is not there lies before the first or after the last.
  const low = start === undefined ? first : d.coalesce(d.column('from'), start < 0 ? first : past);
  const high = end === undefined ? past : d.coalesce(d.column('to'), end < 0 ? first : past);
  return both.withColumns(d.expression(low, LOW), d.expression(high, HIGH));
}

const EXCLUDED: Readonly<Record<string, (same: Dsl, peers: Dsl) => Dsl>> = {
  'current row': (same) => d.not(same),
  group: (_, peers) => d.not(peers),
  ties: (same, peers) => d.or(same, d.not(peers)),
};

export function framePairs(
  lowerer: Lowerer,
  frame: DataFrame,
  tag: string,
  { id, expression }: Named<WindowExpression>,
): ReturnType<DataFrame['getColumn']> {
  const rows = frame
    .lazy()
    .withColumns(
      d.expression(d.call({ CumSum: { reverse: false } }, startsPartition(tag)), 'partition'),
      d.expression(d.intRange(d.int64(0), d.len), POSITION),
    );
  const bounded = collect(bounds(rows, tag, expression)).lazy();
  const size = d.call('MaxHorizontal', minus(d.column(HIGH), d.column(LOW)), d.int64(0));
  const total = d.cast(d.coalesce(d.agg('Sum', size), d.int64(0)), 'Float64');
  const [[pairs]] = collect(bounded.select(d.expression(total, 'pairs'))).rows() as [[number]];
  if (pairs > MAX_PAIRS)
    throw new NairobiError(
      'MEMORY_LIMIT',
      `The frames of ${expression.name}() hold ${pairs} rows`,
      {
        hint: 'use a narrower frame, or one without EXCLUDE',
      },
    );
  const range = d.call(
    { Range: { IntRanges: { dtype: { Literal: 'Int64' } } } },
    d.column(LOW),
    plus(d.column(LOW), size),
    d.int64(1),
  );
  const peer = `${tag}peer`;
  const links = bounded
    .filter(d.expression(d.binary('Gt', size, d.int64(0))))
    .select(
      d.expression(d.column(POSITION), 'of'),
      d.expression(d.column(peer), 'of_peer'),
      d.expression(range, AT),
    )
    .explode(AT as never);
  let met = links.join(rows, { leftOn: [AT], rightOn: [POSITION], how: 'inner' } as never);
  const exclude = EXCLUDED[expression.frame.exclude ?? ''];
  if (exclude !== undefined) {
    const same = d.binary('Eq', d.column(AT), d.column('of'));
    const peers = d.binary('Eq', d.column(peer), d.column('of_peer'));
    met = met.filter(d.expression(exclude(same, peers)));
  }
  const ordered = met.sort(['of', AT].map((name) => d.expression(d.column(name))) as never);
  const made = ordered
    .groupBy(['of'] as never, true as never)
    .agg(d.expression(frameValue(lowerer, expression), id));
  const nothing = ofNothing(expression);
  const found = rows
    .select(d.expression(d.column(POSITION)))
    .join(made, { leftOn: [POSITION], rightOn: ['of'], how: 'left' } as never)
    .sort(d.expression(d.column(POSITION)) as never);
  const counts = d.coalesce(d.column(id), nothing);
  return collect(found.select(d.expression(counts, id))).getColumn(id);
}
