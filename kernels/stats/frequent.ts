// The most frequent values in bounded memory: at most 8192 counters. When they run out, all are
// lowered by the least number that leaves half of them, and those at zero go (Misra and Gries 1982;
// as Agarwal et al., "Mergeable summaries", PODS 2012, do it). So a count is never too high, and too
// low by at most `error`, which is at most n / 4097 after n values: each unit of it was taken from
// more than 4096 counters at once. Everything depends on the order of the values only.

import { mix } from './hash';
import { take } from './memory';

const SLOTS: u64 = 16384;
const MOST: u64 = 8192;
/** Of the sizes of slots: 32 bytes here and of tables of texts, 16 of tables of numbers. */
const TEXT_SHIFT: usize = 5;
const NUMBER_SHIFT: usize = 4;
/** Room for texts of more than 12 bytes. */
const ARENA: usize = 4 * 1024 * 1024;

@unmanaged
export class Frequent {
  // Slots of 32 bytes: hash, count, and the two words of the view (offset: a place in the arena).
  slots: u64;
  used: u64;
  error: u64;
  arena: u64;
  arenaFill: u64;
  // What the slots and the arena are copied to when counters go.
  otherSlots: u64;
  otherArena: u64;
}

export function newFrequent(): Frequent {
  const f = changetype<Frequent>(take(offsetof<Frequent>()));
  f.slots = <u64>take(<usize>SLOTS << 5);
  f.otherSlots = <u64>take(<usize>SLOTS << 5);
  return f;
}

/** Takes over the counts of a table of `capacity` slots laid out as here. */
export function takeOver(f: Frequent, slots: usize, capacity: u64, arena: usize): void {
  const cut = cutOf(slots, capacity, TEXT_SHIFT);
  f.error += cut;
  copyAbove(f, slots, capacity, arena, cut);
}

/** Takes over the counts of a table of numbers: slots of a key and a count. */
export function takeOverNumbers(f: Frequent, slots: usize, capacity: u64): void {
  const cut = cutOf(slots, capacity, NUMBER_SHIFT);
  f.error += cut;
  const end = slots + (<usize>capacity << NUMBER_SHIFT);
  for (let from = slots; from < end; from += 1 << NUMBER_SHIFT) {
    const count = load<u64>(from, 8);
    if (count <= cut) continue;
    const key = load<u64>(from);
    const slot = find(f, mix(key), firstWord(key), key >>> 32, 0);
    put(f, slot, mix(key), count - cut, firstWord(key), key >>> 32, 0);
  }
}

/** A number is a text of its 8 bytes. */
export function addFrequentNumber(f: Frequent, hash: u64, key: u64): void {
  addFrequent(f, hash, firstWord(key), key >>> 32, 0);
}

@inline
function firstWord(key: u64): u64 {
  return 8 | (key << 32);
}

/** `at`: where the text is when it has more than 12 bytes. */
export function addFrequent(f: Frequent, hash: u64, word0: u64, word1: u64, at: usize): void {
  const size = <u32>word0;
  let slot = find(f, hash, word0, word1, at);
  if (load<u64>(slot, 8) != 0) {
    store<u64>(slot, load<u64>(slot, 8) + 1, 8);
    return;
  }
  if (f.used == MOST || (size > 12 && <usize>f.arenaFill + size > ARENA)) {
    lower(f);
    if (size > 12 && <usize>f.arenaFill + size > ARENA) {
      // No room for so long a text: as if it had been counted and taken away again.
      f.error++;
      return;
    }
    slot = find(f, hash, word0, word1, at);
  }
  put(f, slot, hash, 1, word0, word1, at);
}

function put(
  f: Frequent, slot: usize, hash: u64, count: u64, word0: u64, word1: u64, at: usize,
): void {
  const size = <u32>word0;
  store<u64>(slot, hash);
  store<u64>(slot, count, 8);
  store<u64>(slot, word0, 16);
  if (size > 12) {
    if (f.arena == 0) {
      f.arena = <u64>take(ARENA);
      f.otherArena = <u64>take(ARENA);
    }
    memory.copy(<usize>f.arena + <usize>f.arenaFill, at, size);
    store<u64>(slot, f.arenaFill, 24);
    f.arenaFill += size;
  } else {
    store<u64>(slot, word1, 24);
  }
  f.used++;
}

/** The slot of a value, or the empty one where it belongs. */
function find(f: Frequent, hash: u64, word0: u64, word1: u64, at: usize): usize {
  const size = <u32>word0;
  let i = hash & (SLOTS - 1);
  for (;;) {
    const slot = <usize>f.slots + (<usize>i << 5);
    if (load<u64>(slot, 8) == 0) return slot;
    if (load<u64>(slot) == hash) {
      if (size <= 12) {
        if (load<u64>(slot, 16) == word0 && load<u64>(slot, 24) == word1) return slot;
      } else if (load<u32>(slot, 16) == size) {
        if (memory.compare(<usize>f.arena + <usize>load<u64>(slot, 24), at, size) == 0) return slot;
      }
    }
    i = (i + 1) & (SLOTS - 1);
  }
  return 0;
}

function lower(f: Frequent): void {
  const slots = <usize>f.slots;
  const arena = <usize>f.arena;
  // Short of room for texts there may be few counters: then at least one has to go.
  const cut = max<u64>(1, cutOf(slots, SLOTS, TEXT_SHIFT));
  f.error += cut;
  f.slots = f.otherSlots;
  f.arena = f.otherArena;
  f.otherSlots = <u64>slots;
  f.otherArena = <u64>arena;
  memory.fill(<usize>f.slots, 0, <usize>SLOTS << 5);
  copyAbove(f, slots, SLOTS, arena, cut);
}

/** Puts what counts above `cut`, lowered by it, into the empty slots. */
function copyAbove(f: Frequent, slots: usize, capacity: u64, arena: usize, cut: u64): void {
  f.used = 0;
  f.arenaFill = 0;
  const end = slots + (<usize>capacity << 5);
  for (let from = slots; from < end; from += 32) {
    const count = load<u64>(from, 8);
    if (count <= cut) continue;
    const hash = load<u64>(from);
    const size = load<u32>(from, 16);
    const at = size > 12 ? arena + <usize>load<u64>(from, 24) : 0;
    if (size > 12 && <usize>f.arenaFill + size > ARENA) {
      // Kept by a table with more room than there is here: the bound has to cover it.
      f.error = max<u64>(f.error, count);
      continue;
    }
    const slot = find(f, hash, load<u64>(from, 16), load<u64>(from, 24), at);
    put(f, slot, hash, count - cut, load<u64>(from, 16), load<u64>(from, 24), at);
  }
}

/** The least number that at most half of the counters are above. */
function cutOf(slots: usize, capacity: u64, shift: usize): u64 {
  let high: u64 = 1;
  if (above(slots, capacity, shift, 0) <= MOST / 2) return 0;
  while (above(slots, capacity, shift, high) > MOST / 2) high *= 2;
  let low = high >>> 1;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (above(slots, capacity, shift, middle) > MOST / 2) low = middle;
    else high = middle;
  }
  return high;
}

function above(slots: usize, capacity: u64, shift: usize, limit: u64): u64 {
  const end = slots + (<usize>capacity << shift);
  const size: usize = 1 << shift;
  let count: u64 = 0;
  for (let slot = slots; slot < end; slot += size) count += <u64>(load<u64>(slot, 8) > limit);
  return count;
}
