/** How pages are compressed; https://github.com/apache/parquet-format/blob/master/Compression.md */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { Unreadable } from '../groups/refusal.ts';

export const CODEC = { none: 0, snappy: 1, gzip: 2, brotli: 4, zstd: 6, lz4: 7 } as const;

/** Those that the kernel undoes itself. */
export const isKernels = (codec: number): boolean => codec === CODEC.snappy || codec === CODEC.lz4;

export function isKnownCodec(codec: number): boolean {
  // Node has zstd since 22.15.
  if (codec === CODEC.zstd) return typeof zstdDecompressSync === 'function';
  return Object.values<number>(CODEC).includes(codec);
}

/** Exactly `size` bytes; throws where there are more, fewer or none. */
export function decompress(codec: number, packed: Uint8Array, size: number): Uint8Array {
  if (codec === CODEC.none) return packed;
  // A page of nulls alone; what codecs make of nothing differs.
  if (size === 0) return packed.subarray(0, 0);
  const options = { maxOutputLength: Math.max(size, 1), chunkSize: Math.max(64, size + 1) };
  const undo = { [CODEC.gzip]: gunzipSync, [CODEC.brotli]: brotliDecompressSync }[codec];
  const bytes =
    codec === CODEC.zstd ? zstdDecompressSync(packed, options) : undo?.(packed, options);
  if (bytes === undefined) throw new Unreadable(`its codec ${codec} is unknown`);
  return bytes;
}
