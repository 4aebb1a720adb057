/** What is in memory, as a command line finds it by the sources it names. */
import type { DataFrame } from '../compute/polars.ts';
import type { Shelf } from '../engine/inputs/shelf.ts';
import type { SourceArgument } from '../engine/inputs/sources.ts';
import type { SessionOptions } from '../engine/session.ts';
import { isFresh } from './files.ts';
import { HeldPiece } from './held-piece.ts';
import { datasetId, sourceKey } from './identity.ts';
import type { CommandWish, Held, SourceWish } from './tasks.ts';

export interface CommandShelf {
  readonly find: Shelf;
  /** Ids of what was asked for and is there. */
  readonly used: string[];
  /** What was asked for and is not. */
  readonly cold: SourceWish[];
}

/** Functions whose last digits depend on the order in which doubles are added up, and some more. */
const ADDING =
  /\b(f?sum|kahan_sum|avg|favg|mean|std|var|corr|covar|regr|skew|kurt|sem|mad|entropy|product|geo|harm|weighted|list_|array_)/i;

/** Of integers these are exact. */
const ADDING_A_COLUMN = /\b(sum|avg|mean)\s*\(\s*["\w.]+\s*\)/gi;

/**
 * True where rows in memory could be added up in another order than rows of the file, whose reader
 * adds while it reads: what is printed has to be the same to the byte.
 */
export function dependsOnOrder(
  { command, argv }: Pick<CommandWish, 'command' | 'argv'>,
  columns: Held['columns'],
): boolean {
  // Figures are computed by code of our own, in the order of the rows.
  if (command === 'stats' && !argv.some((word) => /^--(sql|where)/.test(word))) return false;
  const isExact = columns.every(({ type }) => !/^(Float|Decimal)/.test(type));
  return argv.some((word) => ADDING.test(isExact ? word.replace(ADDING_A_COLUMN, '') : word));
}

/**
 * Only what the program itself would find in the file counts: rows whose types turned out as their
 * first ones promised. Anything else is read as if there were no daemon.
 */
export function shelfFor(
  held: readonly Held[],
  frameOf: (held: Held) => DataFrame | undefined,
  { cwd, wish: line }: { readonly cwd: string; readonly wish: CommandWish },
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
      if (found !== undefined && dependsOnOrder(line, found.columns)) return undefined;
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
