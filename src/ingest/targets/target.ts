/** What ingest writes into: a dataset directory, one file, or a database. */
import type { DataFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import type { Clearing } from '../commit/after.ts';
import type { CommitRecord, SourceState, Totals } from '../commit/record.ts';
import type { EncodedPiece, Encoding } from '../parquet/encode.ts';

/** What becomes true together with the rows. */
export interface Progress {
  readonly sources: readonly SourceState[];
  readonly clear: readonly Clearing[];
  /** Of this commit alone. */
  readonly totals: Totals;
  /** A synced file of lines for the rejects file, and where they go. */
  readonly rejects: SealedRejects | undefined;
}

export interface SealedRejects {
  readonly path: string;
  readonly staged: string;
  readonly bytes: number;
}

export interface CommitSummary {
  /** Paths that exist now and did not before. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly rows: number;
}

export interface Target extends Disposable {
  /** The last commit under the same state; undefined: there is none. */
  readonly previous: CommitRecord | undefined;
  /** Sources that the last commit wanted cleared away. */
  readonly uncleared: readonly Clearing[];
  /** Called once before the first write. Throws when they do not fit what is there already. */
  setColumns(columns: readonly Column[]): void;
  /** Takes the rows; nobody sees them yet. */
  write(frame: DataFrame): void | Promise<void>;
  /** How `take` wants them; undefined for a target that takes frames only. */
  readonly encoding: Encoding | undefined;
  /** Takes rows that were encoded in another thread. */
  take(pieces: readonly EncodedPiece[]): void;
  /** True when nothing was written since the last commit. */
  readonly empty: boolean;
  /** Makes rows and progress visible and durable at the same instant. May be called again after. */
  commit(progress: Progress): CommitSummary | Promise<CommitSummary>;
  /** Throws away what was written since the last commit. */
  [Symbol.dispose](): void;
}
