/** Dates and times. Fields of a timestamptz are read in the session's zone: the binder converts. */

import type { Dsl } from '../../compute/dsl.ts';
import * as d from '../../compute/dsl.ts';
import type { CallExpression, Interval } from '../ir.ts';
import { rare } from '../rare.ts';
import type { SqlType } from '../types.ts';
import * as t from '../types.ts';
import { arg, type FunctionTable, fixed, literalOf, type ScalarFunction } from './function.ts';
import { divideFloats, truncatedDivide } from './numbers.ts';

const int = (node: Dsl): Dsl => d.cast(node, 'Int64');
const field =
  (variant: string) =>
  (node: Dsl): Dsl =>
    int(d.timeCall(variant, node));
const plus = (a: Dsl, b: number): Dsl => d.binary('Plus', a, d.int64(b));
const times = (a: Dsl, b: number): Dsl => d.binary('Multiply', a, d.int64(b));
const floorDivide = (a: Dsl, b: number): Dsl => d.binary('FloorDivide', a, d.int64(b));
const micros = (node: Dsl, from: SqlType): Dsl =>
  int(
    d.physical(
      d.cast(
        node,
        from.kind === 'date'
          ? t.dtypeOf(t.TIMESTAMP)
          : t.dtypeOf({ kind: 'timestamp', unit: 'us', zone: zoneOf(from) }),
      ),
    ),
  );
const zoneOf = (type: SqlType): string | undefined =>
  type.kind === 'timestamp' ? type.zone : undefined;

const second = field('Second');
const fraction = (node: Dsl, perSecond: number): Dsl =>
  d.binary(
    'Plus',
    times(second(node), perSecond),
    d.binary('FloorDivide', field('Nanosecond')(node), d.int64(1_000_000_000 / perSecond)),
  );
const year = field('Year');
const week = field('Week');
const isoYear = field('IsoYear');

/** Fields that need a time of day answer 0 for a date. */
const CLOCK = new Set(['hour', 'minute', 'second', 'millisecond', 'microsecond']);

export const FIELDS: Readonly<Record<string, (node: Dsl, type: SqlType) => Dsl>> = {
  year,
  quarter: field('Quarter'),
  month: field('Month'),
  week,
  day: field('Day'),
  hour: field('Hour'),
  minute: field('Minute'),
  second,
  millisecond: (node) => fraction(node, 1000),
  microsecond: (node) => fraction(node, 1_000_000),
  doy: field('OrdinalDay'),
  isodow: field('WeekDay'),
  dow: (node) => d.binary('Modulus', field('WeekDay')(node), d.int64(7)),
  isoyear: isoYear,
  yearweek: (node) => d.binary('Plus', times(isoYear(node), 100), week(node)),
  decade: (node) => floorDivide(year(node), 10),
  century: (node) => plus(floorDivide(plus(year(node), -1), 100), 1),
  millennium: (node) => plus(floorDivide(plus(year(node), -1), 1000), 1),
  era: (node) => d.cast(d.binary('Gt', year(node), d.int64(0)), 'Int64'),
  epoch: (node, type) => divideFloats(d.cast(micros(node, type), 'Float64'), d.float64(1e6)),
  /** Days since noon of 1 January 4713 BC, with the part of the day gone by. */
  julian: (node, type) =>
    d.binary(
      'Plus',
      divideFloats(d.cast(micros(node, type), 'Float64'), d.float64(86_400e6)),
      d.float64(2_440_588),
    ),
};

const FIELD_ALIASES: Readonly<Record<string, string>> = {
  y: 'year',
  yr: 'year',
  years: 'year',
  mon: 'month',
  months: 'month',
  quarters: 'quarter',
  weeks: 'week',
  weekofyear: 'week',
  days: 'day',
  d: 'day',
  dayofmonth: 'day',
  hours: 'hour',
  h: 'hour',
  hr: 'hour',
  minutes: 'minute',
  m: 'minute',
  min: 'minute',
  seconds: 'second',
  s: 'second',
  sec: 'second',
  milliseconds: 'millisecond',
  ms: 'millisecond',
  microseconds: 'microsecond',
  us: 'microsecond',
  dayofyear: 'doy',
  dayofweek: 'dow',
  weekday: 'dow',
};

/** The canonical name of a date part, or undefined. */
export function partName(name: unknown): string | undefined {
  const lower = String(name).toLowerCase();
  const canonical = FIELD_ALIASES[lower] ?? lower;
  return canonical in FIELDS ? canonical : undefined;
}

