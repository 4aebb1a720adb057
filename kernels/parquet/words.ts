// Columns of 8-byte values: integers, times, floats, truth values. Only values that are not null are
// written; the levels tell where they belong.

import { deltaRoom, levelRoom, packDeltas, packIndices, packLevels } from './bits';
import {
  BYTE_STREAM_SPLIT, Chunk, DELTA_BINARY_PACKED, PLAIN, RLE_DICTIONARY, widthOf,
} from './chunk';
import { mark, release, take } from './memory';

/** More distinct values than this make no dictionary: their indices have 16 bits. */
const MOST_DISTINCT: u32 = 40000;
/** After so many values the share of new ones tells whether it will be one. */
const TRIAL: u32 = 16384;

let indices: usize = 0;
let entries: usize = 0;

/** Moves the values that are there to the front; gives how many there are. */
function compact(values: usize, validity: usize, rows: u32): u32 {
  let count: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    store<u64>(values + (<usize>count << 3), load<u64>(values + (<usize>row << 3)));
    count += (<u32>load<u8>(validity + (row >>> 3)) >>> (row & 7)) & 1;
  }
  return count;
}

/** The number of distinct values, with `indices` and `entries` filled; -1 when they are too many. */
function findDistinct(values: usize, count: u32): i32 {
  const limit = min<u32>(count >>> 2, MOST_DISTINCT);
  if (limit == 0) return -1;
  const shift = <u64>(clz<u32>(limit) + 32 - 2);
  const mask = (<u32>1 << <u32>(64 - shift)) - 1;
  indices = take(<usize>count * 2);
  entries = take(<usize>limit * 8);
  const table = take((<usize>mask + 1) * 4);
  memory.fill(table, 0, (<usize>mask + 1) * 4);
  let distinct: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u64>(values + (<usize>i << 3));
    let slot = <u32>((value * 0x9e3779b97f4a7c15) >>> shift);
    let index: u32;
    for (;;) {
      index = load<u32>(table + (<usize>slot << 2));
      if (index == 0) {
        if (distinct == limit) return -1;
        store<u64>(entries + (<usize>distinct << 3), value);
        distinct++;
        index = distinct;
        store<u32>(table + (<usize>slot << 2), index);
        break;
      }
      if (load<u64>(entries + (<usize>(index - 1) << 3)) == value) break;
      slot = (slot + 1) & mask;
    }
    store<u16>(indices + (<usize>i << 1), <u16>(index - 1));
    if (i == TRIAL && distinct > TRIAL / 4 * 3) return -1;
  }
  return <i32>distinct;
}

function rangeOfIntegers(chunk: Chunk, values: usize, count: u32, size: u64): void {
  chunk.ranged = u64(count > 0);
  if (count == 0) return;
  let least = load<i64>(values);
  let most = least;
  for (let i: u32 = 1; i < count; i++) {
    const value = load<i64>(values + (<usize>i << 3));
    least = min<i64>(least, value);
    most = max<i64>(most, value);
  }
  setRange(chunk, <u64>least, <u64>most, size);
}

function setRange(chunk: Chunk, least: u64, most: u64, size: u64): void {
  const at = take(16);
  store<u64>(at, least);
  store<u64>(at, most, 8);
  chunk.minAt = at;
  chunk.maxAt = at + 8;
  chunk.minSize = chunk.maxSize = size;
}

function setData(chunk: Chunk, encoding: u64, at: usize, end: usize): void {
  chunk.encoding = encoding;
  chunk.dataAt = at;
  chunk.dataSize = end - at;
}

/** Writes the indices as the data, and `count` entries of `size` bytes as the dictionary. */
function setDictionary(chunk: Chunk, distinct: u32, size: u32, at: usize, end: usize): void {
  setData(chunk, RLE_DICTIONARY, at, end);
  if (size == 4) {
    for (let i: u32 = 0; i < distinct; i++) {
      store<u32>(entries + (<usize>i << 2), <u32>load<u64>(entries + (<usize>i << 3)));
    }
  }
  chunk.dictionaryCount = distinct;
  chunk.dictionaryAt = entries;
  chunk.dictionarySize = <u64>distinct * size;
}

