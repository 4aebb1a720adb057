// A column of text: counts, lengths, extremes, order, distinct values, leading zeros, and
// timestamps when every value is one. Values come as Arrow views: 16 bytes each, the length, then
// the text itself if it has at most 12 bytes, else its first 4, a buffer and an offset.

import { addToRegisters, REGISTERS } from './distinct';
import { addFrequent, Frequent, newFrequent, takeOver } from './frequent';
import { hashLong, hashShort } from './hash';
import { take } from './memory';
import { isValid } from './numeric';
import { NOT_A_TIME, parseTime } from './timestamp';
import { addTime, newTimes, Times } from './time';

@unmanaged
export class Texts {
  rows: u64;
  nulls: u64;
  empty: u64;
  bytes: u64;
  characters: u64;
  minLength: u64;
  maxLength: u64;
  // Values with a byte above 127, values with a zero followed by a digit in front.
  wide: u64;
  leadingZeros: u64;
  order: u64;
  started: u64;
  // Smallest, largest and last value: pointer, length, room at the pointer.
  minAt: u64;
  minSize: u64;
  minRoom: u64;
  maxAt: u64;
  maxSize: u64;
  maxRoom: u64;
  // Their first four bytes, as a number that compares as they do.
  minHead: u64;
  maxHead: u64;
  lastAt: u64;
  lastSize: u64;
  lastRoom: u64;
  // Slots of 32 bytes: hash, count, and the two words of the view (offset: a place in the arena).
  slots: u64;
  capacity: u64;
  used: u64;
  limit: u64;
  registers: u64;
  // 1: the most frequent are wanted when there are too many to count.
  wantsFrequent: u64;
  frequent: u64;
  arena: u64;
  arenaFill: u64;
  arenaRoom: u64;
  arenaHas: u64;
  // 1 while every value so far (empty ones apart) is a timestamp.
  timed: u64;
  times: u64;
  // How many values had a time of day, how many a zone.
  withTime: u64;
  withZone: u64;
}

const FIRST_SLOTS: u64 = 16;
const FIRST_ARENA: usize = 1 << 10;

/** See Frequent for what `frequent` asks. */
export function newTexts(distinctLimit: u64, arenaRoom: u64, frequent: bool): Texts {
  const c = changetype<Texts>(take(offsetof<Texts>()));
  c.minLength = u64.MAX_VALUE;
  c.capacity = FIRST_SLOTS;
  c.slots = <u64>take(<usize>FIRST_SLOTS << 5);
  c.limit = distinctLimit;
  c.arenaRoom = arenaRoom;
  c.wantsFrequent = <u64>frequent;
  c.timed = 1;
  c.times = <u64>changetype<usize>(newTimes());
  return c;
}

@inline
function headOf(view: usize): u32 {
  return bswap<u32>(load<u32>(view, 4));
}

/** Compares as bytes, which for UTF-8 is the order of the code points. */
function compare(a: usize, aSize: u32, b: usize, bSize: u32): i32 {
  const size = min<u32>(aSize, bSize);
  let i: u32 = 0;
  for (; i + 8 <= size; i += 8) {
    const x = load<u64>(a + i);
    const y = load<u64>(b + i);
    if (x != y) return bswap<u64>(x) < bswap<u64>(y) ? -1 : 1;
  }
  for (; i < size; i++) {
    const x = load<u8>(a + i);
    const y = load<u8>(b + i);
    if (x != y) return x < y ? -1 : 1;
  }
  return aSize == bSize ? 0 : aSize < bSize ? -1 : 1;
}

function countCharacters(at: usize, size: u32): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < size; i++) count += <u32>((load<u8>(at + i) & 0xc0) != 0x80);
  return count;
}

function isWide(at: usize, size: u32): bool {
  let bits: u64 = 0;
  let i: u32 = 0;
  for (; i + 8 <= size; i += 8) bits |= load<u64>(at + i);
  for (; i < size; i++) bits |= <u64>load<u8>(at + i);
  return (bits & 0x8080808080808080) != 0;
}

/**
 * Rows [from, to) of text: `views` has 16 bytes a row; `buffers` is a list of addresses (32 bits each) that
 * the views' buffer numbers point into.
 */