/** A duration has whole fields of its own. */
function durationField(part: string, node: Dsl): Dsl {
  const total = int(d.physical(node));
  if (part === 'epoch') return divideFloats(d.cast(total, 'Float64'), d.float64(1e6));
  const size: Readonly<Record<string, readonly [number, number]>> = {
    day: [86_400e6, Number.MAX_SAFE_INTEGER],
    hour: [3600e6, 24],
    minute: [60e6, 60],
    second: [1e6, 60],
    millisecond: [1e3, 60_000],
    microsecond: [1, 60_000_000],
  };
  const [unit, wrap] = size[part] ?? [1, 1];
  const whole = truncatedDivide(total, d.int64(unit), 'Int64');
  const turns = truncatedDivide(whole, d.int64(wrap), 'Int64');
  return d.binary('Minus', whole, d.binary('Multiply', turns, d.int64(wrap)));
}

const DURATION_PARTS = new Set([
  'epoch',
  'day',
  'hour',
  'minute',
  'second',
  'millisecond',
  'microsecond',
]);

const datePart: ScalarFunction = {
  usage: "date_part('part', timestamp)",
  resolve: ([, b], args) => {
    const part = partName(literalOf(args[0]));
    if (b === undefined) return undefined;
    if (part === undefined) return `unknown date part; known: ${Object.keys(FIELDS).join(', ')}`;
    const type = part === 'epoch' || part === 'julian' ? t.FLOAT64 : t.INT64;
    if (b.kind === 'null') return { args: [t.TEXT, t.TIMESTAMP], type };
    if (b.kind === 'interval' && !DURATION_PARTS.has(part)) return `an interval has no ${part}`;
    const fits =
      ['date', 'timestamp', 'interval', 'calendar'].includes(b.kind) ||
      (b.kind === 'time' && CLOCK.has(part));
    return fits ? { args: [t.TEXT, b], type } : undefined;
  },
  lower: (args, call) => {
    const part = partName(literalOf(call.args[0])) ?? 'year';
    const type = call.args[1]?.type ?? t.TIMESTAMP;
    if (type.kind === 'interval') return durationField(part, arg(args, 1));
    if (type.kind === 'calendar') return rare().calendarField(part, arg(args, 1));
    if (type.kind === 'date' && CLOCK.has(part)) {
      return d.ternary(d.isNull(arg(args, 1)), d.nullOf('Int64'), d.int64(0));
    }
    return (FIELDS[part] ?? year)(arg(args, 1), type);
  },
};

const EVERY: Readonly<Record<string, string>> = {
  year: '1y',
  quarter: '1q',
  month: '1mo',
  week: '1w',
  day: '1d',
  hour: '1h',
  minute: '1m',
  second: '1s',
  millisecond: '1ms',
  microsecond: '1us',
  decade: '10y',
  century: '100y',
  millennium: '1000y',
};

/** Years of an era start at 0 here, as PostgreSQL's date_trunc('decade') does. */
function truncateYears(node: Dsl, type: SqlType, size: number): Dsl {
  const past = d.binary('Modulus', year(node), d.int64(size));
  const back = d.stringCall(
    { ConcatHorizontal: { delimiter: '', ignore_nulls: false } },
    d.text('-'),
    d.cast(past, 'String'),
    d.text('y'),
  );
  void type;
  return d.timeCall('OffsetBy', d.timeCall('Truncate', node, d.text('1y')), back);
}

const dateTrunc: ScalarFunction = {
  usage: "date_trunc('unit', timestamp)",
  resolve: ([, b], args) => {
    const part = partName(literalOf(args[0]));
    if (b === undefined) return undefined;
    if (part === undefined || !(part in EVERY))
      return `unknown unit; known: ${Object.keys(EVERY).join(', ')}`;
    if (b.kind === 'null') return { args: [t.TEXT, t.TIMESTAMP], type: t.TIMESTAMP };
    if (b.kind === 'date') return { args: [t.TEXT, t.TIMESTAMP], type: t.TIMESTAMP };
    return b.kind === 'timestamp' ? { args: [t.TEXT, b], type: b } : undefined;
  },
  lower: (args, call) => {
    const part = partName(literalOf(call.args[0])) ?? 'day';
    const size = { decade: 10, century: 100, millennium: 1000 }[part];
    if (size !== undefined) return truncateYears(arg(args, 1), call.type, size);
    return d.timeCall('Truncate', arg(args, 1), d.text(EVERY[part] ?? '1d'));
  },
};

