/** Steps of --every: time spans (5m, 1h, 1d, 1w, 1mo, 1q, 1y) or, on a numeric axis, a number. */
import { type Expr, polars } from '../../compute/polars.ts';
import { NairobiError } from '../../errors.ts';
import { type Field, numberOf } from '../fields.ts';

const SPAN = /^(\d+)(ms|s|m|h|d|w|mo|q|y)$/;
const FIXED_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const MONTHS: Readonly<Record<string, number>> = { mo: 1, q: 3, y: 12 };

/** The start of the step each value lies in, as Float64. */
export function stepStart(field: Field, every: string, zone: string): Expr {
  const pl = polars();
  const value = numberOf(field, zone);
  if (field.measure !== 'temporal') {
    const width = numericStep(every);
    return value.div(width).floor().mul(width);
  }
  spanOf(every);
  const time = value.cast(pl.Int64).cast(pl.Datetime('ms'));
  return time.dt.truncate(every).cast(pl.Int64).cast(pl.Float64);
}

/** Where the step that starts at `start` ends. */
export function stepEnd(start: number, field: Field, every: string): number {
  if (field.measure !== 'temporal') return start + numericStep(every);
  const [count, unit] = spanOf(every);
  const fixed = FIXED_MS[unit];
  if (fixed !== undefined) return start + count * fixed;
  const date = new Date(start);
  return date.setUTCMonth(date.getUTCMonth() + count * (MONTHS[unit] ?? 1));
}

function numericStep(every: string): number {
  const width = Number(every);
  if (width > 0) return width;
  throw new NairobiError('USAGE', `--every ${every} is not a step of a numeric axis`, {
    hint: 'give a number above zero, such as --every 10',
  });
}

function spanOf(every: string): readonly [number, string] {
  const match = SPAN.exec(every);
  const count = Number(match?.[1]);
  if (match !== null && count > 0) return [count, match[2] ?? 's'];
  throw new NairobiError('USAGE', `Cannot read "${every}" as a step of time`, {
    hint: 'write a number and a unit: 30s, 5m, 1h, 1d, 1w, 1mo, 1q or 1y',
  });
}
