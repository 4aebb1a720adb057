/** Dates and times that few queries make: from their parts and from epochs, and spans of time. */
import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { CallExpression } from '../ir.ts';
import { comparable, fromParts, moveBy, partsOf, toCalendar } from '../rare/calendar.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { AGES, UNIT_MICROS, UNIT_MONTHS } from './ages.ts';
import { arg, type FunctionTable, fixed, literalOf, type ScalarFunction } from './function.ts';
import { partName } from './time/parts.ts';

const int = (node: Dsl): Dsl => d.cast(node, 'Int64');
const plus = (a: Dsl, b: Dsl): Dsl => d.binary('Plus', a, b);
const minus = (a: Dsl, b: Dsl): Dsl => d.binary('Minus', a, b);
const times = (a: Dsl, b: number): Dsl => d.binary('Multiply', a, d.int64(b));
const over = (a: Dsl, b: number): Dsl => d.binary('FloorDivide', a, d.int64(b));
const stampOf = (micros: Dsl): Dsl => d.cast(int(micros), t.dtypeOf(t.TIMESTAMP));
const micros = (node: Dsl): Dsl => int(d.physical(d.cast(node, t.dtypeOf(t.TIMESTAMP))));
const rounded = (node: Dsl): Dsl =>
  int(d.call({ Round: { decimals: 0, mode: 'HalfToEven' } }, node));

const isMoment = (type: SqlType | undefined): boolean =>
  type?.kind === 'date' || type?.kind === 'timestamp' || type?.kind === 'null';

/** A moment as a count of units since 1970. */
const epochIn = (name: string, from: (micros: Dsl) => Dsl): ScalarFunction => ({
  usage: `${name}(timestamp)`,
  resolve: ([a]) => {
    if (a?.kind === 'timestamp') return { args: [{ ...a, unit: 'us' }], type: t.INT64 };
    return isMoment(a) ? { args: [t.TIMESTAMP], type: t.INT64 } : undefined;
  },
  lower: (args) => from(int(d.physical(arg(args, 0)))),
});

/** `amount` units: months and longer are calendar intervals, the others durations. */
function spanOf(amount: Dsl, unit: string): Dsl {
  const months = UNIT_MONTHS[unit];
  if (months === undefined) {
    const size = UNIT_MICROS[unit] ?? 1;
    return d.cast(times(int(amount), size), t.dtypeOf(t.INTERVAL));
  }
  const zero = minus(int(amount), int(amount));
  return fromParts({ months: times(int(amount), months), days: zero, micros: zero });
}

const spanType = (unit: string): SqlType => (unit in UNIT_MONTHS ? t.CALENDAR : t.INTERVAL);

const toUnits = (name: string, unit: string): ScalarFunction => ({
  usage: `${name}(number)`,
  resolve: (types) => (types.length === 1 ? { args: [t.INT64], type: spanType(unit) } : undefined),
  lower: (args) => spanOf(arg(args, 0), unit),
});

/** INTERVAL (n) DAY. */
const intervalOf: ScalarFunction = {
  usage: 'INTERVAL (number) unit',
  resolve: (types, args) => {
    const unit = partName(literalOf(args[1]));
    if (types.length !== 2 || unit === undefined) return undefined;
    return { args: [t.INT64, t.TEXT], type: spanType(unit) };
  },
  lower: (args, call) => spanOf(arg(args, 0), partName(literalOf(call.args[1])) ?? 'day'),
};

/** make_timestamp(y, mo, d, h, mi, s) or of microseconds since 1970. */
const makeTimestamp: ScalarFunction = {
  usage: 'make_timestamp(year, month, day, hour, minute, second)',
  resolve: (types) => {
    if (types.length === 1) return { args: [t.INT64], type: t.TIMESTAMP };
    return types.length === 6
      ? { args: [t.INT64, t.INT64, t.INT64, t.INT64, t.INT64, t.FLOAT64], type: t.TIMESTAMP }
      : undefined;
  },
  lower: (args) => {
    if (args.length === 1) return stampOf(arg(args, 0));
    const date = d.timeCall(
      { DatetimeFunction: { time_unit: 'Microseconds', time_zone: null } },
      d.cast(arg(args, 0), 'Int32'),
      d.cast(arg(args, 1), 'Int8'),
      d.cast(arg(args, 2), 'Int8'),
      ...Array.from({ length: 4 }, () => d.int64(0)),
      d.text('raise'),
    );
    return stampOf(plus(micros(date), clockMicros(arg(args, 3), arg(args, 4), arg(args, 5))));
  },
};

const clockMicros = (hour: Dsl, minute: Dsl, second: Dsl): Dsl =>
  plus(
    plus(times(hour, 3600e6), times(minute, 60e6)),
    rounded(d.binary('Multiply', second, d.float64(1e6))),
  );

