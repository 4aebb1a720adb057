// Values of keys become small numbers, and those of a row its group.

import { hashText, mix } from './hash';
import {
  CELLS, DAMAGED, DENSE, dictionaryRoom, GROUPS, IDS, Leaf, leafOf, LEFT_OUT, MEMBERS, MOST, OK, PASSING,
  room, SLOTS, State, TEXT, TEXT_ROOM, TOO_MANY,
} from './state';
import { isDictionary, PLAIN, readIndices, readValues } from './values';

/** Combinations of ids up to this many have a place each. */
const MOST_CELLS: u64 = 262144;
const MASK: usize = SLOTS - 1;

/** The id of a number; 0 when there are too many. */
export function idOfNumber(leaf: Leaf, value: u64): u32 {
  const table = <usize>leaf.tableAt;
  const values = <usize>leaf.valuesAt;
  let slot = <usize>mix(value) & MASK;
  for (;;) {
    const id = load<u32>(table + (slot << 2));
    if (id == 0) return newId(leaf, slot, value);
    if (load<u64>(values + (<usize>id << 3)) == value) return id;
    slot = (slot + 1) & MASK;
  }
  return 0;
}

function newId(leaf: Leaf, slot: usize, value: u64): u32 {
  const id = <u32>leaf.count;
  if (id >= MOST) return 0;
  leaf.count = id + 1;
  store<u64>(<usize>leaf.valuesAt + (<usize>id << 3), value);
  store<u32>(<usize>leaf.tableAt + (slot << 2), id);
  return id;
}

/** Up to 8 bytes behind both are read. */
@inline
function isSame(a: usize, b: usize, size: u32): bool {
  let left = size;
  for (; left > 8; left -= 8, a += 8, b += 8) if (load<u64>(a) != load<u64>(b)) return false;
  if (left == 0) return true;
  return (load<u64>(a) ^ load<u64>(b)) << <u64>((8 - left) << 3) == 0;
}

/** Whether the text has an id. */
export function isKnownText(leaf: Leaf, at: usize, size: u32): bool {
  const table = <usize>leaf.tableAt;
  const values = <usize>leaf.valuesAt;
  let slot = <usize>hashText(at, size) & MASK;
  for (;;) {
    const id = load<u32>(table + (slot << 2));
    if (id == 0) return false;
    const value = load<u64>(values + (<usize>id << 3));
    if (<u32>(value >>> 32) == size && isSame(<usize>(value & 0xffffffff), at, size)) return true;
    slot = (slot + 1) & MASK;
  }
  return false;
}

/** The id of a text, which is copied when it is new. */
export function idOfText(leaf: Leaf, at: usize, size: u32): u32 {
  const table = <usize>leaf.tableAt;
  const values = <usize>leaf.valuesAt;
  let slot = <usize>hashText(at, size) & MASK;
  for (;;) {
    const id = load<u32>(table + (slot << 2));
    if (id == 0) {
      if (leaf.textsSize + size > TEXT_ROOM) return 0;
      const to = <usize>(leaf.textsAt + leaf.textsSize);
      memory.copy(to, at, size);
      leaf.textsSize += size;
      return newId(leaf, slot, (<u64>size << 32) | <u64>to);
    }
    const value = load<u64>(values + (<usize>id << 3));
    if (<u32>(value >>> 32) == size && isSame(<usize>(value & 0xffffffff), at, size)) return id;
    slot = (slot + 1) & MASK;
  }
  return 0;
}

/** The ids of `count` texts with their lengths in front, 16 bits each at `to`. */
function idsOfTexts(leaf: Leaf, from: usize, end: usize, count: u32, to: usize): i32 {
  for (let i: u32 = 0; i < count; i++) {
    if (end - from < 4) return DAMAGED;
    const size = load<u32>(from);
    from += 4;
    if (<usize>size > end - from) return DAMAGED;
    const id = idOfText(leaf, from, size);
    if (id == 0) return TOO_MANY;
    store<u16>(to + (<usize>i << 1), <u16>id);
    from += size;
  }
  return OK;
}

export function idsOfNumbers(leaf: Leaf, values: usize, count: u32, to: usize): i32 {
  let last = count == 0 ? 0 : ~load<u64>(values);
  let id: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u64>(values + (<usize>i << 3));
    if (value != last) {
      id = idOfNumber(leaf, value);
      if (id == 0) return TOO_MANY;
      last = value;
    }
    store<u16>(to + (<usize>i << 1), <u16>id);
  }
  return OK;
}

/** `values`: of a dictionary of numbers, as takeDictionary left them. */
export function keyDictionary(leaf: Leaf, from: usize, size: usize, count: u32): i32 {
  if (leaf.kind == TEXT) {
    // Each has its length in front: a count beyond that is a damaged one.
    if (<u64>count * 4 > <u64>size) return DAMAGED;
    const ids = dictionaryRoom(leaf, <usize>count << 1);
    leaf.dictionaryCount = count;
    return idsOfTexts(leaf, from, from + size, count, ids);
  }
  // In place: an id is shorter than its number, and read before it is written.
  const values = <usize>leaf.dictionaryAt;
  return idsOfNumbers(leaf, values, count, values);
}

