/** The functions of dates and times by their names. */
import * as d from '../../compute/dsl.ts';
import * as t from '../types.ts';
import { arg, type FunctionTable, fixed } from './function.ts';
import { dateTrunc, timeBucket } from './time/buckets.ts';
import { dateDiff } from './time/differences.ts';
import { datePart, floorDivide, int, micros, PART_FUNCTIONS, part, times } from './time/parts.ts';
import { format, parseTime } from './time/texts.ts';

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