/** Integers, times and dates (`size` 4): differences, or a dictionary where that is smaller. */
export function encodeIntegers(
  chunk: Chunk, values: usize, validity: usize, rows: u32, size: u32,
): void {
  const count = chunk.nulls == 0 ? rows : compact(values, validity, rows);
  rangeOfIntegers(chunk, values, count, size);
  const at = take(levelRoom(rows) + deltaRoom(count));
  const start = packLevels(validity, rows, chunk.nulls, at);
  const end = packDeltas(values, count, start);
  setData(chunk, DELTA_BINARY_PACKED, at, end);
  // Below 4 bits a value nothing is to be gained.
  if ((end - start) * 2 <= count) return;
  const before = mark();
  const distinct = findDistinct(values, count);
  if (distinct > 0) {
    const width = widthOf(<u32>distinct);
    if (<usize>distinct * size + ((<usize>count * width) >>> 3) < end - start) {
      const to = take(levelRoom(rows) + <usize>count * 3 + 64);
      const from = packLevels(validity, rows, chunk.nulls, to);
      setDictionary(chunk, <u32>distinct, size, to, packIndices(indices, count, width, from));
      return;
    }
  }
  release(before);
}

/** Doubles: a dictionary where they repeat, else their bytes by place or as they are. */
export function encodeFloats(
  chunk: Chunk, values: usize, validity: usize, rows: u32, split: bool,
): void {
  const count = chunk.nulls == 0 ? rows : compact(values, validity, rows);
  rangeOfFloats(chunk, values, count);
  const distinct = findDistinct(values, count);
  const width = widthOf(<u32>max<i32>(distinct, 1));
  const room = levelRoom(rows) + <usize>count * 8 + 64;
  const at = take(room);
  const start = packLevels(validity, rows, chunk.nulls, at);
  if (distinct > 0 && <usize>distinct * 8 + ((<usize>count * width) >>> 3) < <usize>count * 5) {
    setDictionary(chunk, <u32>distinct, 8, at, packIndices(indices, count, width, start));
    return;
  }
  const bytes = <usize>count << 3;
  if (split) splitBytes(values, count, start);
  else memory.copy(start, values, bytes);
  setData(chunk, split ? BYTE_STREAM_SPLIT : PLAIN, at, start + bytes);
}

/** All first bytes, then all second ones, and so on. */
function splitBytes(values: usize, count: u32, to: usize): void {
  for (let k: u32 = 0; k < 8; k++) {
    const stream = to + <usize>k * <usize>count;
    const from = values + k;
    for (let i: u32 = 0; i < count; i++) {
      store<u8>(stream + i, load<u8>(from + (<usize>i << 3)));
    }
  }
}

function rangeOfFloats(chunk: Chunk, values: usize, count: u32): void {
  chunk.ranged = u64(count > 0);
  let least = f64.MAX_VALUE;
  let most = -f64.MAX_VALUE;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<f64>(values + (<usize>i << 3));
    least = min<f64>(least, value);
    most = max<f64>(most, value);
  }
  // The format wants both zeros inside a range that ends with one.
  if (least == 0) least = -0.0;
  if (most == 0) most = 0.0;
  setRange(chunk, reinterpret<u64>(least), reinterpret<u64>(most), 8);
}

export function encodeBooleans(chunk: Chunk, values: usize, validity: usize, rows: u32): void {
  const count = chunk.nulls == 0 ? rows : compact(values, validity, rows);
  rangeOfIntegers(chunk, values, count, 1);
  const at = take(levelRoom(rows) + (<usize>count >>> 3) + 16);
  const start = packLevels(validity, rows, chunk.nulls, at);
  let bits: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    bits |= <u32>load<u8>(values + (<usize>i << 3)) << (i & 7);
    if ((i & 7) == 7) {
      store<u8>(start + (i >>> 3), <u8>bits);
      bits = 0;
    }
  }
  if ((count & 7) != 0) store<u8>(start + (count >>> 3), <u8>bits);
  setData(chunk, PLAIN, at, start + ((<usize>count + 7) >>> 3));
}