/** The ids of the values of a page, 16 bits each, at `to`. */
export function keyIds(
  state: State, leaf: Leaf, from: usize, end: usize, count: u32, encoding: u32, to: usize,
): i32 {
  if (isDictionary(encoding)) {
    const indices = readIndices(state, from, end, count, leaf.dictionaryCount);
    if (indices == 0) return DAMAGED;
    const ids = <usize>leaf.dictionaryAt;
    for (let i: u32 = 0; i < count; i++) {
      const index = <usize>load<u32>(indices + (<usize>i << 2));
      store<u16>(to + (<usize>i << 1), load<u16>(ids + (index << 1)));
    }
    return OK;
  }
  if (leaf.kind == TEXT) {
    return encoding == PLAIN ? idsOfTexts(leaf, from, end, count, to) : DAMAGED;
  }
  const values = readValues(state, leaf, from, end, count, encoding);
  return values == 0 ? DAMAGED : idsOfNumbers(leaf, values, count, to);
}

/** Where the ids of key `i` are for every row of the row group. */
export function idsAt(state: State, i: u32): usize {
  // Those of a single key are the groups.
  if (state.keys == 1) return room(state, GROUPS, <usize>state.rows << 1);
  // A cache line between them.
  const each = ((<usize>state.rows << 1) + 127) & ~63;
  return room(state, IDS, each * <usize>state.keys) + each * <usize>i;
}

/** The group of a combination of ids; 0 when there are too many. */
export function groupOf(state: State, tuple: u64): u32 {
  const table = <usize>state.tableAt;
  const tuples = <usize>state.tuplesAt;
  let slot = <usize>mix(tuple) & MASK;
  for (;;) {
    const group = load<u32>(table + (slot << 2));
    if (group == 0) {
      const fresh = <u32>state.groups;
      if (fresh >= MOST) return 0;
      state.groups = fresh + 1;
      store<u64>(tuples + (<usize>fresh << 3), tuple);
      store<u32>(table + (slot << 2), fresh);
      return fresh;
    }
    if (load<u64>(tuples + (<usize>group << 3)) == tuple) return group;
    slot = (slot + 1) & MASK;
  }
  return 0;
}

@inline
function tupleAt(state: State, row: u32): u64 {
  let tuple: u64 = 0;
  for (let i: u32 = 0; i < <u32>state.keys; i++) {
    tuple = (tuple << 16) | <u64>load<u16>(idsAt(state, i) + (<usize>row << 1));
  }
  return tuple;
}

/** The group of every row of the row group, 16 bits each, and their counts. */
export function findGroups(state: State): i32 {
  const rows = <u32>state.rows;
  const groups = room(state, GROUPS, <usize>rows << 1);
  if (state.keys == 0) {
    for (let row: u32 = 0; row < rows; row++) store<u16>(groups + (<usize>row << 1), 1);
    state.groups = 2;
  } else if (state.keys == 1) {
    state.groups = leafOf(state, 0).count;
  } else {
    const result = combine(state, groups, rows);
    if (result != OK) return result;
  }
  if (state.alive < rows) leaveOut(state, groups, rows);
  const counts = <usize>state.countsAt;
  for (let row: u32 = 0; row < rows; row++) {
    const at = counts + (<usize>load<u16>(groups + (<usize>row << 1)) << 3);
    store<u64>(at, load<u64>(at) + 1);
  }
  return OK;
}

/** Rows that do not pass are of the group that nobody asks for. */
function leaveOut(state: State, groups: usize, rows: u32): void {
  const passing = room(state, PASSING, rows);
  for (let row: u32 = 0; row < rows; row++) {
    const at = groups + (<usize>row << 1);
    store<u16>(at, load<u8>(passing + row) != 0 ? load<u16>(at) : <u16>LEFT_OUT);
  }
}

function combine(state: State, groups: usize, rows: u32): i32 {
  let product: u64 = 1;
  for (let i: u32 = 0; i < <u32>state.keys; i++) {
    product = min<u64>(product * leafOf(state, i).count, MOST_CELLS + 1);
  }
  if (product <= MOST_CELLS) return combineDense(state, groups, rows, <usize>product);
  let last = ~tupleAt(state, 0);
  let group: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const tuple = tupleAt(state, row);
    if (tuple != last) {
      group = groupOf(state, tuple);
      if (group == 0) return TOO_MANY;
      last = tuple;
    }
    store<u16>(groups + (<usize>row << 1), <u16>group);
  }
  return OK;
}

/** Every combination has a place in a table, where its group is once it was looked for. */
function combineDense(state: State, groups: usize, rows: u32, product: usize): i32 {
  const cells = room(state, CELLS, <usize>rows << 2);
  const dense = room(state, DENSE, product << 1);
  memory.fill(dense, 0, product << 1);
  const first = idsAt(state, 0);
  for (let row: u32 = 0; row < rows; row++) {
    store<u32>(cells + (<usize>row << 2), load<u16>(first + (<usize>row << 1)));
  }
  for (let i: u32 = 1; i < <u32>state.keys; i++) {
    const ids = idsAt(state, i);
    const width = <u32>leafOf(state, i).count;
    for (let row: u32 = 0; row < rows; row++) {
      const at = cells + (<usize>row << 2);
      store<u32>(at, load<u32>(at) * width + load<u16>(ids + (<usize>row << 1)));
    }
  }
  for (let row: u32 = 0; row < rows; row++) {
    const at = dense + (<usize>load<u32>(cells + (<usize>row << 2)) << 1);
    let group = <u32>load<u16>(at);
    if (group == 0) {
      group = groupOf(state, tupleAt(state, row));
      if (group == 0) return TOO_MANY;
      store<u16>(at, <u16>group);
    }
    store<u16>(groups + (<usize>row << 1), <u16>group);
  }
  return OK;
}

/** Room for the groups of a page's rows that have a value. */
export function membersRoom(state: State, rows: u32): usize {
  return room(state, MEMBERS, <usize>rows << 1);
}