/** 2000-01-03, a Monday, in microseconds: DuckDB's and TimescaleDB's origin of buckets. */
const BUCKET_ORIGIN = 946_857_600_000_000;
/** 2000-01 as months since year 0. */
const BUCKET_ORIGIN_MONTH = 24_000;

/**
 * An offset moves the buckets, so the value is moved back by it and the bucket forth; an origin is
 * a bucket's start: for months its month and what it is past it, else what it is past the usual one.
 */
function bucketFrom(args: readonly Dsl[], call: CallExpression, origin: unknown): Dsl {
  const width = literalOf(call.args[0]) as Interval;
  const plain = { ...call, args: call.args.slice(0, 2) };
  const moved = (node: Dsl, by: Interval, sign: 1 | -1): Dsl =>
    [`${by.months * sign}mo`, `${by.days * sign}d`, `${by.micros * BigInt(sign)}us`].reduce(
      (from, part) => d.timeCall('OffsetBy', from, d.text(part)),
      node,
    );
  const by = typeof origin === 'bigint' ? pastUsual(origin, width) : (origin as Interval);
  const bucket = timeBucket.lower([arg(args, 0), moved(arg(args, 1), by, -1)], plain);
  return moved(bucket, by, 1);
}

/** How far an origin is past the start that buckets have without one. */
function pastUsual(origin: bigint, width: Interval): Interval {
  if (width.months === 0) {
    const size = BigInt(width.days) * 86_400_000_000n + width.micros;
    const past = (((origin - BigInt(BUCKET_ORIGIN)) % size) + size) % size;
    return { months: 0, days: 0, micros: past };
  }
  const date = new Date(Number(origin / 1000n));
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth() - BUCKET_ORIGIN_MONTH;
  const start = BigInt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)) * 1000n;
  const months = ((month % width.months) + width.months) % width.months;
  return { months, days: 0, micros: origin - start };
}

const timeBucket: ScalarFunction = {
  usage: 'time_bucket(interval, timestamp [, origin or offset])',
  resolve: ([a, b, origin], args) => {
    if (a === undefined || b === undefined) return undefined;
    if (args.length > 3) return undefined;
    if (origin !== undefined && args[2]?.kind !== 'literal') return 'the origin must be a constant';
    if (a.kind !== 'interval' || args[0]?.kind !== 'literal')
      return 'the width must be a constant interval';
    const width = literalOf(args[0]) as Interval;
    if (width.months !== 0 && (width.days !== 0 || width.micros !== 0n))
      return 'a width of months cannot have days';
    if (width.months <= 0 && BigInt(width.days) * 86_400_000_000n + width.micros <= 0n)
      return 'the width must be positive';
    const type = b.kind === 'null' ? t.TIMESTAMP : b;
    if (type.kind !== 'timestamp' && type.kind !== 'date') return undefined;
    if (origin === undefined) return { args: [a, type], type };
    return { args: [a, type, origin.kind === 'interval' ? origin : t.TIMESTAMP], type };
  },
  lower: (args, call) => {
    if (call.type.kind === 'date') {
      const types = call.args.map((each, index) =>
        index === 1 ? { ...each, type: t.TIMESTAMP } : each,
      );
      const stamps = args.map((each, index) =>
        index === 1 ? d.cast(each, t.dtypeOf(t.TIMESTAMP)) : each,
      );
      return d.cast(
        timeBucket.lower(stamps, { ...call, args: types, type: t.TIMESTAMP }),
        t.dtypeOf(t.DATE),
      );
    }
    const origin = call.args[2];
    if (origin !== undefined) return bucketFrom(args, call, literalOf(origin));
    const width = literalOf(call.args[0]) as Interval;
    const node = arg(args, 1);
    if (width.months > 0) {
      const index = plus(
        d.binary('Plus', times(year(node), 12), field('Month')(node)),
        -1 - BUCKET_ORIGIN_MONTH,
      );
      const back = d.binary('Minus', index, times(floorDivide(index, width.months), width.months));
      const offset = d.stringCall(
        { ConcatHorizontal: { delimiter: '', ignore_nulls: false } },
        d.text('-'),
        d.cast(back, 'String'),
        d.text('mo'),
      );
      return d.timeCall('OffsetBy', d.timeCall('Truncate', node, d.text('1mo')), offset);
    }
    const size = Number(BigInt(width.days) * 86_400_000_000n + width.micros);
    const since = plus(micros(node, call.type), -BUCKET_ORIGIN);
    const start = plus(times(floorDivide(since, size), size), BUCKET_ORIGIN);
    return d.cast(d.cast(start, { Datetime: ['Microseconds', null] }), t.dtypeOf(call.type));
  },
};

