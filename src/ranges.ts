/** How much of what may be asked for: one table for the command line and the daemon. */
import { NairobiError } from './errors.ts';

interface Range {
  readonly min: number;
  readonly max: number;
  readonly what: string;
}

const ONE_TABLE = {
  /** More than a picture has pixels across. */
  bins: { min: 1, max: 10_000, what: 'The number of bins' },
  /** Each is found on its own: 100,000 took 18 s of 20,000 values. */
  quantiles: { min: 0, max: 1000, what: 'The number of quantiles' },
  top: { min: 1, max: Number.MAX_SAFE_INTEGER, what: 'The number of values' },
  figures: { min: 1, max: 1000, what: 'The number of figures' },
  /** Each is a layer of its own: 2,000 did not end within 20 s. */
  y: { min: 0, max: 200, what: 'The number of columns for y' },
  lines: { min: 0, max: 1000, what: 'The number of reference lines' },
  /** In characters; all of them are measured again and again until they fit. */
  title: { min: 0, max: 10_000, what: 'The length of the title' },
  /** In CSS pixels. */
  pointSize: { min: 0, max: 1000, what: 'The size of points' },
  seed: { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, what: 'The seed' },
} as const satisfies Record<string, Range>;

export const RANGES: Readonly<Record<keyof typeof ONE_TABLE, Range>> = ONE_TABLE;

/** USAGE when `value` is not within the range of this name; undefined always is. */
export function requireRange(name: keyof typeof ONE_TABLE, value: number | undefined): void {
  const { min, max, what } = RANGES[name];
  if (value === undefined || (value >= min && value <= max)) return;
  throw new NairobiError('USAGE', `${what} cannot be ${value}`, { hint: `from ${min} to ${max}` });
}
