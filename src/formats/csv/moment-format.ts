/** The chrono format of a column that is to be dates because the user says so. */
import type { TypeName } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import type { ReadOptions } from '../options.ts';
import type { Evidence } from './evidence.ts';

/**
 * A format the user named that the values fit, else the one they show, else ISO 8601. Throws USAGE
 * when day and month could be either: guessing would give wrong dates.
 */
export function momentFormat(
  name: string,
  type: TypeName,
  evidence: Evidence,
  options: ReadOptions,
): string {
  const named = options.dateFormats?.find((one) => evidence.fits(one)) ?? options.dateFormats?.[0];
  if (named !== undefined) return named;
  const [format, other] = evidence.formats;
  if (format !== undefined && other !== undefined) {
    throw new NairobiError('USAGE', `The dates of "${name}" could be ${format} or ${other}`, {
      hint: `say which, for example --date-format '${format}'`,
    });
  }
  if (format !== undefined) return format;
  if (type === 'Date') return '%Y-%m-%d';
  if (type === 'Time') return '%H:%M:%S%.f';
  return `%Y-%m-%d %H:%M:%S%.f${type.includes(', ') ? '%#z' : ''}`;
}
