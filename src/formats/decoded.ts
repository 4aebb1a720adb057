/** What decoding gives: a table that has been understood and can be read. */
import { type DataFrame, type LazyFrame, polarsMessage } from '../compute/polars.ts';
import type { Column, PlainText } from '../compute/relation.ts';
import { NairobiError } from '../errors.ts';
import type { Watch } from './csv/odd-values.ts';
import type { FormatName } from './detect.ts';
import type { Rejected, Understood } from './options.ts';
import { shortOf } from './short.ts';

/** An input in memory. */
export interface Source {
  /** The name the user knows it by: for errors and for the format. */
  readonly path: string;
  /** All of it, decompressed. Polars reads it in place and keeps no reference to it. */
  readonly bytes: Buffer;
  /** A path to the same bytes that cannot change under us, such as a sealed memfd's. */
  readonly scanPath?: string;
  /** Fills `into` with the bytes from `at` on, for who looks at all of them; gives how many. */
  readonly read?: (into: Uint8Array, at: number) => number;
  /** Delimited text only: take every record to be plain, somebody else counts them meanwhile. */
  readonly assumePlain?: boolean;
}

/** What was taken for granted under `assumePlain`: every record from `byte` on is of this kind. */
export interface PlainRecords {
  readonly byte: number;
  readonly delimiter: string;
  readonly quote: string;
  readonly lineEnd: string;
  readonly fields: number;
}

/** Some columns of delimited text, to be copied out of it as they are. */
export interface Picking {
  /** For each column of the text 1 when it is one of them. */
  readonly columns: Uint8Array;
  /** About how much of the bytes they are, by a sample: 0 to 1. */
  readonly share: number;
}

export interface Decoded {
  readonly format: FormatName;
  readonly columns: readonly Column[];
  /** Known without parsing for some formats only. */
  readonly rows: number | undefined;
  readonly understood: Understood;
  /** To be checked before anything computed from the rows is believed; undefined: nothing is. */
  readonly assumed?: PlainRecords;
  /** Grows as rows are read and rejected, as onError allows. */
  readonly rejected: Rejected;
  /**
   * The rows with these columns, each once (all when undefined), parsed from the bytes. Of no
   * columns at all some column is given all the same, so that the rows can be counted.
   */
  read(columns?: readonly string[]): DataFrame | LazyFrame;
  /**
   * The same rows, lazily from `scanPath` where there is one and it gives the same, else read().
   */
  scan(columns?: readonly string[]): LazyFrame;
  /** Whether reading these columns would gain from copying them out first; see Picking. */
  picking?(columns: readonly string[]): Picking | undefined;
  /** As scan, from the text at `path` that has the columns of this picking. */
  scanPicked?(path: string, picking: Picking, columns?: readonly string[]): LazyFrame | undefined;
  /** See Relation.plainText. */
  plainText?(): PlainText | undefined;
  /** What a thread is to look for in these columns; undefined when nothing in them can be odd. */
  watch?(columns?: readonly string[]): Watch | undefined;
  /** The same with the types that what was found asks for; undefined when that changes none. */
  reconsider?(found: Uint8Array): Decoded | undefined;
  /**
   * After a plan over read() or scan() threw: gives what to plan over instead (a type widened, a
   * value made null, as onError says), or throws a NairobiError that names the place.
   */
  recover(cause: unknown): Decoded;
}

export const nothingRejected = (): Rejected => ({ rows: 0, values: 0, examples: [] });

/** A plan failed for a reason that is not in the data as far as its format can tell. */
export function planFailed(cause: unknown): NairobiError {
  const short = shortOf(cause);
  if (short !== undefined) return short;
  return new NairobiError('BAD_DATA', `Polars could not finish: ${polarsMessage(cause)}`, {
    cause,
  });
}
