// Every value of a column, 8 bytes each: chunks of 65,535 that are sorted when they are full and
// never joined. Ranks are found by bisection over the keys, counting in every chunk; the values in
// order come range by range, each range gathered from all chunks and sorted.

import { spare, take } from './memory';
import { sortKeys, toKey } from './radix';

/** Values in a chunk: 512 KiB with the link in front. */
const CHUNK: u64 = 65535;

@unmanaged
export class Kept {
  // Of the values: see radix.ts.
  kind: u64;
  // Address of the number (i32) of chunks that the columns may still take, all together.
  budget: u64;
  // Values seen; those kept are as many unless `spilt`.
  count: u64;
  // Each chunk begins with the address of the next.
  chunks: u64;
  chunk: u64;
  fill: u64;
  // 1: there was no chunk left.
  spilt: u64;
}

export function newKept(kind: u64, budget: usize): Kept {
  const k = changetype<Kept>(take(offsetof<Kept>()));
  k.kind = kind;
  k.budget = <u64>budget;
  k.fill = CHUNK;
  return k;
}

export function keepValue(k: Kept, bits: u64): void {
  k.count++;
  if (k.fill == CHUNK && !nextChunk(k)) return;
  k.fill++;
  store<u64>(<usize>k.chunk + (<usize>k.fill << 3), toKey(bits, k.kind));
}

function nextChunk(k: Kept): bool {
  if (k.spilt) return false;
  if (k.chunk != 0) settleKept(k);
  if (atomic.sub<i32>(<usize>k.budget, 1) <= 0) {
    k.spilt = 1;
    return false;
  }
  const next = take((<usize>CHUNK + 1) << 3);
  if (k.chunk == 0) k.chunks = <u64>next;
  else store<u64>(<usize>k.chunk, <u64>next);
  k.chunk = <u64>next;
  k.fill = 0;
  return true;
}

/** Sorts the last chunk: of use when it is full, or when no more values come. */
export function settleKept(k: Kept): void {
  if (k.chunk == 0) return;
  const values = <usize>k.chunk + 8;
  const n = <usize>k.fill;
  const sorted = sortKeys(values, spare(<usize>CHUNK << 3), n);
  if (sorted != values) memory.copy(values, sorted, n << 3);
}

/** How many of n sorted keys at `at` are not above `key`. */
function upTo(at: usize, n: usize, key: u64): usize {
  let low: usize = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (load<u64>(at + (middle << 3)) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

@inline
function sizeOf(k: Kept, chunk: usize): usize {
  return chunk == <usize>k.chunk ? <usize>k.fill : <usize>CHUNK;
}

/** How many keys are not above `key`. */
export function keptUpTo(k: Kept, key: u64): u64 {
  let count: u64 = 0;
  for (let chunk = <usize>k.chunks; chunk != 0; chunk = <usize>load<u64>(chunk)) {
    count += <u64>upTo(chunk + 8, sizeOf(k, chunk), key);
  }
  return count;
}

/** The key of this rank, 0 the smallest; the largest key there is when no value has it. */
export function keptAt(k: Kept, rank: u64): u64 {
  let low: u64 = 0;
  let high: u64 = u64.MAX_VALUE;
  while (low < high) {
    const middle = low + ((high - low) >>> 1);
    if (keptUpTo(k, middle) > rank) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The keys from `low` to `high`, both included, in order: written to `to` or to `other`, each with
 * room for all of them; gives which.
 */
export function keptWithin(k: Kept, low: u64, high: u64, to: usize, other: usize): usize {
  let out = to;
  for (let chunk = <usize>k.chunks; chunk != 0; chunk = <usize>load<u64>(chunk)) {
    const values = chunk + 8;
    const n = sizeOf(k, chunk);
    const from: usize = low == 0 ? 0 : upTo(values, n, low - 1);
    const size = (upTo(values, n, high) - from) << 3;
    memory.copy(out, values + (from << 3), size);
    out += size;
  }
  return sortKeys(to, other, (out - to) >>> 3);
}