const DIFF_MICROS: Readonly<Record<string, number>> = {
  week: 7 * 86_400e6,
  day: 86_400e6,
  hour: 3600e6,
  minute: 60e6,
  second: 1e6,
  millisecond: 1e3,
  microsecond: 1,
};

const CALENDAR_DIFFS = new Set(['year', 'isoyear', 'decade', 'century', 'month', 'quarter']);

/** Boundaries of `part` crossed between two timestamps, as DuckDB's date_diff counts. */
function boundary(part: string, node: Dsl, type: SqlType): Dsl {
  if (part === 'year' || part === 'decade' || part === 'century') {
    return floorDivide(year(node), { year: 1, decade: 10, century: 100 }[part]);
  }
  if (part === 'isoyear') return isoYear(node);
  if (part === 'month') return d.binary('Plus', times(year(node), 12), field('Month')(node));
  if (part === 'quarter') return d.binary('Plus', times(year(node), 4), field('Quarter')(node));
  return floorDivide(micros(node, type), DIFF_MICROS[part] ?? 1);
}

const dateDiff: ScalarFunction = {
  usage: "date_diff('part', start, end)",
  resolve: ([, b, c], args) => {
    const part = partName(literalOf(args[0]));
    if (b === undefined || c === undefined) return undefined;
    if (part === undefined || !(part in DIFF_MICROS || CALENDAR_DIFFS.has(part)))
      return 'unknown date part';
    const common = t.commonType(b, c);
    return common?.kind === 'date' || common?.kind === 'timestamp'
      ? { args: [t.TEXT, common, common], type: t.INT64 }
      : undefined;
  },
  lower: (args, call) => {
    const part = partName(literalOf(call.args[0])) ?? 'day';
    const type = call.args[1]?.type ?? t.TIMESTAMP;
    const crossed = (unit: string): Dsl =>
      d.binary('Minus', boundary(unit, arg(args, 2), type), boundary(unit, arg(args, 1), type));
    // DuckDB counts whole weeks between the two days, not Mondays.
    return part === 'week' ? truncatedDivide(crossed('day'), d.int64(7), 'Int64') : crossed(part);
  },
};

const format: ScalarFunction = {
  usage: "strftime(timestamp, '%Y-%m-%d')",
  resolve: ([a, b], args) => {
    if (a === undefined || b === undefined) return undefined;
    // strftime('%Y', date) is written by many, too.
    if (typeof literalOf(args[0]) === 'string' && b.kind !== 'text')
      return ['date', 'timestamp', 'time'].includes(b.kind)
        ? { args: [t.TEXT, b], type: t.TEXT }
        : undefined;
    if (typeof literalOf(args[1]) !== 'string') return 'the format must be a constant';
    return a.kind === 'date' || a.kind === 'timestamp' || a.kind === 'time'
      ? { args: [a, t.TEXT], type: t.TEXT }
      : undefined;
  },
  lower: (args, call: CallExpression) =>
    call.args[0]?.type.kind === 'text'
      ? d.timeCall({ ToString: chronoFormat(String(literalOf(call.args[0]))) }, arg(args, 1))
      : d.timeCall({ ToString: chronoFormat(String(literalOf(call.args[1]))) }, arg(args, 0)),
};

/** %f is microseconds in SQL, %g milliseconds, %n nanoseconds; in chrono %f is nanoseconds. */
const chronoFormat = (format: string): string =>
  format.replace(
    /%(.)/g,
    (whole, letter: string) => ({ f: '%6f', g: '%3f', n: '%9f' })[letter] ?? whole,
  );

const parseTime = (usage: string, strict: boolean): ScalarFunction => ({
  usage,
  resolve: (types, args) => {
    if (types.length !== 2) return undefined;
    if (typeof literalOf(args[1]) !== 'string') return 'the format must be a constant';
    return { args: [t.TEXT, t.TEXT], type: t.TIMESTAMP };
  },
  lower: (args, call) =>
    strptime(arg(args, 0), String(literalOf(call.args[1])), 'timestamp', strict),
});

/** Text by a chrono format; what does not match fails or, when not strict, is null. */
export function strptime(
  node: Dsl,
  pattern: string,
  to: 'date' | 'timestamp' | 'time',
  strict: boolean,
): Dsl {
  const hasTime = /%[HIMSTXRsfgncr+]/.test(pattern);
  const through = to === 'time' ? t.TIME : hasTime ? t.TIMESTAMP : t.DATE;
  const parsed = d.stringCall(
    {
      Strptime: [
        { Literal: t.dtypeOf(through) },
        {
          format: pattern.replace(/%[fgn]/g, '%f').replace('.%f', '%.f'),
          strict,
          exact: true,
          cache: true,
        },
      ],
    },
    node,
    d.text('raise'),
  );
  const wanted = to === 'date' ? t.DATE : to === 'time' ? t.TIME : t.TIMESTAMP;
  return through === wanted ? parsed : d.cast(parsed, t.dtypeOf(wanted));
}

