/** What a file scanned in place is told of its surroundings. */
import type { ReadOptions } from '../../formats/options.ts';
import type { Piece } from './piece.ts';

export interface InPlaceContext {
  readonly read: ReadOptions;
  /** True when all of the file would fit the memory limit. */
  readonly fits: boolean;
  /** Rows of a text that is longer than this are collected in segments. */
  readonly rowsBytes: number;
  /** Opens the same file in memory, with these types. */
  readonly openWhole: (types: ReadOptions['types']) => Piece;
  /** Opens it in segments; undefined where it cannot be cut. */
  readonly openLong: (types: ReadOptions['types']) => Piece | undefined;
  /** Before Polars gets all of it. */
  readonly watchMemory: () => void;
  /** Before Polars gets a small part of it. */
  readonly glanceAtMemory: () => void;
  /** What was counted as read counts for nothing: it is read again, another way. */
  readonly discount: () => void;
  /** Disposed of with the piece. */
  readonly held?: Disposable;
}
