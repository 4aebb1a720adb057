// The statistics kernel: compiled to WebAssembly by `node scripts/kernels.mjs`, called by
// src/compute/stats/kernel.ts. Types of columns are the codes below; a state is an address.

import { decode, Plan, wholeRows } from './csv';
import { Distinct } from './distinct';
import { Kept, keptAt as atRank, keptUpTo as countUpTo, keptWithin as within, settleKept } from './kept';
import { start, take, top } from './memory';
import { addBits, addFloats, addIntegers, flush, newNumbers, Numbers } from './numeric';
import { ofKey } from './radix';
import { addTexts, newTexts, Texts } from './text';
import { settle, Times } from './time';
import { work, workOnce } from './work';

export { start, take, top, wholeRows, work, workOnce };

export function numbers(
  whole: bool, unsigned: bool, timed: bool, distinctLimit: u64, budget: usize, sketch: bool,
): usize {
  return changetype<usize>(newNumbers(whole, unsigned, timed, distinctLimit, budget, sketch));
}

export function texts(distinctLimit: u64, arenaRoom: u64, frequent: bool): usize {
  return changetype<usize>(newTexts(distinctLimit, arenaRoom, frequent));
}

/** For who wants the columns themselves: see decode() in csv.ts. */
export function decodeRows(plan: usize, at: usize, size: u32): i32 {
  return decode(changetype<Plan>(plan), at, size);
}

/** Rows [from, to). `type`: see NUMBER_CODES in src/compute/stats/kinds.ts. */
export function addNumbers(
  state: usize, type: u32, values: usize, validity: usize, from: u32, to: u32,
): void {
  const c = changetype<Numbers>(state);
  switch (type) {
    case 0: addFloats<f64>(c, values, validity, from, to); break;
    case 1: addFloats<f32>(c, values, validity, from, to); break;
    case 2: addIntegers<i64>(c, values, validity, from, to); break;
    case 3: addIntegers<i32>(c, values, validity, from, to); break;
    case 4: addIntegers<i16>(c, values, validity, from, to); break;
    case 5: addIntegers<i8>(c, values, validity, from, to); break;
    case 6: addIntegers<u64>(c, values, validity, from, to); break;
    case 7: addIntegers<u32>(c, values, validity, from, to); break;
    case 8: addIntegers<u16>(c, values, validity, from, to); break;
    case 9: addIntegers<u8>(c, values, validity, from, to); break;
    case 10: addBits(c, values, validity, from, to); break;
    default: unreachable();
  }
}

/** Row i goes to the state at the i-th of the addresses (32 bits each) at `states`. */
export function addNumbersBy(
  states: usize, type: u32, values: usize, validity: usize, rows: u32,
): void {
  for (let row: u32 = 0; row < rows; ) {
    const end = runEnd(states, row, rows);
    addNumbers(load<u32>(states + (<usize>row << 2)), type, values, validity, row, end);
    row = end;
  }
}

export function addViews(
  state: usize, views: usize, buffers: usize, validity: usize, rows: u32,
): void {
  addTexts(changetype<Texts>(state), views, buffers, validity, 0, rows);
}

/** Like addNumbersBy. */
export function addViewsBy(
  states: usize, views: usize, buffers: usize, validity: usize, rows: u32,
): void {
  for (let row: u32 = 0; row < rows; ) {
    const end = runEnd(states, row, rows);
    const state = changetype<Texts>(load<u32>(states + (<usize>row << 2)));
    addTexts(state, views, buffers, validity, row, end);
    row = end;
  }
}

/** Where the rows that go to the same state as `row` end. */
function runEnd(states: usize, row: u32, rows: u32): u32 {
  const state = load<u32>(states + (<usize>row << 2));
  let end = row + 1;
  while (end < rows && load<u32>(states + (<usize>end << 2)) == state) end++;
  return end;
}

/** After the last row: empties what waits in blocks and runs. */
export function finishNumbers(state: usize): void {
  const c = changetype<Numbers>(state);
  flush(c);
  if (c.times != 0) settle(changetype<Times>(<usize>c.times));
  const distinct = changetype<Distinct>(<usize>c.distinct);
  if (distinct.kept != 0) settleKept(changetype<Kept>(<usize>distinct.kept));
}

export function finishTexts(state: usize): void {
  settle(changetype<Times>(<usize>changetype<Texts>(state).times));
}

export function keptUpTo(kept: usize, key: u64): u64 {
  return countUpTo(changetype<Kept>(kept), key);
}

export function keptAt(kept: usize, rank: u64): u64 {
  return atRank(changetype<Kept>(kept), rank);
}

/**
 * Like Kept's; `size` values come as numbers of their kind instead of keys, or as doubles, for
 * signed integers that doubles hold.
 */
export function keptWithin(
  kept: usize, low: u64, high: u64, to: usize, other: usize, size: usize, asDoubles: bool,
): usize {
  const k = changetype<Kept>(kept);
  const sorted = within(k, low, high, to, other);
  const end = sorted + (size << 3);
  for (let at = sorted; at < end; at += 8) {
    const bits = ofKey(load<u64>(at), k.kind);
    if (asDoubles) store<f64>(at, <f64>(<i64>bits));
    else store<u64>(at, bits);
  }
  return sorted;
}
