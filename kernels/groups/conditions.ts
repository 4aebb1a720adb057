// Which rows of a row group pass, by one column after the other.

import { isFloat, orderOf } from './columns';
import { idOfText, isKnownText } from './keys';
import { take } from '../stats/memory';
import {
  DAMAGED, dictionaryRoom, Leaf, leafOf, OK, PACKED, PASSING, room, State, takeTable, TEXT, VERDICTS,
} from './state';
import { isDictionary, PLAIN, readIndices, readValues } from './values';

export function addCondition(
  state: State, kind: u64, ranges: u32, negated: bool, nullsPass: bool,
): void {
  const leaf = leafOf(state, <u32>state.leaves);
  state.leaves += 1;
  leaf.kind = kind;
  leaf.ranges = ranges;
  leaf.rangesAt = take((<usize>ranges << 4) + 16);
  leaf.negated = u64(negated);
  leaf.nullsPass = u64(nullsPass);
  if (kind == TEXT) takeTable(leaf);
}

/** A value that the condition is about: the text in packed(). */
export function addText(state: State, index: u32, size: u32): void {
  idOfText(leafOf(state, index), room(state, PACKED, size), size);
}

/** The i-th range, both ends within. */
export function setRange(state: State, index: u32, i: u32, low: i64, high: i64): void {
  const at = <usize>leafOf(state, index).rangesAt + (<usize>i << 4);
  store<i64>(at, low);
  store<i64>(at, high, 8);
}

/** Every row passes until a condition says otherwise. */
export function passAll(state: State): void {
  state.alive = state.rows;
  memory.fill(room(state, PASSING, <usize>state.rows), 1, <usize>state.rows);
}

function passes(leaf: Leaf, order: i64): bool {
  const ranges = <usize>leaf.rangesAt;
  for (let i: usize = 0; i < <usize>leaf.ranges; i++) {
    const at = ranges + (i << 4);
    if (order >= load<i64>(at) && order <= load<i64>(at, 8)) return true;
  }
  return false;
}

export function judgeNumbers(leaf: Leaf, values: usize, count: u32, to: usize): void {
  const floats = isFloat(leaf.kind);
  const negated = leaf.negated != 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<i64>(values + (<usize>i << 3));
    store<u8>(to + i, u8(passes(leaf, floats ? orderOf(value) : value) != negated));
  }
}

function judgeTexts(leaf: Leaf, from: usize, end: usize, count: u32, to: usize): i32 {
  const negated = leaf.negated != 0;
  for (let i: u32 = 0; i < count; i++) {
    if (end - from < 4) return DAMAGED;
    const size = load<u32>(from);
    from += 4;
    if (<usize>size > end - from) return DAMAGED;
    // Without a range every text passes, or none: only nulls are asked for.
    const isIn = leaf.ranges == 0 || isKnownText(leaf, from, size);
    store<u8>(to + i, u8(isIn != negated));
    from += size;
  }
  return OK;
}

/** A verdict for each entry takes the place of its value; numbers were taken over before. */
export function conditionDictionary(leaf: Leaf, from: usize, size: usize, count: u32): i32 {
  if (leaf.kind == TEXT) {
    if (<u64>count * 4 > <u64>size) return DAMAGED;
    const to = dictionaryRoom(leaf, count);
    leaf.dictionaryCount = count;
    return judgeTexts(leaf, from, from + size, count, to);
  }
  const values = <usize>leaf.dictionaryAt;
  judgeNumbers(leaf, values, count, values);
  return OK;
}

function verdicts(
  state: State, leaf: Leaf, from: usize, end: usize, count: u32, encoding: u32, to: usize,
): i32 {
  if (isDictionary(encoding)) {
    const indices = readIndices(state, from, end, count, leaf.dictionaryCount);
    if (indices == 0) return DAMAGED;
    const entries = <usize>leaf.dictionaryAt;
    for (let i: u32 = 0; i < count; i++) {
      store<u8>(to + i, load<u8>(entries + <usize>load<u32>(indices + (<usize>i << 2))));
    }
    return OK;
  }
  if (leaf.kind == TEXT) {
    return encoding == PLAIN ? judgeTexts(leaf, from, end, count, to) : DAMAGED;
  }
  const values = readValues(state, leaf, from, end, count, encoding);
  if (values == 0) return DAMAGED;
  judgeNumbers(leaf, values, count, to);
  return OK;
}

/** `valid`: a byte for each row, unless all `present` of them have a value. */
export function takeCondition(
  state: State, leaf: Leaf, from: usize, end: usize, rows: u32, row: u32, encoding: u32,
  valid: usize, present: u32,
): i32 {
  const to = room(state, VERDICTS, <usize>rows + 1);
  const result = verdicts(state, leaf, from, end, present, encoding, to);
  if (result == OK) letPass(state, leaf, to, rows, row, valid, present);
  return result;
}

/** Takes verdicts of the values there are to rows. */
export function letPass(
  state: State, leaf: Leaf, judged: usize, rows: u32, row: u32, valid: usize, present: u32,
): void {
  const passing = room(state, PASSING, <usize>state.rows) + row;
  const isWhole = present == rows;
  const ofNull = <u8>leaf.nullsPass;
  let next = judged;
  let lost: u32 = 0;
  for (let i: u32 = 0; i < rows; i++) {
    const isValid = isWhole || load<u8>(valid + i) != 0;
    const verdict = isValid ? load<u8>(next) : ofNull;
    next += usize(isValid);
    const before = load<u8>(passing + i);
    lost += before & (verdict ^ 1);
    store<u8>(passing + i, before & verdict);
  }
  state.alive -= lost;
}
