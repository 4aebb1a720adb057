/**
 * Where a session looks for the rows of a source before it opens its files. The daemon's threads
 * put what is in memory there; in the program itself there is none.
 */
import type { Piece } from '../pieces/piece.ts';
import type { SessionOptions } from '../session.ts';
import type { SourceArgument } from './sources.ts';

/** The rows of `source` as these options understand it; undefined: its files are to be read. */
export type Shelf = (source: SourceArgument, options: SessionOptions) => Piece | undefined;

let ofThread: Shelf | undefined;

/** From now on every session of this thread looks there, unless it has a shelf of its own. */
export function useShelf(shelf: Shelf | undefined): void {
  ofThread = shelf;
}

export const shelfOfThread = (): Shelf | undefined => ofThread;
