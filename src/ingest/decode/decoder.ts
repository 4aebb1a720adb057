/** From whole records to rows, with an account of every record that did not become one. */
import type { DataFrame } from '../../compute/polars.ts';
import type { Column } from '../../compute/relation.ts';
import type { CsvColumn } from '../../formats/csv/sniff.ts';
import type { Batch } from '../sources/feed.ts';

/** A record that is not among the rows, and why. */
export interface Reject {
  /** Line of its first byte in the source, from 1. */
  readonly line: number;
  readonly byte: number;
  readonly column: string | undefined;
  readonly reason: string;
  readonly raw: string;
  /** How its column would hold the value; undefined when nothing does, or where nobody asked. */
  readonly wider?: CsvColumn;
}

export interface Decoded {
  readonly frame: DataFrame;
  /** Records in the batch: rows of the frame plus rejects. */
  readonly records: number;
  readonly rejects: readonly Reject[];
  /** Values that became null because --on-error null allows it. */
  readonly nulled: number;
  /** Lines in the batch. */
  readonly lines: number;
}

export interface Decoder {
  readonly columns: readonly Column[];
  /** `line` is that of the batch's first byte. The frame does not refer to the batch's bytes. */
  decode(batch: Batch, line: number): Decoded;
}

export type BadRows = 'fail' | 'skip' | 'null' | 'quarantine';
