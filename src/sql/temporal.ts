/** Dates, times and intervals as text, and their arithmetic on constants. */
import type { Interval } from './ir.ts';

const DAY_MICROS = 86_400_000_000n;
const MS_PER_DAY = 86_400_000;

/** Days since 1970-01-01 of "2024-02-29", undefined when there is no such day. */
export function parseDate(text: string): bigint | undefined {
  const match = /^\s*(\d{4,5})-(\d{1,2})-(\d{1,2})\s*$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return BigInt(Math.round(date.getTime() / MS_PER_DAY));
}

/** Microseconds since midnight of "12:34:56.789". */
export function parseClock(text: string): bigint | undefined {
  const match = /^\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s*$/.exec(text);
  if (match === null) return undefined;
  const [hour, minute, second] = [match[1], match[2], match[3] ?? '0'].map(Number) as [
    number,
    number,
    number,
  ];
  if (hour > 24 || minute > 59 || second > 59) return undefined;
  const fraction = BigInt((match[4] ?? '').padEnd(6, '0').slice(0, 6));
  return BigInt((hour * 60 + minute) * 60 + second) * 1_000_000n + fraction;
}

export interface ParsedTimestamp {
  readonly micros: bigint;
  /** Beyond the microseconds: 0 to 999. */
  readonly nanos: bigint;
  /** Microseconds east of UTC when the text said so. */
  readonly offset: bigint | undefined;
}

