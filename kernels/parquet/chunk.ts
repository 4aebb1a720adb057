// What becomes of a column of a batch: a page of data, perhaps one of a dictionary, and a range.

@unmanaged
export class Chunk {
  // As the format numbers them.
  encoding: u64;
  nulls: u64;
  dataAt: u64;
  dataSize: u64;
  // 0: none.
  dictionaryCount: u64;
  dictionaryAt: u64;
  dictionarySize: u64;
  // 1 when the range is known.
  ranged: u64;
  minAt: u64;
  minSize: u64;
  maxAt: u64;
  maxSize: u64;
}

export const PLAIN: u64 = 0;
export const DELTA_BINARY_PACKED: u64 = 5;
export const DELTA_LENGTH_BYTE_ARRAY: u64 = 6;
export const RLE_DICTIONARY: u64 = 8;
export const BYTE_STREAM_SPLIT: u64 = 9;

/** Bits of an index below `count`. */
export function widthOf(count: u32): u32 {
  return count <= 2 ? 1 : 32 - clz<u32>(count - 1);
}
