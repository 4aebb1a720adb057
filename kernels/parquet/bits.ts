// Parquet's ways to write integers in few bits:
// https://github.com/apache/parquet-format/blob/master/Encodings.md

import { take } from './memory';

@inline
function varint(to: usize, value: u64): usize {
  let rest = value;
  while (rest > 0x7f) {
    store<u8>(to++, <u8>rest | 0x80);
    rest >>>= 7;
  }
  store<u8>(to++, <u8>rest);
  return to;
}

@inline
function zigzag(to: usize, value: i64): usize {
  return varint(to, <u64>((value << 1) ^ (value >> 63)));
}

/** Writes `count` values of `width` bits, 8 bytes each at `values`; gives the end. */
function packWords(values: usize, count: u32, width: u32, to: usize): usize {
  if (width == 0) return to;
  let bits: u64 = 0;
  let fill: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u64>(values + (<usize>i << 3));
    bits |= value << fill;
    fill += width;
    if (fill >= 64) {
      store<u64>(to, bits);
      to += 8;
      fill -= 64;
      bits = fill == 0 ? 0 : value >>> (width - fill);
    }
  }
  if (fill > 0) store<u64>(to, bits);
  return to + ((fill + 7) >>> 3);
}

const BLOCK: u32 = 128;
const MINIBLOCK: u32 = 32;
let deltas: usize = 0;

/** Takes what packDeltas needs for itself, for good. */
export function openBits(): void {
  deltas = take(BLOCK * 8);
}

/** Bytes that packDeltas may write at most. */
export function deltaRoom(count: u32): usize {
  return (<usize>count + BLOCK) * 8 + (<usize>count / BLOCK + 2) * 16 + 64;
}

/** DELTA_BINARY_PACKED of `count` 8-byte integers; differences wrap as the format wants. */
export function packDeltas(values: usize, count: u32, to: usize): usize {
  to = varint(to, BLOCK);
  to = varint(to, BLOCK / MINIBLOCK);
  to = varint(to, count);
  let previous: i64 = count == 0 ? 0 : load<i64>(values);
  to = zigzag(to, previous);
  for (let i: u32 = 1; i < count; i += BLOCK) {
    const size = min<u32>(BLOCK, count - i);
    let least = i64.MAX_VALUE;
    for (let k: u32 = 0; k < size; k++) {
      const value = load<i64>(values + (<usize>(i + k) << 3));
      const delta = value - previous;
      previous = value;
      store<i64>(deltas + (<usize>k << 3), delta);
      least = min<i64>(least, delta);
    }
    to = zigzag(to, least);
    const widths = to;
    store<u32>(widths, 0);
    to += 4;
    for (let from: u32 = 0; from < size; from += MINIBLOCK) {
      const at = deltas + (<usize>from << 3);
      const here = min<u32>(MINIBLOCK, size - from);
      let all: u64 = 0;
      for (let k: u32 = 0; k < here; k++) {
        const above = load<u64>(at + (<usize>k << 3)) - <u64>least;
        store<u64>(at + (<usize>k << 3), above);
        all |= above;
      }
      for (let k = here; k < MINIBLOCK; k++) store<u64>(at + (<usize>k << 3), 0);
      const width = 64 - <u32>clz<u64>(all);
      store<u8>(widths + from / MINIBLOCK, <u8>width);
      to = packWords(at, MINIBLOCK, width, to);
    }
  }
  return to;
}

/** As many equal values begin a run that is worth its header. */
const RUN: u32 = 16;

/** How many of the 16-bit values from `i` on are equal, looking at no more than `most`. */
@inline
function equalFrom(at: usize, i: u32, count: u32, most: u32): u32 {
  const end = most < count - i ? i + most : count;
  const value = load<u16>(at + (<usize>i << 1));
  let k = i + 1;
  while (k < end && load<u16>(at + (<usize>k << 1)) == value) k++;
  return k - i;
}

/** The hybrid of runs and packed bits for dictionary indices, 16 bits each; the width in front. */
export function packIndices(at: usize, count: u32, width: u32, to: usize): usize {
  store<u8>(to++, <u8>width);
  for (let i: u32 = 0; i < count; ) {
    if (equalFrom(at, i, count, RUN) == RUN || equalFrom(at, i, count, RUN) == count - i) {
      const run = equalFrom(at, i, count, u32.MAX_VALUE);
      to = varint(to, <u64>run << 1);
      store<u16>(to, load<u16>(at + (<usize>i << 1)));
      to += width > 8 ? 2 : 1;
      i += run;
      continue;
    }
    const start = i;
    do {
      i += 8;
    } while (i < count && equalFrom(at, i, count, RUN) < RUN);
    const end = min<u32>(i, count);
    to = varint(to, (<u64>((i - start) >>> 3) << 1) | 1);
    let bits: u64 = 0;
    let fill: u32 = 0;
    for (let k = start; k < i; k++) {
      if (k < end) bits |= <u64>load<u16>(at + (<usize>k << 1)) << fill;
      fill += width;
      if (fill >= 32) {
        store<u32>(to, <u32>bits);
        to += 4;
        bits >>>= 32;
        fill -= 32;
      }
    }
    // Groups of eight end with a byte.
    store<u32>(to, <u32>bits);
    to += fill >>> 3;
    i = end;
  }
  return to;
}

/** Definition levels of a column that may have nulls: 1 where there is a value. */
export function packLevels(validity: usize, rows: u32, nulls: u64, to: usize): usize {
  const start = to + 4;
  let end: usize;
  if (nulls == 0) {
    end = varint(start, <u64>rows << 1);
    store<u8>(end++, 1);
  } else {
    const groups = (rows + 7) >>> 3;
    end = varint(start, (<u64>groups << 1) | 1);
    memory.copy(end, validity, groups);
    end += groups;
  }
  store<u32>(to, <u32>(end - start));
  return end;
}

export function levelRoom(rows: u32): usize {
  return (<usize>rows >>> 3) + 32;
}