const part = (name: string): ScalarFunction => ({
  usage: `${name}(timestamp)`,
  resolve: (types, args) => {
    const literal = { kind: 'literal', value: name, type: t.TEXT, position: -1 } as const;
    const resolved = datePart.resolve([t.TEXT, ...types], [literal, ...args]);
    return typeof resolved === 'object'
      ? { args: resolved.args.slice(1), type: resolved.type }
      : resolved;
  },
  lower: (args, call) => {
    const literal = { kind: 'literal', value: name, type: t.TEXT, position: -1 } as const;
    return datePart.lower([d.text(name), ...args], { ...call, args: [literal, ...call.args] });
  },
});

const PART_FUNCTIONS = [
  'year',
  'quarter',
  'month',
  'week',
  'day',
  'hour',
  'minute',
  'second',
  'millisecond',
  'microsecond',
  'epoch',
  'isodow',
  'isoyear',
  'yearweek',
  'decade',
  'century',
  'millennium',
  'era',
  'julian',
];

export const TIMES: FunctionTable = {
  date_part: datePart,
  date_trunc: dateTrunc,
  time_bucket: timeBucket,
  date_diff: dateDiff,
  strftime: format,
  strptime: parseTime('strptime(text, format)', true),
  try_strptime: parseTime('try_strptime(text, format)', false),
  ...Object.fromEntries(PART_FUNCTIONS.map((name) => [name, part(name)])),
  dayofweek: part('dow'),
  dayofyear: part('doy'),
  dayname: fixed('dayname(date)', [t.TIMESTAMP], t.TEXT, (a) => d.timeCall({ ToString: '%A' }, a)),
  monthname: fixed('monthname(date)', [t.TIMESTAMP], t.TEXT, (a) =>
    d.timeCall({ ToString: '%B' }, a),
  ),
  last_day: fixed('last_day(date)', [t.TIMESTAMP], t.DATE, (a) =>
    d.timeCall(
      'OffsetBy',
      d.timeCall(
        'OffsetBy',
        d.timeCall('Truncate', d.cast(a, 'Date'), d.text('1mo')),
        d.text('1mo'),
      ),
      d.text('-1d'),
    ),
  ),
  epoch_ms: {
    usage: 'epoch_ms(timestamp or milliseconds)',
    resolve: ([a]) => {
      if (a === undefined) return undefined;
      if (t.isNumeric(a)) return { args: [t.INT64], type: t.TIMESTAMP };
      return { args: [a.kind === 'date' ? t.TIMESTAMP : a], type: t.INT64 };
    },
    lower: (args, call) => {
      const node = arg(args, 0);
      if (call.type.kind === 'integer')
        return floorDivide(micros(node, call.args[0]?.type ?? t.TIMESTAMP), 1000);
      return d.cast(times(node, 1000), t.dtypeOf(t.TIMESTAMP));
    },
  },
  to_timestamp: fixed('to_timestamp(seconds)', [t.FLOAT64], t.timestampIn('UTC'), (a) =>
    d.cast(
      int(
        d.call(
          { Round: { decimals: 0, mode: 'HalfToEven' } },
          d.binary('Multiply', a, d.float64(1e6)),
        ),
      ),
      t.dtypeOf(t.timestampIn('UTC')),
    ),
  ),
  make_date: fixed(
    'make_date(year, month, day)',
    [t.INT64, t.INT64, t.INT64],
    t.DATE,
    (y, m, day) =>
      d.cast(
        d.timeCall(
          { DatetimeFunction: { time_unit: 'Microseconds', time_zone: null } },
          d.cast(y, 'Int32'),
          d.cast(m, 'Int8'),
          d.cast(day, 'Int8'),
          d.int64(0),
          d.int64(0),
          d.int64(0),
          d.int64(0),
          d.text('raise'),
        ),
        'Date',
      ),
  ),
};

export const TIME_ALIASES: Readonly<Record<string, string>> = {
  datepart: 'date_part',
  extract: 'date_part',
  datetrunc: 'date_trunc',
  datediff: 'date_diff',
  dayofmonth: 'day',
  weekofyear: 'week',
  weekday: 'dayofweek',
};
