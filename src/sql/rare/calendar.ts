/** Intervals with months: structs of months, days and microseconds that move timestamps. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import * as t from '../types.ts';

const HOUR = 3_600_000_000;
const DAY = 24 * HOUR;
/** For comparisons and sums, as both engines count. */
const MONTH_DAYS = 30;

const int = (node: Dsl): Dsl => d.cast(node, 'Int64');
const plus = (a: Dsl, b: Dsl): Dsl => d.binary('Plus', a, b);
const minus = (a: Dsl, b: Dsl): Dsl => d.binary('Minus', a, b);
const times = (a: Dsl, b: number): Dsl => d.binary('Multiply', a, d.int64(b));
const over = (a: Dsl, b: number): Dsl => d.binary('FloorDivide', a, d.int64(b));
const rest = (a: Dsl, b: number): Dsl => d.binary('Modulus', a, d.int64(b));
const concat = (...nodes: readonly Dsl[]): Dsl =>
  d.stringCall({ ConcatHorizontal: { delimiter: '', ignore_nulls: false } }, ...nodes);
const text = (node: Dsl): Dsl => d.cast(node, 'String');
const isZero = (node: Dsl): Dsl => d.binary('Eq', node, d.int64(0));

export interface Parts {
  readonly months: Dsl;
  readonly days: Dsl;
  readonly micros: Dsl;
}

export const partsOf = (node: Dsl): Parts => ({
  months: d.field(node, 'months'),
  days: d.field(node, 'days'),
  micros: d.field(node, 'micros'),
});

export const fromParts = ({ months, days, micros }: Parts): Dsl =>
  d.ternary(
    d.or(d.isNull(months), d.isNull(days), d.isNull(micros)),
    d.nullOf(t.dtypeOf(t.CALENDAR)),
    d.struct([
      ['months', int(months)],
      ['days', int(days)],
      ['micros', int(micros)],
    ]),
  );

/** A duration has no months; its days are those of 24 hours. */
export function toCalendar(node: Dsl): Dsl {
  const micros = int(d.physical(node));
  const days = quotient(micros, DAY);
  return fromParts({
    months: d.ternary(d.isNull(micros), d.nullOf('Int64'), d.int64(0)),
    days,
    micros: minus(micros, times(days, DAY)),
  });
}

/** Toward zero. */
function quotient(node: Dsl, by: number): Dsl {
  const size = over(d.call('Abs', node), by);
  return d.ternary(d.binary('Lt', node, d.int64(0)), minus(d.int64(0), size), size);
}

/** "-1 days", "2 years": nothing at all for zero. */
function counted(node: Dsl, one: string, many: string): Dsl {
  const unit = d.ternary(
    d.binary('Eq', d.call('Abs', node), d.int64(1)),
    d.text(` ${one} `),
    d.text(` ${many} `),
  );
  return d.ternary(isZero(node), d.text(''), concat(text(node), unit));
}

/** "04:05:06.5" of microseconds; nothing for zero beside other parts. */
function clockText(micros: Dsl): Dsl {
  const size = d.call('Abs', micros);
  const two = (node: Dsl): Dsl => d.stringCall('ZFill', text(node), d.int64(2));
  const fraction = d.stringCall('ZFill', text(rest(size, 1_000_000)), d.int64(6));
  const digits = d.stringCall('StripCharsEnd', fraction, d.text('0'));
  const point = d.ternary(
    d.binary('Eq', digits, d.text('')),
    d.text(''),
    concat(d.text('.'), digits),
  );
  return concat(
    d.ternary(d.binary('Lt', micros, d.int64(0)), d.text('-'), d.text('')),
    two(over(size, HOUR)),
    d.text(':'),
    two(rest(over(size, 60_000_000), 60)),
    d.text(':'),
    two(rest(over(size, 1_000_000), 60)),
    point,
  );
}

function textOf(years: Dsl, months: Dsl, days: Dsl, micros: Dsl): Dsl {
  const calendar = concat(
    counted(years, 'year', 'years'),
    counted(months, 'month', 'months'),
    counted(days, 'day', 'days'),
  );
  const none = d.binary('Eq', calendar, d.text(''));
  const clock = d.ternary(d.and(isZero(micros), d.not(none)), d.text(''), clockText(micros));
  return d.stringCall('StripCharsEnd', concat(calendar, clock), d.text(' '));
}

export function calendarText(node: Dsl): Dsl {
  const { months, days, micros } = partsOf(node);
  const years = quotient(months, 12);
  return textOf(years, minus(months, times(years, 12)), days, micros);
}

export function durationText(node: Dsl): Dsl {
  const micros = int(d.physical(node));
  const days = quotient(micros, DAY);
  return textOf(times(days, 0), times(days, 0), days, minus(micros, times(days, DAY)));
}

/** Microseconds with months of 30 days: what intervals are compared by. */
export function comparable(node: Dsl): Dsl {
  const { months, days, micros } = partsOf(node);
  return plus(times(plus(times(months, MONTH_DAYS), days), DAY), micros);
}

/** A timestamp moved by months (to the month's last day at most), then days, then time. */
export function moveBy(stamp: Dsl, by: Parts, sign: 1 | -1): Dsl {
  const offset = (amount: Dsl, unit: string): Dsl =>
    concat(text(sign === 1 ? int(amount) : minus(d.int64(0), int(amount))), d.text(unit));
  return [offset(by.months, 'mo'), offset(by.days, 'd'), offset(by.micros, 'us')].reduce(
    (moved, each) => d.timeCall('OffsetBy', moved, each),
    stamp,
  );
}
