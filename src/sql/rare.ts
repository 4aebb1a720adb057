/**
 * What few queries use is a chunk of its own, so that the others start as fast as before. Whoever
 * needs it calls rare(); when it is not there yet, the binding is given up, the chunk loaded and
 * the binding done again.
 */
import type { Rare } from './rare/parts.ts';

let loaded: Rare | undefined;

class NotLoaded extends Error {}

/** The chunk's parts; only inside withRare(), or after a binding that asked for them. */
export function rare(): Rare {
  if (loaded === undefined) throw new NotLoaded('the rare parts of SQL are not loaded');
  return loaded;
}

/** For lookups by name: what is loaded is looked into, nothing is loaded for it. */
export const rareIfLoaded = (): Rare | undefined => loaded;

/** `work` must leave nothing behind when it throws: it may run twice. */
export async function withRare<T>(work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NotLoaded)) throw error;
    loaded = (await import('./rare/parts.ts')).RARE;
    return work();
  }
}
