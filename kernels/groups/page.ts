// A data page of a column with at most one level of definition, in one of the column's roles.

import { readLevels } from './bits';
import { addEntries, addValues } from './columns';
import { takeCondition } from './conditions';
import { idsAt, keyIds, membersRoom } from './keys';
import {
  DAMAGED, GROUPS, IDS_OF_PAGE, Leaf, leafOf, LEVELS, NULL_ID, OK, ORDER, room, State,
} from './state';
import { isDictionary, readIndices, readValues } from './values';

let valuesAt: usize = 0;
let present: i32 = 0;

/** `levels`: their bytes, -1 where their size stands in front, -2 where there are none. */
function takeLevels(state: State, at: usize, size: usize, rows: u32, levels: i32): usize {
  present = <i32>rows;
  valuesAt = at;
  if (levels == -2) return 0;
  const to = room(state, LEVELS, rows);
  let length = <usize>levels;
  if (levels < 0) {
    present = -1;
    if (size < 4) return 0;
    length = load<u32>(at);
    at += 4;
    size -= 4;
  }
  present = -1;
  if (length > size) return 0;
  present = readLevels(at, at + length, rows, to);
  valuesAt = at + length;
  return to;
}

/** Takes in a page of `rows` rows, the first of them row `from` of the row group. */
export function takePage(
  state: State, index: u32, at: usize, size: usize, rows: u32, from: u32, encoding: u32, levels: i32,
): i32 {
  if (<u64>from + rows > state.rows) return DAMAGED;
  const valid = takeLevels(state, at, size, rows, levels);
  if (present < 0) return DAMAGED;
  const leaf = leafOf(state, index);
  const end = at + size;
  if (index < <u32>state.keys) return takeKeys(state, leaf, index, end, rows, from, encoding, valid);
  if (index >= <u32>(state.keys + state.columns)) {
    return takeCondition(
      state, leaf, valuesAt, end, rows, from, encoding, valid, <u32>present,
    );
  }
  const groups = room(state, GROUPS, 0) + (<usize>from << 1);
  let members = groups;
  if (<u32>present < rows) {
    members = membersRoom(state, rows);
    compact(<usize>leaf.nullsAt, groups, valid, rows, members);
  }
  if (leaf.asked == 0) return OK;
  if (isDictionary(encoding)) {
    const indices = readIndices(state, valuesAt, end, present, leaf.dictionaryCount);
    if (indices == 0) return DAMAGED;
    if (addEntries(leaf, members, indices, present)) return OK;
  }
  const values = readValues(state, leaf, valuesAt, end, present, encoding);
  if (values == 0) return DAMAGED;
  addValues(leaf, members, values, present, room(state, ORDER, <usize>present << 3));
  return OK;
}

const ALL: u64 = 0x0101010101010101;

/** Groups of the rows that have a value to the front of `to`; the others are counted. */
export function compact(nulls: usize, groups: usize, valid: usize, rows: u32, to: usize): void {
  let row: u32 = 0;
  for (; row + 8 <= rows; row += 8) {
    const from = groups + (<usize>row << 1);
    if (load<u64>(valid + row) == ALL) {
      v128.store(to, v128.load(from));
      to += 16;
    } else {
      to = compactSome(nulls, from, valid + row, 8, to);
    }
  }
  compactSome(nulls, groups + (<usize>row << 1), valid + row, rows - row, to);
}

@inline
function compactSome(nulls: usize, groups: usize, valid: usize, rows: u32, to: usize): usize {
  for (let i: u32 = 0; i < rows; i++) {
    const group = <usize>load<u16>(groups + (<usize>i << 1));
    const isValid = <u32>load<u8>(valid + i);
    store<u16>(to, <u16>group);
    to += <usize>isValid << 1;
    const at = nulls + (group << 3);
    store<u64>(at, load<u64>(at) + u64(1 - isValid));
  }
  return to;
}

function takeKeys(
  state: State, leaf: Leaf, index: u32, end: usize, rows: u32, from: u32, encoding: u32, valid: usize,
): i32 {
  const to = idsAt(state, index) + (<usize>from << 1);
  if (<u32>present == rows) {
    return keyIds(state, leaf, valuesAt, end, rows, encoding, to);
  }
  const ids = room(state, IDS_OF_PAGE, <usize>rows << 1);
  const result = keyIds(state, leaf, valuesAt, end, present, encoding, ids);
  if (result == OK) spreadIds(ids, valid, rows, to);
  return result;
}

/** The ids of the rows that have a value to their rows, that of NULL to the others. */
export function spreadIds(ids: usize, valid: usize, rows: u32, to: usize): void {
  let next: usize = ids;
  for (let row: u32 = 0; row < rows; row++) {
    const isValid = load<u8>(valid + row) != 0;
    const id = <u32>load<u16>(next);
    store<u16>(to + (<usize>row << 1), <u16>(isValid ? id : NULL_ID));
    next += usize(isValid) << 1;
  }
}
