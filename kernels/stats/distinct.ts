// Distinct numbers: a table of value and count while there are few, HyperLogLog registers from
// then on. Both depend on the set of values only, not on their order.

import { addFrequentNumber, Frequent, newFrequent, takeOverNumbers } from './frequent';
import { mix } from './hash';
import { keepValue, Kept } from './kept';
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
  // Every value, once the table is not exact; 0: they are not wanted.
  kept: u64;
  // 1: the most frequent are wanted when there are too many to count.
  wantsFrequent: u64;
  frequent: u64;
}

const FIRST_SLOTS: u64 = 16;

/**
 * `kept`: where values go once there are too many different ones to count; 0: nowhere. See Frequent
 * for what `frequent` asks then.
 */
export function newDistinct(limit: u64, kept: u64, frequent: bool): Distinct {
  const d = changetype<Distinct>(take(offsetof<Distinct>()));
  d.capacity = FIRST_SLOTS;
  d.slots = <u64>take(<usize>FIRST_SLOTS << 4);
  d.limit = limit;
  d.kept = kept;
  d.wantsFrequent = <u64>frequent;
  return d;
}

@inline
export function addNumber(d: Distinct, key: u64): void {
  const hash = mix(key);
  if (d.registers != 0) {
    addToRegisters(<usize>d.registers, hash);
    if (d.kept != 0) keepValue(changetype<Kept>(<usize>d.kept), key);
    if (d.frequent != 0) addFrequentNumber(changetype<Frequent>(<usize>d.frequent), hash, key);
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
    if (d.kept == 0) continue;
    for (let i: u64 = 0; i < count; i++) keepValue(changetype<Kept>(<usize>d.kept), key);
  }
  if (!d.wantsFrequent) return;
  const frequent = newFrequent();
  takeOverNumbers(frequent, <usize>d.slots, d.capacity);
  d.frequent = <u64>changetype<usize>(frequent);
}
