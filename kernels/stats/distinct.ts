// Distinct numbers: a table of value and count while there are few, HyperLogLog registers from
// then on. Both depend on the set of values only, not on their order.

import { mix } from './hash';
import { take } from './memory';

export const REGISTER_BITS: u64 = 14;
export const REGISTERS: usize = 1 << 14;

/** One HyperLogLog update (Flajolet et al. 2007) with 2^14 registers: standard error 0.81 %. */
@inline
export function addToRegisters(registers: usize, hash: u64): void {
  const at = registers + <usize>(hash >>> (64 - REGISTER_BITS));
  const rank = <u8>(clz<u64>((hash << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))) + 1);
  if (rank > load<u8>(at)) store<u8>(at, rank);
}

@unmanaged
export class Distinct {
  // Slots of 16 bytes: key, count; a count of 0 is an empty slot.
  slots: u64;
  capacity: u64;
  used: u64;
  // The most entries the table may have.
  limit: u64;
  // 0 while the table is exact.
  registers: u64;
  // Every value, once the table is not: when asked for, up to so many.
  keep: u64;
  kept: u64;
  // Chunks of values, each beginning with the address of the next; the last and what it holds.
  chunks: u64;
  chunk: u64;
  fill: u64;
  // 1: there were more values than may be kept.
  spilt: u64;
}

/** Values in a chunk: 1 MiB with the link. */
const CHUNK: u64 = 131071;

/** `keep`: how many values may be kept for sorting when there are too many to count. */
export function newDistinct(limit: u64, keep: u64): Distinct {
  const d = changetype<Distinct>(take(offsetof<Distinct>()));
  d.capacity = 1024;
  d.slots = <u64>take(1024 * 16);
  d.limit = limit;
  d.keep = keep;
  d.fill = CHUNK;
  return d;
}

@inline
export function addNumber(d: Distinct, key: u64): void {
  const hash = mix(key);
  if (d.registers != 0) {
    addToRegisters(<usize>d.registers, hash);
    if (d.keep != 0) keepValue(d, key);
    return;
  }
  const mask = d.capacity - 1;
  let i = hash & mask;
  for (;;) {
    const slot = <usize>d.slots + (<usize>i << 4);
    const count = load<u64>(slot, 8);
    if (count == 0) {
      addEntry(d, slot, key);
      return;
    }
    if (load<u64>(slot) == key) {
      store<u64>(slot, count + 1, 8);
      return;
    }
    i = (i + 1) & mask;
  }
}

function addEntry(d: Distinct, slot: usize, key: u64): void {
  store<u64>(slot, key);
  store<u64>(slot, 1, 8);
  d.used++;
  if (d.used > d.limit) overflow(d);
  else if (d.used * 2 > d.capacity) grow(d);
}

function grow(d: Distinct): void {
  const old = <usize>d.slots;
  const end = old + (<usize>d.capacity << 4);
  d.capacity *= 2;
  d.slots = <u64>take(<usize>d.capacity << 4);
  const mask = d.capacity - 1;
  for (let from = old; from < end; from += 16) {
    if (load<u64>(from, 8) == 0) continue;
    let i = mix(load<u64>(from)) & mask;
    let slot = <usize>d.slots + (<usize>i << 4);
    while (load<u64>(slot, 8) != 0) {
      i = (i + 1) & mask;
      slot = <usize>d.slots + (<usize>i << 4);
    }
    v128.store(slot, v128.load(from));
  }
}

function overflow(d: Distinct): void {
  d.registers = <u64>take(REGISTERS);
  const end = <usize>d.slots + (<usize>d.capacity << 4);
  for (let slot = <usize>d.slots; slot < end; slot += 16) {
    const count = load<u64>(slot, 8);
    if (count == 0) continue;
    const key = load<u64>(slot);
    addToRegisters(<usize>d.registers, mix(key));
    if (d.keep != 0) for (let i: u64 = 0; i < count; i++) keepValue(d, key);
  }
}

function keepValue(d: Distinct, key: u64): void {
  if (d.fill == CHUNK) {
    if (d.kept >= d.keep) {
      d.spilt = 1;
      return;
    }
    const next = take((<usize>CHUNK + 1) * 8);
    if (d.chunk == 0) d.chunks = <u64>next;
    else store<u64>(<usize>d.chunk, <u64>next);
    d.chunk = <u64>next;
    d.fill = 0;
  }
  d.fill++;
  d.kept++;
  store<u64>(<usize>d.chunk + (<usize>d.fill << 3), key);
}

/**
 * Sorts the kept values into `to`, with `spare` as long: as doubles, or as signed or unsigned
 * integers (kind 0, 1, 2), or as integers that doubles hold exactly, made doubles (kind 3). Gives
 * the address that holds the result.
 */
export function sortKept(d: Distinct, kind: u32, to: usize, spare: usize): usize {
  const n = <usize>d.kept;
  // All eight histograms in the pass that gathers the chunks.
  const counts = take(8 * 256 * 4);
  let out = to;
  let chunk = <usize>d.chunks;
  for (let left = n; left > 0; ) {
    const here = min<usize>(left, <usize>CHUNK);
    for (let i: usize = 1; i <= here; i++) {
      const key = ordered(load<u64>(chunk + (i << 3)), kind);
      store<u64>(out, key);
      out += 8;
      let digits = key;
      for (let pass: usize = 0; pass < 8; pass++) {
        const at = counts + (pass << 10) + (<usize>(digits & 0xff) << 2);
        store<u32>(at, load<u32>(at) + 1);
        digits >>>= 8;
      }
    }
    left -= here;
    chunk = <usize>load<u64>(chunk);
  }
  let from = to;
  let into = spare;
  for (let pass: usize = 0; pass < 8; pass++) {
    if (!scatter(from, into, n, counts + (pass << 10), <u64>pass << 3)) continue;
    const swap = from;
    from = into;
    into = swap;
  }
  for (let i: usize = 0; i < n; i++) {
    const at = from + (i << 3);
    const key = unordered(load<u64>(at), kind);
    if (kind == 3) store<f64>(at, <f64>(<i64>key));
    else store<u64>(at, key);
  }
  return from;
}

/** One pass of the radix sort; false when all values have the same digit there. */
export function scatter(from: usize, into: usize, n: usize, counts: usize, shift: u64): bool {
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

const SIGN: u64 = 0x8000000000000000;

/** Maps values to unsigned integers of the same order. */
@inline
function ordered(key: u64, kind: u32): u64 {
  if (kind == 2) return key;
  if (kind != 0) return key ^ SIGN;
  return (key & SIGN) != 0 ? ~key : key | SIGN;
}

@inline
function unordered(key: u64, kind: u32): u64 {
  if (kind == 2) return key;
  if (kind != 0) return key ^ SIGN;
  return (key & SIGN) != 0 ? key & ~SIGN : ~key;
}