export function addTexts(
  c: Texts, views: usize, buffers: usize, validity: usize, from: u32, to: u32,
): void {
  c.rows += to - from;
  let minAt = <usize>c.minAt;
  let minSize = <u32>c.minSize;
  let maxAt = <usize>c.maxAt;
  let maxSize = <u32>c.maxSize;
  let lastAt = <usize>c.lastAt;
  let lastSize = <u32>c.lastSize;
  let minHead = <u32>c.minHead;
  let maxHead = <u32>c.maxHead;
  for (let row = from; row < to; row++) {
    if (validity != 0 && !isValid(validity, row)) {
      c.nulls++;
      continue;
    }
    const view = views + (<usize>row << 4);
    const size = load<u32>(view);
    const short = size <= 12;
    const at = short ? view + 4 : load<u32>(buffers + (<usize>load<u32>(view, 8) << 2)) + load<u32>(view, 12);
    addLength(c, at, size);
    addText(c, view, at, size, short);
    if (!c.started) {
      c.started = 1;
      minAt = at;
      minSize = size;
      maxAt = at;
      maxSize = size;
      minHead = headOf(view);
      maxHead = minHead;
    } else if ((c.order & 3) != 3) {
      // Sorted so far: the extremes are the first value and the last.
      const step = compare(at, size, lastAt, lastSize);
      c.order |= step > 0 ? 1 : step < 0 ? 2 : 4;
      if (step > 0 && compare(at, size, maxAt, maxSize) > 0) {
        maxAt = at;
        maxSize = size;
        maxHead = headOf(view);
      } else if (step < 0 && compare(at, size, minAt, minSize) < 0) {
        minAt = at;
        minSize = size;
        minHead = headOf(view);
      }
    } else {
      // The first four bytes decide nearly always.
      const head = headOf(view);
      if (head <= minHead && compare(at, size, minAt, minSize) < 0) {
        minAt = at;
        minSize = size;
        minHead = head;
      } else if (head >= maxHead && compare(at, size, maxAt, maxSize) > 0) {
        maxAt = at;
        maxSize = size;
        maxHead = head;
      }
    }
    lastAt = at;
    lastSize = size;
    if (c.timed) addTimestamp(c, at, size);
  }
  c.minHead = minHead;
  c.maxHead = maxHead;
  // The input is gone after this call: keep what the next one compares with.
  keep(c, offsetof<Texts>('minAt'), minAt, minSize);
  keep(c, offsetof<Texts>('maxAt'), maxAt, maxSize);
  keep(c, offsetof<Texts>('lastAt'), lastAt, lastSize);
}

@inline
function addLength(c: Texts, at: usize, size: u32): void {
  let length = size;
  if (isWide(at, size)) {
    c.wide++;
    length = countCharacters(at, size);
  }
  c.bytes += size;
  c.characters += length;
  if (length < c.minLength) c.minLength = length;
  if (length > c.maxLength) c.maxLength = length;
  if (size == 0) {
    c.empty++;
  } else if (size > 1 && load<u8>(at) == 0x30 && load<u8>(at, 1) - 0x30 < 10) {
    c.leadingZeros++;
  }
}

function addTimestamp(c: Texts, at: usize, size: u32): void {
  if (size == 0) return;
  const time = parseTime(at, size);
  if (time == NOT_A_TIME) {
    c.timed = 0;
    return;
  }
  c.withTime += <u64>(size > 10);
  const end = load<u8>(at + size - 1);
  c.withZone += <u64>(size > 19 && (end == 0x5a || load<u8>(at + size - 6) == 0x2b || load<u8>(at + size - 6) == 0x2d));
  addTime(changetype<Times>(<usize>c.times), time);
}

/** Copies a value to where it outlives the input; `field` is the offset of pointer, size, room. */
function keep(c: Texts, field: usize, at: usize, size: u32): void {
  const place = changetype<usize>(c) + field;
  if (<usize>load<u64>(place) == at) return;
  let room = load<u64>(place, 16);
  let to = <usize>load<u64>(place);
  if (room == 0 || room < size) {
    room = <u64>max<u32>(64, size * 2);
    to = take(<usize>room);
    store<u64>(place, room, 16);
    // Not `to` itself: a pointer equal to an input address must never be taken for kept.
  }
  memory.copy(to, at, size);
  store<u64>(place, to);
  store<u64>(place, size, 8);
}

