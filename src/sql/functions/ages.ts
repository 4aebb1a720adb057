/** How far moments are apart: age(), date_sub(), and the fields of calendar intervals. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import { fromParts, moveBy, partsOf } from '../rare/calendar.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { arg, type FunctionTable, literalOf, type ScalarFunction } from './function.ts';
import { divideFloats, truncatedDivide } from './numbers.ts';
import { partName } from './time/parts.ts';

const int = (node: Dsl): Dsl => d.cast(node, 'Int64');
const plus = (a: Dsl, b: Dsl): Dsl => d.binary('Plus', a, b);
const minus = (a: Dsl, b: Dsl): Dsl => d.binary('Minus', a, b);
const times = (a: Dsl, b: number): Dsl => d.binary('Multiply', a, d.int64(b));
const over = (a: Dsl, b: number): Dsl => d.binary('FloorDivide', a, d.int64(b));
const micros = (node: Dsl): Dsl => int(d.physical(d.cast(node, t.dtypeOf(t.TIMESTAMP))));

const isMoment = (type: SqlType | undefined): boolean =>
  type?.kind === 'date' || type?.kind === 'timestamp' || type?.kind === 'null';

export const UNIT_MONTHS: Readonly<Record<string, number>> = {
  month: 1,
  quarter: 3,
  year: 12,
  decade: 120,
  century: 1200,
  millennium: 12_000,
};
export const UNIT_MICROS: Readonly<Record<string, number>> = {
  microsecond: 1,
  millisecond: 1e3,
  second: 1e6,
  minute: 60e6,
  hour: 3600e6,
  day: 86_400e6,
  week: 7 * 86_400e6,
};

/** Whole months from one moment to another, toward zero: the day must have come round. */
function wholeMonths(from: Dsl, to: Dsl): Dsl {
  const field = (node: Dsl, name: string): Dsl => int(d.timeCall(name, node));
  const index = (node: Dsl): Dsl => plus(times(field(node, 'Year'), 12), field(node, 'Month'));
  const crossed = minus(index(to), index(from));
  const zero = d.int64(0);
  const parts = (months: Dsl): Dsl => moveBy(from, { months, days: zero, micros: zero }, 1);
  const landed = parts(crossed);
  const early = d.and(d.binary('Gt', crossed, zero), d.binary('Gt', landed, to));
  const late = d.and(d.binary('Lt', crossed, zero), d.binary('Lt', landed, to));
  return d.ternary(
    early,
    minus(crossed, d.int64(1)),
    d.ternary(late, plus(crossed, d.int64(1)), crossed),
  );
}

/** Complete units between two moments. */
const dateSub: ScalarFunction = {
  usage: "date_sub('part', start, end)",
  resolve: ([, b, c], args) => {
    const part = partName(literalOf(args[0]));
    if (part === undefined || !(part in UNIT_MONTHS || part in UNIT_MICROS))
      return 'unknown date part';
    return isMoment(b) && isMoment(c)
      ? { args: [t.TEXT, t.TIMESTAMP, t.TIMESTAMP], type: t.INT64 }
      : undefined;
  },
  lower: (args, call) => {
    const part = partName(literalOf(call.args[0])) ?? 'day';
    const [from, to] = [arg(args, 1), arg(args, 2)];
    const months = UNIT_MONTHS[part];
    if (months !== undefined)
      return truncatedDivide(wholeMonths(from, to), d.int64(months), 'Int64');
    const size = UNIT_MICROS[part] ?? 1;
    return truncatedDivide(minus(micros(to), micros(from)), d.int64(size), 'Int64');
  },
};

/** Field by field, borrowing from the month of the earlier moment, as PostgreSQL's age(). */
const age: ScalarFunction = {
  usage: 'age(timestamp, timestamp)',
  resolve: ([a, b]) =>
    isMoment(a) && isMoment(b) ? { args: [t.TIMESTAMP, t.TIMESTAMP], type: t.CALENDAR } : undefined,
  lower: (args) => {
    const [a, b] = [arg(args, 0), arg(args, 1)];
    const swapped = d.binary('Lt', a, b);
    const [late, early] = [d.ternary(swapped, b, a), d.ternary(swapped, a, b)];
    const months = wholeBorrowing(late, early);
    const sign = d.ternary(swapped, d.int64(-1), d.int64(1));
    const signed = (node: Dsl): Dsl => d.binary('Multiply', node, sign);
    return fromParts({
      months: signed(months.months),
      days: signed(months.days),
      micros: signed(months.micros),
    });
  },
};

function wholeBorrowing(late: Dsl, early: Dsl): { months: Dsl; days: Dsl; micros: Dsl } {
  const field = (node: Dsl, name: string): Dsl => int(d.timeCall(name, node));
  const clock = (node: Dsl): Dsl =>
    minus(micros(node), times(over(micros(node), 86_400e6), 86_400e6));
  const rest = minus(clock(late), clock(early));
  const isShort = d.binary('Lt', rest, d.int64(0));
  const time = d.ternary(isShort, plus(rest, d.int64(86_400e6)), rest);
  const days = minus(minus(field(late, 'Day'), field(early, 'Day')), d.cast(isShort, 'Int64'));
  const needsMonth = d.binary('Lt', days, d.int64(0));
  const inMonth = int(d.timeCall('DaysInMonth', early));
  const index = (node: Dsl): Dsl => plus(times(field(node, 'Year'), 12), field(node, 'Month'));
  return {
    months: minus(minus(index(late), index(early)), d.cast(needsMonth, 'Int64')),
    days: d.ternary(needsMonth, plus(days, inMonth), days),
    micros: time,
  };
}

/** A field of a calendar interval. */
export function calendarField(part: string, node: Dsl): Dsl {
  const { months, days, micros: clock } = partsOf(node);
  const zero = d.int64(0);
  const whole = (value: Dsl, by: number): Dsl => truncatedDivide(value, d.int64(by), 'Int64');
  const rest = (value: Dsl, by: number): Dsl =>
    minus(value, d.binary('Multiply', whole(value, by), d.int64(by)));
  switch (part) {
    case 'year':
      return whole(months, 12);
    case 'month':
      return rest(months, 12);
    case 'quarter':
      return plus(whole(rest(months, 12), 3), d.int64(1));
    case 'decade':
      return whole(months, 120);
    case 'century':
      return whole(months, 1200);
    case 'millennium':
      return whole(months, 12_000);
    case 'day':
      return days;
    case 'hour':
      return whole(clock, 3600e6);
    case 'minute':
      return whole(rest(clock, 3600e6), 60e6);
    case 'second':
      return whole(rest(clock, 60e6), 1e6);
    case 'millisecond':
      return whole(rest(clock, 60e6), 1e3);
    case 'microsecond':
      return rest(clock, 60e6);
    case 'epoch': {
      // A year has 365.25 days here, a month 30, as in PostgreSQL.
      const years = times(whole(months, 12), 31_557_600);
      const shorter = plus(times(rest(months, 12), 2_592_000), times(days, 86_400));
      const seconds = divideFloats(d.cast(clock, 'Float64'), d.float64(1e6));
      return plus(d.cast(plus(years, shorter), 'Float64'), seconds);
    }
    default:
      return zero;
  }
}

export const AGES: FunctionTable = { age, date_sub: dateSub };
