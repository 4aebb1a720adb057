/** The integer that a rolling window goes by, and the frame's bounds in its units. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { collect, type DataFrame } from '../../compute/polars.ts';
import type { Interval, WindowExpression } from '../ir.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';

const DAY = 86_400_000_000n;

export const microsOf = (by: Interval): bigint => BigInt(by.days) * DAY + by.micros;

/** The ordering value as an integer, rising in the order of the rows; NULL where it is NULL. */
export function orderIndex(tag: string, type: SqlType, descending: boolean): Dsl {
  const key = d.column(`${tag}o0`);
  const raw =
    type.kind === 'date'
      ? d.physical(d.cast(key, t.dtypeOf(t.TIMESTAMP)))
      : type.kind === 'timestamp'
        ? d.physical(d.cast(key, t.dtypeOf({ ...type, unit: 'us' })))
        : type.kind === 'time' || type.kind === 'interval'
          ? d.physical(key)
          : key;
  const index = d.cast(raw, 'Int64', true);
  return descending ? d.binary('Minus', d.int64(0), index) : index;
}

/** A distance in the index's units; one between two values is the one before. */
function distance(by: number, interval: Interval | undefined, type: SqlType): bigint {
  if (interval !== undefined) return microsOf(interval) * (type.kind === 'time' ? 1000n : 1n);
  const scale = type.kind === 'decimal' ? 10 ** type.scale : type.kind === 'date' ? Number(DAY) : 1;
  const size = BigInt(Math.floor(Math.abs(by) * scale + 1e-9));
  return by < 0 ? -size : size;
}

interface Rolling {
  readonly index: Dsl;
  readonly start: bigint;
  readonly end: bigint;
}

/** How far the index reaches within the frame: what "unbounded" comes to. */
function reachOf(frame: DataFrame, index: Dsl): bigint {
  const span = d.binary('Minus', d.agg('Max', index), d.agg('Min', index));
  const text = d.cast(d.coalesce(span, d.int64(0)), 'String');
  const [[reach]] = collect(frame.lazy().select(d.expression(text, 'reach'))).rows() as [[string]];
  return BigInt(reach) + 1n;
}

export function rollingIndex(frame: DataFrame, tag: string, window: WindowExpression): Rolling {
  const { unit, start, end, startBy, endBy } = window.frame;
  const [item] = window.order;
  const byValue = unit === 'range' && ((start ?? 0) !== 0 || (end ?? 0) !== 0);
  const index = byValue
    ? orderIndex(tag, item?.expression.type ?? t.INT64, item?.descending === true)
    : d.column(`${tag}${unit === 'rows' ? 'row' : 'peer'}`);
  const type = item?.expression.type ?? t.INT64;
  const reach = reachOf(frame, index);
  const bound = (by: number | undefined, interval: Interval | undefined, open: bigint): bigint => {
    if (by === undefined) return open;
    return byValue ? distance(by, interval, type) : BigInt(by);
  };
  return { index, start: bound(start, startBy, -reach), end: bound(end, endBy, reach) };
}