/** A time of day goes round at midnight. */
export function moveTime(time: Dsl, span: Dsl, sign: 1 | -1): Dsl {
  const nanos = int(d.physical(time));
  const by = times(int(d.physical(span)), 1000 * sign);
  const day = 86_400e9;
  const sum = plus(nanos, by);
  return d.cast(minus(sum, times(over(sum, day), day)), 'Time');
}

const calendarOperator = (
  usage: string,
  lower: (a: Dsl, b: Dsl, call: CallExpression) => Dsl,
  types: readonly SqlType[],
): ScalarFunction => ({
  usage,
  resolve: () => ({ args: types, type: t.CALENDAR }),
  lower: (args, call) => lower(arg(args, 0), arg(args, 1), call),
});

export const MORE_TIMES: FunctionTable = {
  ...AGES,
  '@interval': intervalOf,
  to_microseconds: toUnits('to_microseconds', 'microsecond'),
  to_milliseconds: toUnits('to_milliseconds', 'millisecond'),
  to_seconds: toUnits('to_seconds', 'second'),
  to_minutes: toUnits('to_minutes', 'minute'),
  to_hours: toUnits('to_hours', 'hour'),
  to_days: toUnits('to_days', 'day'),
  to_weeks: toUnits('to_weeks', 'week'),
  to_months: toUnits('to_months', 'month'),
  to_quarters: toUnits('to_quarters', 'quarter'),
  to_years: toUnits('to_years', 'year'),
  to_decades: toUnits('to_decades', 'decade'),
  epoch_us: epochIn('epoch_us', (node) => node),
  epoch_ns: {
    usage: 'epoch_ns(timestamp)',
    resolve: ([a]) => {
      if (a?.kind === 'timestamp') return { args: [a], type: t.INT64 };
      return isMoment(a) ? { args: [t.TIMESTAMP], type: t.INT64 } : undefined;
    },
    lower: (args, call) => {
      const type = call.args[0]?.type;
      const unit = type?.kind === 'timestamp' ? type.unit : 'us';
      const size = { ms: 1e6, us: 1e3, ns: 1 }[unit];
      return times(int(d.physical(arg(args, 0))), size);
    },
  },
  make_timestamp: makeTimestamp,
  make_timestamp_ms: fixed('make_timestamp_ms(milliseconds)', [t.INT64], t.TIMESTAMP, (a) =>
    stampOf(times(a, 1000)),
  ),
  make_timestamp_ns: fixed(
    'make_timestamp_ns(nanoseconds)',
    [t.INT64],
    { kind: 'timestamp', unit: 'ns', zone: undefined },
    (a) => d.cast(a, { Datetime: ['Nanoseconds', null] }),
  ),
  make_time: fixed(
    'make_time(hour, minute, second)',
    [t.INT64, t.INT64, t.FLOAT64],
    t.TIME,
    (h, m, s) => d.cast(times(clockMicros(h, m, s), 1000), 'Time'),
  ),
  /** A moment moved by a calendar interval; the sign is the operator's. */
  '@move': {
    usage: 'timestamp + interval',
    resolve: () => undefined,
    lower: (args, call) =>
      moveBy(arg(args, 0), partsOf(arg(args, 1)), literalOf(call.args[2]) === -1n ? -1 : 1),
  },
  '@move time': {
    usage: 'time + interval',
    resolve: () => undefined,
    lower: (args, call) =>
      moveTime(arg(args, 0), arg(args, 1), literalOf(call.args[2]) === -1n ? -1 : 1),
  },
  '@add calendars': calendarOperator(
    'interval + interval',
    (a, b, call) => {
      const [x, y] = [partsOf(a), partsOf(b)];
      const join = literalOf(call.args[2]) === -1n ? minus : plus;
      return fromParts({
        months: join(x.months, y.months),
        days: join(x.days, y.days),
        micros: join(x.micros, y.micros),
      });
    },
    [t.CALENDAR, t.CALENDAR],
  ),
  '@scale calendar': calendarOperator(
    'interval * number',
    (a, b) => {
      const x = partsOf(a);
      const scaled = (node: Dsl): Dsl => d.binary('Multiply', node, int(b));
      return fromParts({
        months: scaled(x.months),
        days: scaled(x.days),
        micros: scaled(x.micros),
      });
    },
    [t.CALENDAR, t.INT64],
  ),
  /** Intervals compare by their length, months as 30 days. */
  '@length': {
    usage: 'interval',
    resolve: () => undefined,
    lower: (args) => comparable(arg(args, 0)),
  },
  '@calendar': {
    usage: 'interval',
    resolve: () => undefined,
    lower: (args) => toCalendar(arg(args, 0)),
  },
};

export const MORE_TIME_ALIASES: Readonly<Record<string, string>> = { datesub: 'date_sub' };
