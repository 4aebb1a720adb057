/** Names as SQL compares them, and what to say about one that is not known. */
import { closest } from '../suggest.ts';

/** "did you mean "x"?" or the first few known names. */
export function suggestion(name: string, known: readonly string[]): string | undefined {
  const near = closest(name, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (known.length === 0) return undefined;
  const shown = known.slice(0, 8).join(', ');
  return `known: ${shown}${known.length > 8 ? `, ... (${known.length})` : ''}`;
}

/** True when an identifier means `name`: exactly, or but for the case of its letters. */
export const sameName = (identifier: string, name: string): boolean =>
  identifier === name || identifier.toLowerCase() === name.toLowerCase();
