/** Rows as pieces of Parquet, by partition: what may happen in another thread. */
import type { DataFrame } from '../../compute/polars.ts';
import { type PartitionKey, splitFrame } from '../targets/partition.ts';
import { type Codec, encodeParquet } from './writer.ts';

export interface EncodedPiece {
  /** The partition's directories; "" when the target has none. */
  readonly path: string;
  readonly rows: number;
  /** A whole Parquet file. */
  readonly parquet: Buffer;
}

/** How a target wants its rows. */
export interface Encoding {
  readonly codec: Codec;
  readonly keys: readonly PartitionKey[];
}

export function encodePieces(frame: DataFrame, { codec, keys }: Encoding): EncodedPiece[] {
  return splitFrame(frame, keys).map((piece) => ({
    path: piece.path,
    rows: piece.frame.height,
    parquet: encodeParquet(piece.frame, codec),
  }));
}
