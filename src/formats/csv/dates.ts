/** Which chrono formats a text fits: https://docs.rs/chrono/latest/chrono/format/strftime */

export interface Moment {
  readonly kind: 'date' | 'datetime' | 'time';
  /** Every format the text fits; more than one when day and month could be either. */
  readonly formats: readonly string[];
  /** Digits after the second. */
  readonly fraction: number;
}

const MONTHS = 'jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec';
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const DATE = {
  yearFirst: /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})/,
  yearLast: /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})/,
  dayName: new RegExp(`^(\\d{1,2})([ -])(${MONTHS})\\2(\\d{4})`, 'i'),
  nameDay: new RegExp(`^(${MONTHS}) (\\d{1,2})(,?) (\\d{4})`, 'i'),
};

const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?( ?[AP]M)?/i;
const ZONE = /^ ?(?:Z|UTC|[+-]\d{2}:?\d{2})$/;

/** The date at the start of the text: its formats and length; undefined when there is none. */
function dateAt(text: string): { formats: string[]; length: number } | undefined {
  let match = DATE.yearFirst.exec(text);
  if (match !== null) {
    const [whole, , by = '', month, day] = match;
    const formats = isDay(month, day) ? [`%Y${by}%m${by}%d`] : [];
    return { formats, length: whole.length };
  }
  match = DATE.yearLast.exec(text);
  if (match !== null) {
    const [whole, first, by = '', second] = match;
    const formats = [
      ...(isDay(second, first) ? [`%d${by}%m${by}%Y`] : []),
      ...(isDay(first, second) ? [`%m${by}%d${by}%Y`] : []),
    ];
    return { formats, length: whole.length };
  }
  match = DATE.dayName.exec(text);
  if (match !== null) return { formats: [`%d${match[2]}%b${match[2]}%Y`], length: match[0].length };
  match = DATE.nameDay.exec(text);
  if (match !== null) return { formats: [`%b %d${match[3]} %Y`], length: match[0].length };
  return undefined;
}

function isDay(month: string | undefined, day: string | undefined): boolean {
  const most = DAYS_IN_MONTH[Number(month) - 1];
  return most !== undefined && Number(day) >= 1 && Number(day) <= most;
}

function timeAt(text: string): { format: string; length: number; fraction: number } | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [whole, hour, minute, second, fraction, half] = match;
  const hours = Number(hour);
  if (Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  if (half === undefined ? hours > 23 : hours < 1 || hours > 12) return undefined;
  const clock = half === undefined ? '%H:%M' : '%I:%M';
  const seconds = second === undefined ? '' : ':%S%.f';
  const suffix = half === undefined ? '' : half.startsWith(' ') ? ' %p' : '%p';
  return {
    format: clock + seconds + suffix,
    length: whole.length,
    fraction: fraction?.length ?? 0,
  };
}

/** What moment a text names; undefined when none. "2024-02-31" fits the shape with no formats. */
export function momentOf(text: string): Moment | undefined {
  const date = dateAt(text);
  if (date === undefined) {
    const time = timeAt(text);
    if (time === undefined || time.length !== text.length) return undefined;
    return { kind: 'time', formats: [time.format], fraction: time.fraction };
  }
  if (date.length === text.length) return { kind: 'date', formats: date.formats, fraction: 0 };
  const joint = text.charAt(date.length);
  if (joint !== ' ' && joint !== 'T') return undefined;
  const rest = text.slice(date.length + 1);
  const time = timeAt(rest);
  if (time === undefined) return undefined;
  const zone = rest.slice(time.length);
  if (zone !== '' && !ZONE.test(zone)) return undefined;
  const tail = time.format + zoneFormat(zone);
  const formats = date.formats.map((format) => format + joint + tail);
  return { kind: 'datetime', formats, fraction: time.fraction };
}

/** "%#z" takes "Z", "+02", "+0200" and "+02:00"; " UTC" has no directive and is taken literally. */
function zoneFormat(zone: string): string {
  if (zone === '') return '';
  if (zone.endsWith('UTC')) return zone;
  return `${zone.startsWith(' ') ? ' ' : ''}%#z`;
}

/** True for a format whose result is an instant (UTC), not a wall clock. */
export function hasZone(format: string): boolean {
  return /%#?z|%\+/.test(format) || format.endsWith('UTC');
}
