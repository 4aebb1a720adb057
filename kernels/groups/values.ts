// The values of a page as 8 bytes each: integers as such, doubles as their bits.

import { readDeltas, readHybrid } from './bits';
import {
  BOOLEAN, dictionaryRoom, FLOAT32, FLOAT64, INDICES, INT32, INT64, Leaf, room, State, UINT32, VALUES,
} from './state';

// As the format numbers them.
export const PLAIN: u32 = 0;
const OLD_DICTIONARY: u32 = 2;
const RLE: u32 = 3;
const DELTA_BINARY_PACKED: u32 = 5;
const RLE_DICTIONARY: u32 = 8;
const BYTE_STREAM_SPLIT: u32 = 9;

export function isDictionary(encoding: u32): bool {
  return encoding == RLE_DICTIONARY || encoding == OLD_DICTIONARY;
}

/** Bytes of a plain value; 0 where it has no fixed size. */
function sizeOf(kind: u64): usize {
  if (kind == INT64 || kind == FLOAT64) return 8;
  return kind == INT32 || kind == UINT32 || kind == FLOAT32 ? 4 : 0;
}

function widen(kind: u64, from: usize, count: u32, to: usize): void {
  if (kind == INT32) {
    for (let i: u32 = 0; i < count; i++) {
      store<i64>(to + (<usize>i << 3), load<i32>(from + (<usize>i << 2)));
    }
  } else if (kind == UINT32) {
    for (let i: u32 = 0; i < count; i++) {
      store<u64>(to + (<usize>i << 3), load<u32>(from + (<usize>i << 2)));
    }
  } else {
    for (let i: u32 = 0; i < count; i++) {
      store<f64>(to + (<usize>i << 3), load<f32>(from + (<usize>i << 2)));
    }
  }
}

/** Takes a dictionary page of fixed-size values over; false when it is too short. */
export function takeDictionary(leaf: Leaf, from: usize, size: usize, count: u32): bool {
  const each = sizeOf(leaf.kind);
  if (each == 0 || <u64>count * each > <u64>size) return false;
  // Thrice: see prepareEntries.
  const to = dictionaryRoom(leaf, <usize>count * 24);
  if (each == 8) memory.copy(to, from, <usize>count << 3);
  else widen(leaf.kind, from, count, to);
  leaf.dictionaryCount = count;
  return true;
}

/** The indices of `count` values into a dictionary that has `most` entries; 0: damaged. */
export function readIndices(state: State, from: usize, end: usize, count: u32, most: u64): usize {
  const to = room(state, INDICES, <usize>count << 2);
  if (count == 0) return to;
  if (from >= end) return 0;
  const width = <u64>load<u8>(from);
  if (!readHybrid(from + 1, end, <u32>width, count, to)) return 0;
  // Runs have whole bytes: a run may hold more than `width` bits.
  return largestOf(to, count) < most ? to : 0;
}

function largestOf(values: usize, count: u32): u64 {
  let four = i32x4.splat(0);
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) {
    four = i32x4.max_u(four, v128.load(values + (<usize>i << 2)));
  }
  let largest = max<u32>(
    max<u32>(i32x4.extract_lane(four, 0), i32x4.extract_lane(four, 1)),
    max<u32>(i32x4.extract_lane(four, 2), i32x4.extract_lane(four, 3)),
  );
  for (; i < count; i++) largest = max<u32>(largest, load<u32>(values + (<usize>i << 2)));
  return largest;
}

function ofDictionary(state: State, leaf: Leaf, from: usize, end: usize, count: u32): usize {
  const indices = readIndices(state, from, end, count, leaf.dictionaryCount);
  if (indices == 0) return 0;
  const values = <usize>leaf.dictionaryAt;
  const to = room(state, VALUES, <usize>count << 3);
  for (let i: u32 = 0; i < count; i++) {
    const index = <usize>load<u32>(indices + (<usize>i << 2));
    store<u64>(to + (<usize>i << 3), load<u64>(values + (index << 3)));
  }
  return to;
}

function ofBits(
  state: State, from: usize, end: usize, count: u32, encoding: u32,
): usize {
  const bits = room(state, INDICES, <usize>count << 2);
  const to = room(state, VALUES, <usize>count << 3);
  if (encoding == RLE) {
    // With its length in front, unlike a dictionary's indices.
    if (end - from < 4) return 0;
    const size = <usize>load<u32>(from);
    if (size > end - from - 4) return 0;
    if (!readHybrid(from + 4, from + 4 + size, 1, count, bits)) return 0;
    for (let i: u32 = 0; i < count; i++) {
      store<u64>(to + (<usize>i << 3), load<u32>(bits + (<usize>i << 2)));
    }
    return to;
  }
  if (encoding != PLAIN || (<usize>count + 7) >>> 3 > end - from) return 0;
  for (let i: u32 = 0; i < count; i++) {
    store<u64>(to + (<usize>i << 3), (<u64>load<u8>(from + (i >>> 3)) >>> <u64>(i & 7)) & 1);
  }
  return to;
}

/** Byte k of every value lies in the k-th stream. */
function ofStreams(state: State, kind: u64, from: usize, end: usize, count: u32): usize {
  const each = sizeOf(kind);
  // Exactly: with more bytes than values it is not known where a stream begins.
  if (each == 0 || <u64>count * each != <u64>(end - from)) return 0;
  const to = room(state, VALUES, <usize>count << 3);
  // Halves of 4 bytes are put behind those of 8, and widened towards the front.
  const packed = to + (each == 4 ? <usize>count << 2 : 0);
  for (let k: usize = 0; k < each; k++) {
    const stream = from + k * <usize>count;
    let at = packed + k;
    for (let i: u32 = 0; i < count; i++, at += each) store<u8>(at, load<u8>(stream + i));
  }
  if (each == 4) widen(kind, packed, count, to);
  return to;
}

/** The address of `count` values, 8 bytes each; 0: damaged, or of an encoding unknown here. */
export function readValues(
  state: State, leaf: Leaf, from: usize, end: usize, count: u32, encoding: u32,
): usize {
  if (isDictionary(encoding)) return ofDictionary(state, leaf, from, end, count);
  const kind = leaf.kind;
  if (kind == BOOLEAN) return ofBits(state, from, end, count, encoding);
  if (encoding == BYTE_STREAM_SPLIT) return ofStreams(state, kind, from, end, count);
  if (encoding == DELTA_BINARY_PACKED) return ofDeltas(state, kind, from, end, count);
  const each = sizeOf(kind);
  if (encoding != PLAIN || each == 0 || <u64>count * each > <u64>(end - from)) return 0;
  if (each == 8) return from;
  const to = room(state, VALUES, <usize>count << 3);
  widen(kind, from, count, to);
  return to;
}

function ofDeltas(state: State, kind: u64, from: usize, end: usize, count: u32): usize {
  if (kind != INT32 && kind != INT64 && kind != UINT32) return 0;
  const to = room(state, VALUES, <usize>count << 3);
  if (!readDeltas(from, end, count, to)) return 0;
  if (kind == INT64) return to;
  // Differences of 32-bit integers wrap in 32 bits.
  for (let i: u32 = 0; i < count; i++) {
    const at = to + (<usize>i << 3);
    if (kind == INT32) store<i64>(at, <i64>load<i32>(at));
    else store<u64>(at, <u64>load<u32>(at));
  }
  return to;
}
