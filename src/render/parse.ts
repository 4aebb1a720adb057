/** Texts of the command line to what they mean on a chart. */
import { NairobiError } from '../errors.ts';
import type { ReferenceLine } from './request.ts';

/** "0,100" or "2024-01-01,2024-02-01". */
export function parseRange(text: string): readonly [number, number] {
  const parts = text.split(',', 3);
  const [from, to] = parts.map((part) => positionOf(part.trim()));
  if (from === undefined || to === undefined || parts.length > 2 || !(from < to)) {
    throw new NairobiError('USAGE', `Cannot read "${text}" as a range`, {
      hint: 'write the lower and the upper end, such as 0,100 or 2024-01-01,2024-02-01',
    });
  }
  return [from, to];
}

/** "20", "20=limit" or "2024-03-01=launch". */
export function parseReference(text: string): ReferenceLine {
  const at = text.indexOf('=');
  const value = positionOf((at === -1 ? text : text.slice(0, at)).trim());
  if (value === undefined) {
    throw new NairobiError('USAGE', `Cannot read "${text}" as a reference line`, {
      hint: 'write a number or a date, and a label if wanted: 20, 20=limit, 2024-03-01=launch',
    });
  }
  return { value, label: at === -1 ? undefined : text.slice(at + 1) };
}

/** As many characters as the longest double has when it is written out. */
const POSITION_LENGTH_MAX = 1100;

/** A number, or a date as milliseconds; a date without a zone is UTC. */
function positionOf(text: string): number | undefined {
  if (text.length > POSITION_LENGTH_MAX) return undefined;
  if (/^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  if (!/^\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?)?(Z|[-+]\d\d:?\d\d)?$/.test(text))
    return undefined;
  const zoned = /(Z|[-+]\d\d:?\d\d)$/.test(text) && text.includes(':');
  const withTime = text.includes(':');
  const ms = Date.parse(withTime && !zoned ? `${text.replace(' ', 'T')}Z` : text.replace(' ', 'T'));
  return Number.isNaN(ms) ? undefined : ms;
}

/** A number above zero. */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && Number.isFinite(value)) return value;
  throw new NairobiError('USAGE', `Cannot read "${text}" as a number above zero`);
}

/** An IANA zone such as Europe/Rome; USAGE for anything else. */
export function parseZone(text: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return text;
  } catch {
    throw new NairobiError('USAGE', `There is no time zone "${text}"`, {
      hint: 'give a name such as UTC, Europe/Rome or America/New_York',
    });
  }
}

/** 72 points to an inch: at 144 ppi a picture has twice its CSS pixels, as vl-convert has it. */
const BASE_PPI = 72;

/** Pixels of the file for each CSS pixel. */
export function scaleOf(scale: number, ppi: number | undefined): number {
  return ppi === undefined ? scale : (scale * ppi) / BASE_PPI;
}
