/** Times brought to the beginning of a unit or of a bucket. */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import type { CallExpression, Interval } from '../../ir.ts';
import * as t from '../../types.ts';
import { arg, literalOf, type ScalarFunction } from '../function.ts';
import { field, floorDivide, micros, partName, plus, times, year } from './parts.ts';

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
function truncateYears(node: Dsl, size: number): Dsl {
  return startBefore(node, 'y', d.binary('Modulus', year(node), d.int64(size)));
}

/** The start of the unit that lies `count` units before the one of each value. */
function startBefore(node: Dsl, unit: 'y' | 'mo', count: Dsl): Dsl {
  const back = d.stringCall(
    { ConcatHorizontal: { delimiter: '', ignore_nulls: false } },
    d.text('-'),
    d.cast(count, 'String'),
    d.text(unit),
  );
  return d.timeCall('OffsetBy', d.timeCall('Truncate', node, d.text(`1${unit}`)), back);
}

export const dateTrunc: ScalarFunction = {
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
    if (size !== undefined) return truncateYears(arg(args, 1), size);
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

export const timeBucket: ScalarFunction = {
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
      return startBefore(node, 'mo', back);
    }
    const size = Number(BigInt(width.days) * 86_400_000_000n + width.micros);
    const since = plus(micros(node, call.type), -BUCKET_ORIGIN);
    const start = plus(times(floorDivide(since, size), size), BUCKET_ORIGIN);
    return d.cast(d.cast(start, { Datetime: ['Microseconds', null] }), t.dtypeOf(call.type));
  },
};
