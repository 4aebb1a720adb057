/** One file of a source, opened: what its columns are and how to get at its rows. */
import type { LazyFrame } from '../../compute/polars.ts';
import type { Column, PieceUse, PlainText, TextStream } from '../../compute/relation.ts';
import { NairobiError } from '../../errors.ts';
import type { Rejected, Understood } from '../../formats/options.ts';
import type { InputFile } from '../inputs/files.ts';

export interface Piece {
  readonly file: InputFile;
  readonly columns: readonly Column[];
  readonly understood: Understood;
  readonly rejected: Rejected;
  /** True when nothing was read yet: the file is scanned where it lies. */
  readonly isInPlace?: boolean;
  /** True before anything is known of the file itself. */
  readonly isDeferred?: boolean;
  /** True when all of it was read. */
  readonly isRead?: boolean;
  /** True when all rows of all columns fit what the memory limit leaves. */
  readonly fits: boolean;
  /** How many rows there are; undefined when only reading them would tell. */
  rowCount?(): number | undefined;
  /** See Relation.prepare; it may take this much memory. */
  prepare?(columns: readonly string[], byteLength: number): Promise<void>;
  /** See Relation.windows. */
  windows?(columns: readonly string[], most: number): AsyncIterable<LazyFrame> | undefined;
  /** See Relation.rowsHeld. */
  readonly rowsHeld?: number;
  /** All rows, in file order. */
  scan(columns?: readonly string[]): LazyFrame;
  /** Reads all of it into memory, if that is not so yet: true when it was done now. */
  load?(): boolean;
  /** Looks for columns that its beginning did not show: true when there are some. */
  findColumns?(): Promise<boolean>;
  /** See Relation.segments. */
  segments(columns?: readonly string[], use?: PieceUse): AsyncIterable<LazyFrame>;
  /** See Relation.plainText. */
  plainText?(): PlainText | undefined;
  /** See Relation.textStream. */
  textStream?(columns: readonly string[]): TextStream | undefined;
  /** The file itself, when it is Parquet whose pages may be read by whoever wants to. */
  parquet?(): { readonly fd: number; readonly size: number } | undefined;
  /**
   * After a plan over this piece failed: changes what it understood (a type widened, a value made
   * null, as --on-error says) so that planning anew succeeds, or throws a NairobiError that names
   * the place.
   */
  recover(cause: unknown): void;
  /**
   * Waits until what was taken for granted of this file is known. False: it was not so, the piece
   * has changed, and what was computed from it must be computed anew.
   */
  verify(): Promise<boolean>;
  /** Reads these columns as these types from now on; only text formats can. */
  retype(types: Readonly<Record<string, string>>): void;
  close(): void;
}

export function sameColumns(some: readonly Column[], others: readonly Column[]): boolean {
  const text = (columns: readonly Column[]): string =>
    JSON.stringify(columns.map(({ name, type }) => [name, type]));
  return text(some) === text(others);
}

/** A plan was made for other types; it is made anew once `verify` was asked. */
export function otherTypes({ path }: InputFile): NairobiError {
  return new NairobiError('BAD_DATA', `All of ${path} has other types than its start`, {
    where: { file: path },
    hint: 'give the types of its columns with --types',
  });
}
