/** A hint for a name that is not there: the nearest one, else some of those that are. */
import { closest } from '../suggest.ts';

export function didYouMean(name: string, names: readonly string[]): string {
  const near = closest(name, names);
  if (near !== undefined) return `did you mean "${near}"?`;
  const shown = names.slice(0, 12).map((candidate) => `"${candidate}"`);
  return `there are ${shown.join(', ')}${names.length > shown.length ? ', …' : ''}`;
}
