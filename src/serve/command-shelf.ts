/** What is in memory, as a command line finds it by the sources it names. */
import type { DataFrame } from '../compute/polars.ts';
import type { Shelf } from '../engine/inputs/shelf.ts';
import type { SourceArgument } from '../engine/inputs/sources.ts';
import type { SessionOptions } from '../engine/session.ts';
import { isFresh } from './files.ts';
import { HeldPiece } from './held-piece.ts';
import { datasetId, sourceKey } from './identity.ts';
import type { Held, SourceWish } from './tasks.ts';

export interface CommandShelf {
  readonly find: Shelf;
  /** Ids of what was asked for and is there. */
  readonly used: string[];
  /** What was asked for and is not. */
  readonly cold: SourceWish[];
}

/**
 * Only what the program itself would find in the file counts: rows whose types turned out as their
 * first ones promised. Anything else is read as if there were no daemon.
 */
export function shelfFor(
  held: readonly Held[],
  frameOf: (held: Held) => DataFrame | undefined,
  cwd: string,
): CommandShelf {
  const byId = new Map(held.map((one) => [one.id, one]));
  const cold: SourceWish[] = [];
  const used: string[] = [];
  return {
    cold,
    used,
    find(source, options) {
      if (source.files !== undefined || options.schemas !== undefined) return undefined;
      const wish = wishOf(source, options, cwd);
      const key = sourceKey(wish);
      const named = byId.get(datasetId(key));
      const found = named !== undefined && sourceKey(named.wish) === key ? named : undefined;
      if (found?.asInferred && isStillThere(found)) {
        used.push(found.id);
        return new HeldPiece(found, frameOf(found), { asCommand: true });
      }
      if (found?.asInferred !== false) cold.push(wish);
      return undefined;
    },
  };
}

/** The command says itself that a file is gone. */
function isStillThere(held: Held): boolean {
  try {
    return isFresh(held);
  } catch {
    return false;
  }
}

function wishOf(source: SourceArgument, options: SessionOptions, cwd: string): SourceWish {
  const { read, unionByName, filenameColumn } = options;
  return {
    path: source.path,
    cwd,
    read,
    ...(unionByName === undefined ? {} : { unionByName }),
    ...(filenameColumn === undefined ? {} : { filenameColumn }),
  };
}
