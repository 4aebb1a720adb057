// What one thread knows of the groups. All memory is taken once: what is never touched of it never
// becomes real, so the tables have the size of the most there may be.

import { take } from '../stats/memory';

/** Ids of values and of groups have 16 bits. */
export const MOST: u32 = 65536;
/** Slots of a table: at most half of them are used. */
export const SLOTS: usize = 131072;
/** Bytes that the different texts of a key may have together. */
export const TEXT_ROOM: u64 = 8388608;

export const OK: i32 = 0;
export const DAMAGED: i32 = -1;
export const TOO_MANY: i32 = -2;

/** The group of rows that are left out, and the id of NULL; the first value comes after. */
export const LEFT_OUT: u32 = 0;
export const NULL_ID: u32 = 1;

export const TEXT: u64 = 1;
export const INT32: u64 = 2;
export const UINT32: u64 = 3;
export const INT64: u64 = 4;
export const FLOAT32: u64 = 5;
export const FLOAT64: u64 = 6;
export const BOOLEAN: u64 = 7;

export const SUM: u64 = 1;
export const MIN: u64 = 2;
export const MAX: u64 = 4;
/** Together with SUM. */
export const SQUARES: u64 = 8;

@unmanaged
export class State {
  // Leaves of the keys, then of the aggregated columns, then of the conditions.
  keys: u64;
  columns: u64;
  leaves: u64;
  leavesAt: u64;
  // One more than the last group.
  groups: u64;
  // Of each group its rows, and for several keys its ids (16 bits each).
  countsAt: u64;
  tuplesAt: u64;
  tableAt: u64;
  roomsAt: u64;
  // Of the row group at hand; alive: rows that conditions have let pass so far.
  rows: u64;
  alive: u64;
  // Where the rows come from delimited text: see text.ts.
  textAt: u64;
}

/** A column of the file in one role. */
@unmanaged
export class Leaf {
  kind: u64;
  // The dictionary at hand: for keys the ids of its entries, 16 bits each, else see prepareEntries.
  dictionaryAt: u64;
  dictionaryRoom: u64;
  dictionaryCount: u64;
  areSmall: u64;
  // Of a key: one more than the last id, the table of ids, and of each id its number, or the
  // address and the size of its text.
  count: u64;
  tableAt: u64;
  valuesAt: u64;
  textsAt: u64;
  textsSize: u64;
  // Of a column: what is asked, and of each group its nulls, its sum within the row group (of doubles
  // also what rounding took from it), all of its sum (a 128-bit integer, or the limbs of an exact
  // sum), what is not finite, its extremes.
  asked: u64;
  nullsAt: u64;
  partialsAt: u64;
  totalsAt: u64;
  specialsAt: u64;
  leastAt: u64;
  mostAt: u64;
  // Values that were added to exact sums one by one since those were last carried.
  uncarried: u64;
  // Of each group the exact sum of squares (squares.ts), and values added since a carry.
  squaresAt: u64;
  uncarriedSquares: u64;
  // Of a condition: the ranges a value passes by (pairs of 64-bit integers, in the order of
  // columns.ts), or for texts the ids of the table above; then whether passing means failing, and
  // whether nulls pass.
  ranges: u64;
  rangesAt: u64;
  negated: u64;
  nullsPass: u64;
  // In delimited text: which field of a record it is, and a Field of kernels/stats/csv.ts.
  place: u64;
  fieldAt: u64;
}

/** Rooms that pages are worked on in; each grows to the largest need. */
export const PACKED: u32 = 0;
export const PAGE: u32 = 1;
export const LEVELS: u32 = 2;
export const INDICES: u32 = 3;
export const VALUES: u32 = 4;
export const MEMBERS: u32 = 5;
export const GROUPS: u32 = 6;
export const CELLS: u32 = 7;
export const DENSE: u32 = 8;
export const IDS: u32 = 9;
export const IDS_OF_PAGE: u32 = 10;
export const ORDER: u32 = 11;
/** A byte for each row: 1 while it passes. */
export const PASSING: u32 = 12;
export const VERDICTS: u32 = 13;
/** Of delimited text: where fields end, the values of a column, texts without their escapes. */
export const ENDS: u32 = 14;
export const SPANS: u32 = 15;
export const UNESCAPED: u32 = 16;
export const INPUT: u32 = 17;
const ROOMS: usize = 18;

/** What is read or written at a time may go so far beyond the end. */
const SLACK: usize = 128;

export function newState(leaves: u32): usize {
  const state = changetype<State>(take(offsetof<State>()));
  state.leavesAt = take(<usize>leaves * offsetof<Leaf>());
  state.roomsAt = take(ROOMS * 16);
  state.countsAt = take(<usize>MOST * 8);
  state.groups = NULL_ID;
  return changetype<usize>(state);
}

@inline
export function leafOf(state: State, i: u32): Leaf {
  return changetype<Leaf>(<usize>state.leavesAt + <usize>i * offsetof<Leaf>());
}

/** What ids are found by. */
export function takeTable(leaf: Leaf): void {
  leaf.count = NULL_ID + 1;
  leaf.tableAt = take(SLOTS * 4);
  leaf.valuesAt = take(<usize>MOST * 8);
  if (leaf.kind == TEXT) leaf.textsAt = take(<usize>TEXT_ROOM);
}

export function addKey(state: State, kind: u64): void {
  const leaf = leafOf(state, <u32>state.leaves);
  leaf.kind = kind;
  takeTable(leaf);
  state.leaves += 1;
  state.keys += 1;
  if (state.keys == 2) {
    state.tuplesAt = take(<usize>MOST * 8);
    state.tableAt = take(SLOTS * 4);
  }
}

/** At least `size` bytes, and some slack behind them; what was there may be gone. */
export function room(state: State, which: u32, size: usize): usize {
  const at = <usize>state.roomsAt + (<usize>which << 4);
  if (load<u64>(at) == 0 || load<u64>(at, 8) < <u64>size) {
    const wanted = size + (size >>> 1);
    store<u64>(at, take(wanted + SLACK));
    store<u64>(at, wanted, 8);
  }
  return <usize>load<u64>(at);
}

/** Room for a converted dictionary; each leaf has its own, since pages of others come between. */
export function dictionaryRoom(leaf: Leaf, size: usize): usize {
  if (leaf.dictionaryAt == 0 || leaf.dictionaryRoom < <u64>size) {
    leaf.dictionaryAt = take(size + (size >>> 1) + SLACK);
    leaf.dictionaryRoom = size + (size >>> 1);
  }
  return <usize>leaf.dictionaryAt;
}
