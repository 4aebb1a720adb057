/**
 * Parts of dates and times, by name or by a function each. Fields of a timestamptz are read in the
 * session's zone: the binder converts.
 */
import type { Dsl } from '../../../compute/dsl.ts';
import * as d from '../../../compute/dsl.ts';
import { rare } from '../../rare.ts';
import type { SqlType } from '../../types.ts';
import * as t from '../../types.ts';
import { arg, literalOf, type ScalarFunction } from '../function.ts';
import { divideFloats, truncatedDivide } from '../numbers.ts';

export const int = (node: Dsl): Dsl => d.cast(node, 'Int64');
export const field =
  (variant: string) =>
  (node: Dsl): Dsl =>
    int(d.timeCall(variant, node));
export const plus = (a: Dsl, b: number): Dsl => d.binary('Plus', a, d.int64(b));
export const times = (a: Dsl, b: number): Dsl => d.binary('Multiply', a, d.int64(b));
export const floorDivide = (a: Dsl, b: number): Dsl => d.binary('FloorDivide', a, d.int64(b));
export const micros = (node: Dsl, from: SqlType): Dsl =>
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
export const year = field('Year');
const week = field('Week');
export const isoYear = field('IsoYear');

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

/** Of the whole fields of a duration: microseconds of one, and how many make the next field. */
const DURATION_FIELDS: Readonly<Record<string, readonly [number, number]>> = {
  day: [86_400e6, Number.MAX_SAFE_INTEGER],
  hour: [3600e6, 24],
  minute: [60e6, 60],
  second: [1e6, 60],
  millisecond: [1e3, 60_000],
  microsecond: [1, 60_000_000],
};

const isDurationPart = (part: string): boolean => part === 'epoch' || part in DURATION_FIELDS;

function durationField(part: string, node: Dsl): Dsl {
  const total = int(d.physical(node));
  if (part === 'epoch') return divideFloats(d.cast(total, 'Float64'), d.float64(1e6));
  const [unit, wrap] = DURATION_FIELDS[part] ?? [1, 1];
  const whole = truncatedDivide(total, d.int64(unit), 'Int64');
  const turns = truncatedDivide(whole, d.int64(wrap), 'Int64');
  return d.binary('Minus', whole, d.binary('Multiply', turns, d.int64(wrap)));
}

export const datePart: ScalarFunction = {
  usage: "date_part('part', timestamp)",
  resolve: ([, b], args) => {
    const part = partName(literalOf(args[0]));
    if (b === undefined) return undefined;
    if (part === undefined) return `unknown date part; known: ${Object.keys(FIELDS).join(', ')}`;
    const type = part === 'epoch' || part === 'julian' ? t.FLOAT64 : t.INT64;
    if (b.kind === 'null') return { args: [t.TEXT, t.TIMESTAMP], type };
    if (b.kind === 'interval' && !isDurationPart(part)) return `an interval has no ${part}`;
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

export function part(name: string): ScalarFunction {
  const literal = { kind: 'literal', value: name, type: t.TEXT, position: -1 } as const;
  return {
    usage: `${name}(timestamp)`,
    resolve: (types, args) => {
      const resolved = datePart.resolve([t.TEXT, ...types], [literal, ...args]);
      return typeof resolved === 'object'
        ? { args: resolved.args.slice(1), type: resolved.type }
        : resolved;
    },
    lower: (args, call) =>
      datePart.lower([d.text(name), ...args], { ...call, args: [literal, ...call.args] }),
  };
}

export const PART_FUNCTIONS = [
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
