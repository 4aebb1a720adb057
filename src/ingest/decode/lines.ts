/**
 * One line of NDJSON or of InfluxDB's line protocol as named texts. Throws a plain Error with the
 * reason.
 */

/** A value's text as CSV would carry it, and what kind of value it was. */
export interface Cell {
  readonly text: string;
  readonly kind: 'number' | 'string' | 'boolean' | 'json';
}

export type LineFormat = 'ndjson' | 'influx';
export type LineRecord = ReadonlyMap<string, Cell>;
export type LineParser = (line: string) => LineRecord;

/** Polars and V8 both fail on deeper values than any log holds. */
const MAX_DEPTH = 64;

/** One object. Numbers and what is nested keep the very text they were written with. */
export function parseJsonLine(line: string): LineRecord {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('the line is no JSON object');
  }
  const entries = Object.entries(value);
  const isExact = entries.every(([, item]) => typeof item !== 'number' && !isNested(item));
  const sources = isExact ? undefined : sourcesOf(line);
  const record = new Map<string, Cell>();
  for (const [name, item] of entries) {
    if (item === null) continue;
    const cell = cellOf(item, sources?.get(name));
    if (!cell.text.isWellFormed()) {
      throw new Error(`the text of ${JSON.stringify(name)} has half a surrogate pair`);
    }
    record.set(name, cell);
  }
  return record;
}

const isNested = (item: unknown): boolean => typeof item === 'object' && item !== null;

function cellOf(value: unknown, source = ''): Cell {
  if (typeof value === 'string') return { text: value, kind: 'string' };
  if (typeof value === 'number') return { text: source, kind: 'number' };
  if (typeof value === 'boolean') return { text: String(value), kind: 'boolean' };
  return { text: source, kind: 'json' };
}

/** The texts of the values of an object that is known to be JSON, the last of each key. */
function sourcesOf(line: string): Map<string, string> {
  const sources = new Map<string, string>();
  let at = line.indexOf('{') + 1;
  for (;;) {
    const start = line.indexOf('"', at);
    if (start === -1) return sources;
    const end = endOfString(line, start);
    const name = line.slice(start, end);
    const from = endOfBlanks(line, line.indexOf(':', end) + 1);
    const to = endOfValue(line, from);
    const key = name.includes('\\') ? (JSON.parse(name) as string) : name.slice(1, -1);
    sources.set(key, line.slice(from, to));
    at = to;
  }
}

/** Behind the closing quote of the text that begins at `start`. */
function endOfString(line: string, start: number): number {
  let at = start + 1;
  while (line[at] !== '"') at += line[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfBlanks(line: string, start: number): number {
  let at = start;
  while (/\s/.test(line[at] ?? '')) at += 1;
  return at;
}

function endOfValue(line: string, start: number): number {
  let depth = 0;
  for (let at = start; at < line.length; ) {
    const char = line[at] ?? '';
    if (char === '"') {
      at = endOfString(line, at);
      if (depth === 0) return at;
      continue;
    }
    if (depth === 0 && (char === ',' || char === '}' || /\s/.test(char))) return at;
    if (char === '{' || char === '[') depth += 1;
    if (char === '}' || char === ']') depth -= 1;
    if (depth > MAX_DEPTH) throw new Error(`the value is nested deeper than ${MAX_DEPTH}`);
    at += 1;
    if (depth === 0 && (char === '}' || char === ']')) return at;
  }
  return line.length;
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