/** "2024-01-01", "2024-01-01 12:30", "2024-01-01T12:30:00.5Z", "... +02:00". */
export function parseTimestamp(text: string): ParsedTimestamp | undefined {
  const match = /^\s*(\S+?)(?:[ T](\d[\d:.]*)\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?\s*$/i.exec(text);
  const days = match?.[1] === undefined ? undefined : parseDate(match[1]);
  const clock = match?.[2] === undefined ? 0n : parseClock(match[2]);
  if (days === undefined || clock === undefined) return undefined;
  const zone = match?.[3];
  const micros = days * DAY_MICROS + clock;
  const nanos = BigInt(/\.\d{6}(\d{1,3})/.exec(match?.[2] ?? '')?.[1]?.padEnd(3, '0') ?? 0);
  if (zone === undefined) return { micros, nanos, offset: undefined };
  if (/^(z|utc)$/i.test(zone)) return { micros, nanos, offset: 0n };
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  const east = BigInt(hours ?? 0) * 60n + BigInt(minutes ?? 0);
  return { micros, nanos, offset: east * 60_000_000n * (sign === '-' ? -1n : 1n) };
}

const UNIT: Readonly<Record<string, Interval>> = {
  microsecond: { months: 0, days: 0, micros: 1n },
  us: { months: 0, days: 0, micros: 1n },
  millisecond: { months: 0, days: 0, micros: 1000n },
  ms: { months: 0, days: 0, micros: 1000n },
  second: { months: 0, days: 0, micros: 1_000_000n },
  sec: { months: 0, days: 0, micros: 1_000_000n },
  s: { months: 0, days: 0, micros: 1_000_000n },
  minute: { months: 0, days: 0, micros: 60_000_000n },
  min: { months: 0, days: 0, micros: 60_000_000n },
  m: { months: 0, days: 0, micros: 60_000_000n },
  hour: { months: 0, days: 0, micros: 3_600_000_000n },
  h: { months: 0, days: 0, micros: 3_600_000_000n },
  day: { months: 0, days: 1, micros: 0n },
  d: { months: 0, days: 1, micros: 0n },
  week: { months: 0, days: 7, micros: 0n },
  w: { months: 0, days: 7, micros: 0n },
  month: { months: 1, days: 0, micros: 0n },
  mon: { months: 1, days: 0, micros: 0n },
  quarter: { months: 3, days: 0, micros: 0n },
  year: { months: 12, days: 0, micros: 0n },
  y: { months: 12, days: 0, micros: 0n },
  decade: { months: 120, days: 0, micros: 0n },
  century: { months: 1200, days: 0, micros: 0n },
};

export const addIntervals = (a: Interval, b: Interval): Interval => ({
  months: a.months + b.months,
  days: a.days + b.days,
  micros: a.micros + b.micros,
});

export const scaleInterval = (a: Interval, by: number): Interval => ({
  months: a.months * by,
  days: a.days * by,
  micros: a.micros * BigInt(by),
});

/** A fraction of a day or an hour goes on in microseconds, of a year in months. */
function part(amount: string, unit: Interval): Interval {
  const value = Number(amount);
  const whole = Math.trunc(value);
  const rest = value - whole;
  if (rest === 0) return scaleInterval(unit, whole);
  if (unit.months >= 12) return { months: Math.round(value * unit.months), days: 0, micros: 0n };
  const base = scaleInterval(unit, whole);
  const unitMicros =
    Number(unit.micros) + unit.days * Number(DAY_MICROS) + unit.months * 30 * Number(DAY_MICROS);
  return addIntervals(base, { months: 0, days: 0, micros: BigInt(Math.round(rest * unitMicros)) });
}

/** "1 day", "3 months 2 days 04:05:06", "-90 minutes", "2 days ago". */
export function parseInterval(text: string): Interval | undefined {
  let rest = text.trim().toLowerCase();
  let total: Interval = { months: 0, days: 0, micros: 0n };
  if (rest === '') return undefined;
  const ago = rest.endsWith(' ago');
  if (ago) rest = rest.slice(0, -4).trim();
  while (rest !== '') {
    const clock = /^([+-]?)(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(\s+|$)/.exec(rest);
    if (clock !== null) {
      const micros = parseClock(clock[2] ?? '') ?? 0n;
      total = addIntervals(total, {
        months: 0,
        days: 0,
        micros: clock[1] === '-' ? -micros : micros,
      });
      rest = rest.slice(clock[0].length);
      continue;
    }
    const match = /^([+-]?\d+(?:\.\d+)?)\s*([a-z]+)(?:\s+|,\s*|$)/.exec(rest);
    const name = match?.[2] === 'centuries' ? 'century' : (match?.[2] ?? '');
    const unit = UNIT[name] ?? UNIT[name.replace(/s$/, '')];
    if (match === null || unit === undefined) return undefined;
    total = addIntervals(total, part(match[1] ?? '0', unit));
    rest = rest.slice(match[0].length);
  }
  return ago ? scaleInterval(total, -1) : total;
}

/** A timestamp moved by months (clamped to the month's last day), then days, then time. */
export function addToTimestamp(micros: bigint, by: Interval): bigint {
  let days = micros / DAY_MICROS;
  let clock = micros % DAY_MICROS;
  if (clock < 0n) {
    clock += DAY_MICROS;
    days -= 1n;
  }
  const date = new Date(Number(days) * MS_PER_DAY);
  if (by.months !== 0) {
    const month = date.getUTCFullYear() * 12 + date.getUTCMonth() + by.months;
    const [year, index] = [Math.floor(month / 12), ((month % 12) + 12) % 12];
    const last = new Date(Date.UTC(2000, 0, 1));
    last.setUTCFullYear(year, index + 1, 0);
    const day = Math.min(date.getUTCDate(), last.getUTCDate());
    date.setUTCFullYear(year, index, day);
  }
  const moved = BigInt(Math.round(date.getTime() / MS_PER_DAY)) + BigInt(by.days);
  return moved * DAY_MICROS + clock + by.micros;
}

export const daysToMicros = (days: bigint): bigint => days * DAY_MICROS;

/** The number of days of a timestamp that is a midnight, else undefined. */
export const wholeDays = (micros: bigint): bigint | undefined =>
  micros % DAY_MICROS === 0n ? micros / DAY_MICROS : undefined;

/** Floor division by a day. */
export const dayOf = (micros: bigint): bigint =>
  micros % DAY_MICROS < 0n ? micros / DAY_MICROS - 1n : micros / DAY_MICROS;

/** Microseconds that `zone` is ahead of UTC at an instant. */
export function zoneOffset(micros: bigint, zone: string): bigint {
  const instant = new Date(Number(micros / 1000n));
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const get = (type: string): number =>
    Number(parts.find((each) => each.type === type)?.value ?? 0);
  const local = Date.UTC(
    get('year'),
    get('month') - 1,
    get('day'),
    get('hour'),
    get('minute'),
    get('second'),
  );
  return BigInt(local - Math.floor(instant.getTime() / 1000) * 1000) * 1000n;
}

/**
 * The instant at which the clocks of `zone` show a local time. Of a time that comes twice the later
 * one; one that is skipped is read by the offset before the change, as PostgreSQL does.
 */
export function localToInstant(micros: bigint, zone: string): bigint {
  const before = zoneOffset(micros - DAY_MICROS, zone);
  const after = zoneOffset(micros + DAY_MICROS, zone);
  const valid = [before, after]
    .map((offset) => micros - offset)
    .filter((instant) => zoneOffset(instant, zone) === micros - instant);
  return valid.sort((a, b) => Number(a - b)).at(-1) ?? micros - before;
}
