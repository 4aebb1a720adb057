// Group-by on the pages of Parquet files and on delimited text: compiled to WebAssembly by
// `node scripts/kernels.mjs`, called by src/compute/groups/kernel.ts. One instance for each thread
// over one memory; a state is an address.

import { start, take } from '../stats/memory';
import { carry, EXACT_BYTES } from '../stats/exact';
import { addColumn, flush, leastOf, mostOf, prepareEntries } from './columns';
import { addCondition, addText, conditionDictionary, passAll, setRange } from './conditions';
import { findGroups, keyDictionary } from './keys';
import { mergeKeys } from './merge';
import { takePage } from './page';
import { roundExact } from './round';
import { carrySquares } from './squares';
import {
  addKey, DAMAGED, Leaf, leafOf, newState, OK, PACKED, PAGE, room, State, TEXT,
} from './state';
import { inflateLz4 } from './lz4';
import { inflateSnappy } from './snappy';
import { inputAt, setField, setText, takeText } from './text';
import { takeDictionary } from './values';

export { addText, inputAt, newState, setField, setRange, setText, start, take, takeText };

export function key(state: State, kind: u32): void {
  addKey(state, kind);
}

export function column(state: State, kind: u32, asked: u32): void {
  addColumn(state, kind, asked);
}

/** A row group begins. */
export function begin(state: State, rows: u32): void {
  state.rows = rows;
  passAll(state);
}

/** How many rows passed the conditions so far. */
export function alive(state: State): u32 {
  return <u32>state.alive;
}

/** See addCondition. */
export function condition(
  state: State, kind: u32, ranges: u32, negated: bool, nullsPass: bool,
): void {
  addCondition(state, kind, ranges, negated, nullsPass);
}

/** Where a page of `size` bytes is to be written. */
export function page(state: State, size: u32): usize {
  return room(state, PAGE, size);
}

/** Where a compressed page is to be written. */
export function packed(state: State, size: u32): usize {
  return room(state, PACKED, size);
}

/** From packed() to page(), both with these sizes; false when it is damaged. */
export function inflate(state: State, isLz4: bool, packedSize: u32, offset: u32, size: u32): bool {
  const from = room(state, PACKED, packedSize);
  const to = room(state, PAGE, offset + size) + offset;
  return isLz4
    ? inflateLz4(from, from + packedSize, to, to + size)
    : inflateSnappy(from, from + packedSize, to, to + size);
}

/** A chunk of column `index` begins: it has no dictionary yet. */
export function chunk(state: State, index: u32): void {
  leafOf(state, index).dictionaryCount = 0;
}

/** The dictionary page that lies in page(). */
export function dictionary(state: State, index: u32, size: u32, count: u32): i32 {
  const leaf = leafOf(state, index);
  const from = room(state, PAGE, size);
  if (leaf.kind != TEXT && !takeDictionary(leaf, from, size, count)) return DAMAGED;
  if (index < <u32>state.keys) return keyDictionary(leaf, from, size, count);
  if (index >= <u32>(state.keys + state.columns)) {
    return conditionDictionary(leaf, from, size, count);
  }
  prepareEntries(leaf);
  return OK;
}

/** The data page that lies in page(); see takePage. */
export function data(
  state: State, index: u32, size: u32, rows: u32, from: u32, encoding: u32, levels: i32,
): i32 {
  return takePage(state, index, room(state, PAGE, size), size, rows, from, encoding, levels);
}

/** After the pages of all keys, before those of the columns. */
export function group(state: State): i32 {
  return findGroups(state);
}

/** The row group is done. */
export function end(state: State): void {
  const columns = <u32>(state.keys + state.columns);
  for (let i = <u32>state.keys; i < columns; i++) flush(leafOf(state, i), <u32>state.groups);
}

/** Adds what another thread's state holds. */
export function merge(state: State, other: State): i32 {
  return mergeKeys(state, other);
}

/** The double of a sum of doubles. */
export function sumOf(state: State, index: u32, g: u32): f64 {
  const leaf = leafOf(state, index);
  const special = load<f64>(<usize>leaf.specialsAt + (<usize>g << 3));
  // Infinite and not a number stay what they are.
  return special != 0 ? special : roundExact(<usize>leaf.totalsAt + <usize>g * EXACT_BYTES);
}

/** The limbs of the exact sum of squares, 32 bits in each, and so has the sum then. */
export function squaresOf(state: State, index: u32, g: u32): usize {
  const leaf = leafOf(state, index);
  carry(<usize>leaf.totalsAt + <usize>g * EXACT_BYTES);
  return carrySquares(leaf, g);
}

/** The least and greatest of a group with values; of doubles their bits. */
export function least(state: State, index: u32, g: u32): i64 {
  return leastOf(leafOf(state, index), g);
}

export function most(state: State, index: u32, g: u32): i64 {
  return mostOf(leafOf(state, index), g);
}