function addText(c: Texts, view: usize, at: usize, size: u32, short: bool): void {
  const hash = short ? hashShort(load<u64>(view), load<u64>(view, 8)) : hashLong(at, size);
  if (c.registers != 0) {
    addUncounted(c, hash, view, at);
    return;
  }
  const mask = c.capacity - 1;
  let i = hash & mask;
  for (;;) {
    const slot = <usize>c.slots + (<usize>i << 5);
    const count = load<u64>(slot, 8);
    if (count == 0) {
      addEntry(c, slot, hash, view, at, size, short);
      return;
    }
    if (load<u64>(slot) == hash && isSame(c, slot, view, at, size, short)) {
      store<u64>(slot, count + 1, 8);
      return;
    }
    i = (i + 1) & mask;
  }
}

@inline
function isSame(c: Texts, slot: usize, view: usize, at: usize, size: u32, short: bool): bool {
  if (short) return load<u64>(slot, 16) == load<u64>(view) && load<u64>(slot, 24) == load<u64>(view, 8);
  if (load<u32>(slot, 16) != size) return false;
  return compare(<usize>c.arena + <usize>load<u64>(slot, 24), size, at, size) == 0;
}

/** A value of a column with too many different ones. */
function addUncounted(c: Texts, hash: u64, view: usize, at: usize): void {
  addToRegisters(<usize>c.registers, hash);
  if (c.frequent == 0) return;
  const frequent = changetype<Frequent>(<usize>c.frequent);
  addFrequent(frequent, hash, load<u64>(view), load<u64>(view, 8), at);
}

function addEntry(
  c: Texts, slot: usize, hash: u64, view: usize, at: usize, size: u32, short: bool,
): void {
  if (c.used == c.limit || (!short && !reserve(c, size))) {
    overflow(c);
    addUncounted(c, hash, view, at);
    return;
  }
  store<u64>(slot, hash);
  store<u64>(slot, 1, 8);
  store<u64>(slot, load<u64>(view), 16);
  if (short) {
    store<u64>(slot, load<u64>(view, 8), 24);
  } else {
    memory.copy(<usize>c.arena + <usize>c.arenaFill, at, size);
    store<u64>(slot, c.arenaFill, 24);
    c.arenaFill += size;
  }
  c.used++;
  if (c.used * 2 > c.capacity) grow(c);
}

/** Room for `size` more bytes of distinct text, or false when that is more than is cheap. */
function reserve(c: Texts, size: u32): bool {
  const need = <usize>c.arenaFill + size;
  if (need > <usize>c.arenaRoom) return false;
  if (c.arena == 0) {
    c.arena = <u64>take(max<usize>(FIRST_ARENA, need));
    c.arenaHas = <u64>max<usize>(FIRST_ARENA, need);
  } else if (need > <usize>c.arenaHas) {
    const room = max<usize>(need, <usize>c.arenaHas * 2);
    const to = take(room);
    memory.copy(to, <usize>c.arena, <usize>c.arenaFill);
    c.arena = <u64>to;
    c.arenaHas = <u64>room;
  }
  return true;
}

function grow(c: Texts): void {
  const old = <usize>c.slots;
  const end = old + (<usize>c.capacity << 5);
  c.capacity *= 2;
  c.slots = <u64>take(<usize>c.capacity << 5);
  const mask = c.capacity - 1;
  for (let from = old; from < end; from += 32) {
    if (load<u64>(from, 8) == 0) continue;
    let i = load<u64>(from) & mask;
    let slot = <usize>c.slots + (<usize>i << 5);
    while (load<u64>(slot, 8) != 0) {
      i = (i + 1) & mask;
      slot = <usize>c.slots + (<usize>i << 5);
    }
    v128.store(slot, v128.load(from));
    v128.store(slot, v128.load(from, 16), 16);
  }
}

function overflow(c: Texts): void {
  c.registers = <u64>take(REGISTERS);
  const end = <usize>c.slots + (<usize>c.capacity << 5);
  for (let slot = <usize>c.slots; slot < end; slot += 32) {
    if (load<u64>(slot, 8) != 0) addToRegisters(<usize>c.registers, load<u64>(slot));
  }
  if (!c.wantsFrequent) return;
  const frequent = newFrequent();
  takeOver(frequent, <usize>c.slots, c.capacity, <usize>c.arena);
  c.frequent = <u64>changetype<usize>(frequent);
}
