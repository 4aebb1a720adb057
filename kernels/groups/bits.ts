// Reading what Parquet packs: https://github.com/apache/parquet-format/blob/master/Encodings.md
// Every function gets the end of its bytes and answers false, or 0, where they do not suffice. Up to
// 64 bytes behind the end may be read, and as many behind what is written.

let at: usize = 0;

/** Reads at `at` and moves it; beyond the end it gives zeros, and `at` tells. */
function varint(end: usize): u64 {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 64; shift += 7) {
    if (at >= end) {
      at = end + 1;
      return 0;
    }
    const byte = <u64>load<u8>(at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  at = end + 1;
  return 0;
}

@inline
function zigzag(end: usize): i64 {
  const raw = varint(end);
  return <i64>(raw >>> 1) ^ -<i64>(raw & 1);
}

/** `groups` times eight values of `width` bits to 32 bits each. */
function unpack(from: usize, width: u32, groups: u32, to: usize): void {
  const mask = width == 32 ? <u64>0xffffffff : ((<u64>1) << width) - 1;
  const w = <u64>width;
  if (width <= 8) {
    for (let i: u32 = 0; i < groups; i++) {
      const bits = load<u64>(from);
      store<u32>(to, <u32>(bits & mask));
      store<u32>(to, <u32>((bits >>> w) & mask), 4);
      store<u32>(to, <u32>((bits >>> (2 * w)) & mask), 8);
      store<u32>(to, <u32>((bits >>> (3 * w)) & mask), 12);
      store<u32>(to, <u32>((bits >>> (4 * w)) & mask), 16);
      store<u32>(to, <u32>((bits >>> (5 * w)) & mask), 20);
      store<u32>(to, <u32>((bits >>> (6 * w)) & mask), 24);
      store<u32>(to, <u32>((bits >>> (7 * w)) & mask), 28);
      from += width;
      to += 32;
    }
  } else if (width <= 16) {
    const half = width >>> 1;
    const odd = <u64>(width & 1) << 2;
    for (let i: u32 = 0; i < groups; i++) {
      const low = load<u64>(from);
      const high = load<u64>(from + half) >>> odd;
      store<u32>(to, <u32>(low & mask));
      store<u32>(to, <u32>((low >>> w) & mask), 4);
      store<u32>(to, <u32>((low >>> (2 * w)) & mask), 8);
      store<u32>(to, <u32>((low >>> (3 * w)) & mask), 12);
      store<u32>(to, <u32>(high & mask), 16);
      store<u32>(to, <u32>((high >>> w) & mask), 20);
      store<u32>(to, <u32>((high >>> (2 * w)) & mask), 24);
      store<u32>(to, <u32>((high >>> (3 * w)) & mask), 28);
      from += width;
      to += 32;
    }
  } else {
    for (let i: u32 = 0; i < groups; i++) {
      for (let k: u32 = 0; k < 8; k++) {
        const bit = k * width;
        const word = load<u64>(from + (bit >>> 3)) >>> <u64>(bit & 7);
        store<u32>(to + (<usize>k << 2), <u32>(word & mask));
      }
      from += width;
      to += 32;
    }
  }
}

/** The hybrid of runs and packed bits: `count` values of `width` bits, 32 bits each at `to`. */
export function readHybrid(
  from: usize, end: usize, width: u32, count: u32, to: usize,
): bool {
  if (width > 32) return false;
  if (width == 0) {
    memory.fill(to, 0, <usize>count << 2);
    return true;
  }
  at = from;
  const bytes = (width + 7) >>> 3;
  let left = count;
  while (left > 0) {
    const head = varint(end);
    if (at > end) return false;
    const length = head >>> 1;
    if ((head & 1) == 1) {
      const groups = <u32>min<u64>(length, (<u64>left + 7) >>> 3);
      const values = min<u32>(groups << 3, left);
      const needed = <usize>((<u64>values * width + 7) >>> 3);
      if (length == 0 || needed > end - at) return false;
      unpack(at, width, groups, to);
      at += <usize>min<u64>(length * width, <u64>(end - at));
      to += <usize>values << 2;
      left -= values;
    } else {
      if (length == 0 || <usize>bytes > end - at) return false;
      const values = <u32>min<u64>(length, left);
      const value = load<u32>(at) & (bytes == 4 ? 0xffffffff : (<u32>1 << (bytes << 3)) - 1);
      at += bytes;
      for (let i: u32 = 0; i < values; i++) store<u32>(to + (<usize>i << 2), value);
      to += <usize>values << 2;
      left -= values;
    }
  }
  return true;
}

/**
 * Definition levels of one bit: a byte for each row at `to`. Gives how many are set, -1 where the
 * bytes do not suffice. Nothing is written when all are set and one run says so.
 */
export function readLevels(from: usize, end: usize, rows: u32, to: usize): i32 {
  at = from;
  let set: u32 = 0;
  for (let row: u32 = 0; row < rows; ) {
    const head = varint(end);
    if (at > end || head >>> 1 == 0) return -1;
    const left = rows - row;
    if ((head & 1) == 0) {
      if (at >= end) return -1;
      const length = <u32>min<u64>(head >>> 1, left);
      const value = load<u8>(at++);
      if (value > 1) return -1;
      if (value == 1 && length == rows) return <i32>rows;
      memory.fill(to + row, value, length);
      if (value == 1) set += length;
      row += length;
      continue;
    }
    const groups = <u32>min<u64>(head >>> 1, (<u64>left + 7) >>> 3);
    if (<usize>groups > end - at) return -1;
    for (let i: u32 = 0; i < groups; i++) {
      // A byte for each bit of one byte.
      const spread = (<u64>load<u8>(at + i) * 0x0101010101010101) & 0x8040201008040201;
      const ones = ((spread + 0x7f7f7f7f7f7f7f7f) >>> 7) & 0x0101010101010101;
      store<u64>(to + row + (<usize>i << 3), ones);
      set += <u32>popcnt<u64>(ones);
    }
    const last = groups << 3;
    for (let i = left; i < last; i++) set -= load<u8>(to + row + i);
    row += min<u32>(last, left);
    at += <usize>min<u64>(head >>> 1, <u64>(end - at));
  }
  return <i32>set;
}

/** DELTA_BINARY_PACKED: `count` integers, 8 bytes each at `to`. */
export function readDeltas(from: usize, end: usize, count: u32, to: usize): bool {
  at = from;
  const block = varint(end);
  const minis = varint(end);
  const total = varint(end);
  let value = zigzag(end);
  if (at > end || total < <u64>count || minis == 0 || minis > 256) return false;
  const size = block / minis;
  if (block > 65536 || size == 0 || (size & 7) != 0 || size * minis != block) return false;
  if (count == 0) return true;
  store<i64>(to, value);
  let done: u32 = 1;
  while (done < count) {
    const least = zigzag(end);
    const widths = at;
    if (at > end || <usize>minis > end - at) return false;
    at += <usize>minis;
    for (let m: u32 = 0; m < <u32>minis && done < count; m++) {
      const width = <u32>load<u8>(widths + m);
      const values = min<u32>(<u32>size, count - done);
      const needed = <usize>((<u64>values * width + 7) >>> 3);
      if (width > 64 || needed > end - at) return false;
      value = addDeltas(at, width, values, value, least, to + (<usize>done << 3));
      done += values;
      at += <usize>min<u64>((size * width) >>> 3, <u64>(end - at));
    }
  }
  return true;
}

function addDeltas(
  from: usize, width: u32, count: u32, first: i64, least: i64, to: usize,
): i64 {
  let value = first;
  if (width == 0) {
    let two = i64x2.add(i64x2.splat(value), i64x2(least, 2 * least));
    const step = i64x2.splat(2 * least);
    // Up to one more is written.
    for (let i: u32 = 0; i < count; i += 2) {
      v128.store(to + (<usize>i << 3), two);
      two = i64x2.add(two, step);
    }
    return value + <i64>count * least;
  }
  const mask = width == 64 ? u64.MAX_VALUE : ((<u64>1) << width) - 1;
  for (let i: u32 = 0, bit: u32 = 0; i < count; i++, bit += width) {
    const word = from + (bit >>> 3);
    const shift = <u64>(bit & 7);
    let delta = load<u64>(word) >>> shift;
    if (width > 56 && shift > 0) delta |= load<u64>(word, 8) << (64 - shift);
    value += <i64>(delta & mask) + least;
    store<i64>(to + (<usize>i << 3), value);
  }
  return value;
}
