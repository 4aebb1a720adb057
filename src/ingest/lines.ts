/**
 * One line of NDJSON or of InfluxDB's line protocol as named texts. Throws a plain Error with the
 * reason.
 */

/** A value's text as CSV would carry it, and what kind of value it was. */
export interface Cell {
  readonly text: string;
  readonly kind: 'number' | 'string' | 'boolean' | 'json';
}

export type LineRecord = ReadonlyMap<string, Cell>;
export type LineParser = (line: string) => LineRecord;

/** Polars and V8 both fail on deeper values than any log holds. */
const MAX_DEPTH = 64;

/** An integer that a double does not hold: its digits are taken from the text. */
const LONG_NUMBER = /[\d.]{16,}/;

export function parseJsonLine(line: string): LineRecord {
  const value: unknown = LONG_NUMBER.test(line) ? JSON.parse(line, keepDigits) : JSON.parse(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('the line is no JSON object');
  }
  if (depthOf(value) > MAX_DEPTH) throw new Error(`the value is nested deeper than ${MAX_DEPTH}`);
  const record = new Map<string, Cell>();
  for (const [name, item] of Object.entries(value)) {
    if (item !== null) record.set(name, cellOf(item));
  }
  return record;
}

class Digits {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
  toJSON(): number {
    return Number(this.source);
  }
}

/** ECMAScript 2026: a reviver is told the text a number was written with. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  const isLong = typeof value === 'number' && source !== undefined && LONG_NUMBER.test(source);
  return isLong ? new Digits(source) : value;
}

function cellOf(value: unknown): Cell {
  if (typeof value === 'number') return { text: String(value), kind: 'number' };
  if (value instanceof Digits) return { text: value.source, kind: 'number' };
  if (typeof value === 'boolean') return { text: String(value), kind: 'boolean' };
  if (typeof value === 'string') return { text: value, kind: 'string' };
  return { text: JSON.stringify(value), kind: 'json' };
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Columns that line protocol brings beside tags and fields. */
export const MEASUREMENT = 'measurement';
export const TIME = 'time';

/**
 * measurement,tag=value field=1i,other="text" 1763719200000000000
 * https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
 */
export function parseInfluxLine(line: string): LineRecord {
  const record = new Map<string, Cell>();
  const [series = '', fields, stamp, more] = splitOutside(line, ' ').filter((part) => part !== '');
  if (fields === undefined) throw new Error('there are no fields behind the measurement');
  if (more !== undefined) throw new Error('there is text behind the timestamp');
  const [measurement = '', ...tags] = splitOutside(series, ',');
  if (measurement === '') throw new Error('there is no measurement');
  record.set(MEASUREMENT, { text: unescaped(measurement), kind: 'string' });
  for (const tag of tags) {
    const [name, value] = pairOf(tag);
    record.set(name, { text: unescaped(value), kind: 'string' });
  }
  for (const field of splitOutside(fields, ',')) {
    const [name, value] = pairOf(field);
    record.set(name, fieldOf(value));
  }
  if (stamp !== undefined) record.set(TIME, { text: momentOf(stamp), kind: 'string' });
  return record;
}

/** Splits at a character that is neither escaped nor inside quotes. */
function splitOutside(text: string, at: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '\\') index += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === at && !quoted) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  if (quoted) throw new Error('a quoted field is never closed');
  parts.push(text.slice(start));
  return parts;
}

function pairOf(text: string): [string, string] {
  const [name = '', value, more] = splitOutside(text, '=');
  if (name === '' || value === undefined || value === '' || more !== undefined) {
    throw new Error(`${JSON.stringify(text)} is not name=value`);
  }
  return [unescaped(name), value];
}

const unescaped = (text: string): string => text.replace(/\\([,= \\"])/g, '$1');

function fieldOf(text: string): Cell {
  if (text.startsWith('"')) {
    if (!text.endsWith('"') || text.length < 2) throw new Error(`${text} is not a string`);
    return { text: text.slice(1, -1).replace(/\\(["\\])/g, '$1'), kind: 'string' };
  }
  if (/^(t|T|true|True|TRUE)$/.test(text)) return { text: 'true', kind: 'boolean' };
  if (/^(f|F|false|False|FALSE)$/.test(text)) return { text: 'false', kind: 'boolean' };
  if (/^-?\d+i$/.test(text) || /^\d+u$/.test(text))
    return { text: text.slice(0, -1), kind: 'number' };
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    // A field without "i" is a float, also where it is written without a point.
    return { text: /[.eE]/.test(text) ? text : `${text}.0`, kind: 'number' };
  }
  throw new Error(`${JSON.stringify(text)} is no field value`);
}

/** Nanoseconds since 1970 as ISO text with all nine digits. */
function momentOf(stamp: string): string {
  if (!/^-?\d{1,19}$/.test(stamp)) throw new Error(`${JSON.stringify(stamp)} is no timestamp`);
  const total = BigInt(stamp);
  const nano = ((total % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (total - nano) / 1_000_000_000n;
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nano).padStart(9, '0')}`;
}
