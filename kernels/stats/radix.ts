// Radix sort of 64-bit keys, and the mapping of numbers to unsigned keys of the same order.

import { take } from './memory';

const PASSES: usize = 8;
const COUNTS_BYTES: usize = 8 * 256 * 4;

// One for each instance and so for each thread.
let countsAt: usize = 0;

/** Sorts n keys at `keys` with `into` as long; gives which of the two holds the result. */
export function sortKeys(keys: usize, into: usize, n: usize): usize {
  if (countsAt == 0) countsAt = take(COUNTS_BYTES);
  const counts = countsAt;
  memory.fill(counts, 0, COUNTS_BYTES);
  const end = keys + (n << 3);
  // All eight histograms in one pass.
  for (let at = keys; at < end; at += 8) {
    let digits = load<u64>(at);
    for (let pass: usize = 0; pass < PASSES; pass++) {
      const count = counts + (pass << 10) + (<usize>(digits & 0xff) << 2);
      store<u32>(count, load<u32>(count) + 1);
      digits >>>= 8;
    }
  }
  let from = keys;
  let to = into;
  for (let pass: usize = 0; pass < PASSES; pass++) {
    if (!scatter(from, to, n, counts + (pass << 10), <u64>pass << 3)) continue;
    const swap = from;
    from = to;
    to = swap;
  }
  return from;
}

/** One pass; false when all keys have the same digit there. */
function scatter(from: usize, into: usize, n: usize, counts: usize, shift: u64): bool {
  let start: u32 = 0;
  for (let digit: usize = 0; digit < 256; digit++) {
    const count = load<u32>(counts + (digit << 2));
    if (<usize>count == n) return false;
    store<u32>(counts + (digit << 2), start);
    start += count;
  }
  for (let i: usize = 0; i < n; i++) {
    const key = load<u64>(from + (i << 3));
    const at = counts + (<usize>((key >>> shift) & 0xff) << 2);
    const place = load<u32>(at);
    store<u32>(at, place + 1);
    store<u64>(into + (<usize>place << 3), key);
  }
  return true;
}

export const DOUBLES: u64 = 0;
export const SIGNED: u64 = 1;
export const UNSIGNED: u64 = 2;

const SIGN: u64 = 0x8000000000000000;

/** The bits of a number of this kind as a key. */
@inline
export function toKey(bits: u64, kind: u64): u64 {
  if (kind == UNSIGNED) return bits;
  if (kind == SIGNED) return bits ^ SIGN;
  return (bits & SIGN) != 0 ? ~bits : bits | SIGN;
}

@inline
export function ofKey(key: u64, kind: u64): u64 {
  if (kind == UNSIGNED) return key;
  if (kind == SIGNED) return key ^ SIGN;
  return (key & SIGN) != 0 ? key & ~SIGN : ~key;
}
