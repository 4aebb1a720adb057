// What is asked of a column, for every group.

import { take } from '../stats/memory';
import { flushDoubles, mergeDoubles, sumDoubles, sumDoublesOf, takeSums } from './doubles';
import { mergeSquares, sumSquares, sumSquaresOf, takeSquares } from './squares';
import { FLOAT32, FLOAT64, Leaf, leafOf, MAX, MIN, MOST, SQUARES, State, SUM } from './state';

@inline
export function isFloat(kind: u64): bool {
  return kind == FLOAT64 || kind == FLOAT32;
}

/** Integers of which squares are asked are added up as the doubles nearest to them. */
@inline
function addsDoubles(leaf: Leaf): bool {
  return isFloat(leaf.kind) || (leaf.asked & SQUARES) != 0;
}

export function addColumn(state: State, kind: u64, asked: u64): void {
  const leaf = leafOf(state, <u32>state.leaves);
  state.leaves += 1;
  state.columns += 1;
  leaf.kind = kind;
  leaf.asked = asked;
  leaf.nullsAt = take(<usize>MOST * 8);
  if (asked & SUM) {
    if (addsDoubles(leaf)) {
      takeSums(leaf);
    } else {
      leaf.partialsAt = take(<usize>MOST * 8);
      leaf.totalsAt = take(<usize>MOST * 16);
    }
  }
  if (asked & SQUARES) takeSquares(leaf);
  // Extremes are kept plus one past the ends of their order: see extremeOf.
  if (asked & MIN) leaf.leastAt = take(<usize>MOST * 8);
  if (asked & MAX) leaf.mostAt = take(<usize>MOST * 8);
}

/** Doubles as integers in SQL's order: NaN is the greatest, whatever its sign. */
@inline
export function orderOf(bits: i64): i64 {
  const magnitude = bits & 0x7fffffffffffffff;
  if (magnitude > 0x7ff0000000000000) return 0x7ff8000000000000;
  return bits ^ ((bits >> 63) & 0x7fffffffffffffff);
}

/** The double that orderOf made an integer of: it is its own inverse. */
@inline
export function ofOrder(order: i64): i64 {
  return order ^ ((order >> 63) & 0x7fffffffffffffff);
}

/** Within a row group a sum of so small integers fits 64 bits: 2^40 of them are in none. */
const SMALL_BITS: u64 = 23;

function areSmall(values: usize, count: u32): bool {
  let two = i64x2.splat(0);
  let i: u32 = 0;
  for (; i + 2 <= count; i += 2) {
    const value = v128.load(values + (<usize>i << 3));
    two = v128.or(two, v128.xor(value, i64x2.shr_s(value, 63)));
  }
  let bits = <u64>(i64x2.extract_lane(two, 0) | i64x2.extract_lane(two, 1));
  if (i < count) {
    const value = load<i64>(values + (<usize>i << 3));
    bits |= <u64>(value ^ (value >> 63));
  }
  return bits >>> (63 - SMALL_BITS) == 0;
}

/** A 128-bit sum and a 64-bit value. */
@inline
function addWide(total: usize, value: i64): void {
  const low = load<u64>(total) + <u64>value;
  store<i64>(total, load<i64>(total, 8) + (value >> 63) + i64(low < <u64>value), 8);
  store<u64>(total, low);
}

function sumIntegers(leaf: Leaf, members: usize, values: usize, count: u32): void {
  if (!areSmall(values, count)) {
    const totals = <usize>leaf.totalsAt;
    for (let i: u32 = 0; i < count; i++) {
      const group = <usize>load<u16>(members + (<usize>i << 1));
      addWide(totals + (group << 4), load<i64>(values + (<usize>i << 3)));
    }
    return;
  }
  const partials = <usize>leaf.partialsAt;
  for (let i: u32 = 0; i < count; i++) {
    const at = partials + (<usize>load<u16>(members + (<usize>i << 1)) << 3);
    store<i64>(at, load<i64>(at) + load<i64>(values + (<usize>i << 3)));
  }
}

/**
 * The least are kept as their distance from the greatest there is, the most from the least: so that
 * fresh memory, which is zero, stands for none.
 */
const TOP: u64 = 0x7fffffffffffffff;
const BOTTOM: u64 = 0x8000000000000000;

function least(to: usize, members: usize, values: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = to + (<usize>load<u16>(members + (<usize>i << 1)) << 3);
    const below = TOP - load<u64>(values + (<usize>i << 3));
    if (below > load<u64>(at)) store<u64>(at, below);
  }
}

function most(to: usize, members: usize, values: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = to + (<usize>load<u16>(members + (<usize>i << 1)) << 3);
    const above = load<u64>(values + (<usize>i << 3)) - BOTTOM;
    if (above > load<u64>(at)) store<u64>(at, above);
  }
}

/** The same through indices into a dictionary, which saves writing the values down. */
function sumSmallOf(to: usize, members: usize, indices: usize, values: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = to + (<usize>load<u16>(members + (<usize>i << 1)) << 3);
    const value = values + (<usize>load<u32>(indices + (<usize>i << 2)) << 3);
    store<i64>(at, load<i64>(at) + load<i64>(value));
  }
}

/** Of what least and most keep, for each entry. */
function largestOf(to: usize, members: usize, indices: usize, values: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = to + (<usize>load<u16>(members + (<usize>i << 1)) << 3);
    const value = load<u64>(values + (<usize>load<u32>(indices + (<usize>i << 2)) << 3));
    if (value > load<u64>(at)) store<u64>(at, value);
  }
}

/** Integers to doubles; in place, too. */
function toDoubles(values: usize, count: u32, to: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = <usize>i << 3;
    store<f64>(to + at, <f64>load<i64>(values + at));
  }
}

/** Entries of a dictionary beside each other: as they are, then what least and most keep of them. */
export function prepareEntries(leaf: Leaf): void {
  const count = <u32>leaf.dictionaryCount;
  const values = <usize>leaf.dictionaryAt;
  const floats = isFloat(leaf.kind);
  if (!floats && addsDoubles(leaf)) toDoubles(values, count, values);
  leaf.areSmall = u64(!floats && areSmall(values, count));
  if ((leaf.asked & (MIN | MAX)) == 0) return;
  const below = values + (<usize>count << 3);
  const above = below + (<usize>count << 3);
  for (let i: u32 = 0; i < count; i++) {
    const at = <usize>i << 3;
    const value = load<i64>(values + at);
    const order = <u64>(floats ? orderOf(value) : value);
    store<u64>(below + at, TOP - order);
    store<u64>(above + at, order - BOTTOM);
  }
}

/** False when the sum needs more than 64 bits: the values are to be written down then. */
export function addEntries(leaf: Leaf, members: usize, indices: usize, count: u32): bool {
  const asked = leaf.asked;
  const doubles = addsDoubles(leaf);
  if ((asked & SUM) != 0 && !doubles && leaf.areSmall == 0) return false;
  const values = <usize>leaf.dictionaryAt;
  const entries = <usize>leaf.dictionaryCount << 3;
  if (asked & SUM) {
    const partials = <usize>leaf.partialsAt;
    if (doubles) sumDoublesOf(leaf, members, indices, values, count);
    else sumSmallOf(partials, members, indices, values, count);
  }
  if (asked & SQUARES) sumSquaresOf(leaf, members, indices, values, count);
  if (asked & MIN) largestOf(<usize>leaf.leastAt, members, indices, values + entries, count);
  if (asked & MAX) largestOf(<usize>leaf.mostAt, members, indices, values + 2 * entries, count);
  return true;
}

/** The least and the most of a group that has a value, as integers or the bits of doubles. */
export function leastOf(leaf: Leaf, group: u32): i64 {
  const order = <i64>(TOP - load<u64>(<usize>leaf.leastAt + (<usize>group << 3)));
  return isFloat(leaf.kind) ? ofOrder(order) : order;
}

export function mostOf(leaf: Leaf, group: u32): i64 {
  const order = <i64>(load<u64>(<usize>leaf.mostAt + (<usize>group << 3)) + BOTTOM);
  return isFloat(leaf.kind) ? ofOrder(order) : order;
}

/**
 * `order`: room for as many values; they must not be written to where they are. Of integers of
 * which squares are asked nothing else is.
 */
export function addValues(
  leaf: Leaf, members: usize, values: usize, count: u32, order: usize,
): void {
  const asked = leaf.asked;
  const floats = isFloat(leaf.kind);
  if (asked & SQUARES) {
    let doubles = values;
    if (!floats) {
      toDoubles(values, count, order);
      doubles = order;
    }
    sumDoubles(leaf, members, doubles, count);
    sumSquares(leaf, members, doubles, count);
  } else if (asked & SUM) {
    if (floats) sumDoubles(leaf, members, values, count);
    else sumIntegers(leaf, members, values, count);
  }
  if ((asked & (MIN | MAX)) == 0) return;
  let ordered = values;
  if (floats) {
    for (let i: u32 = 0; i < count; i++) {
      const at = <usize>i << 3;
      store<i64>(order + at, orderOf(load<i64>(values + at)));
    }
    ordered = order;
  }
  if (asked & MIN) least(<usize>leaf.leastAt, members, ordered, count);
  if (asked & MAX) most(<usize>leaf.mostAt, members, ordered, count);
}

/** A row group is done: what was added up of it joins the totals. */
export function flush(leaf: Leaf, groups: u32): void {
  if ((leaf.asked & SUM) == 0) return;
  if (addsDoubles(leaf)) {
    flushDoubles(leaf, groups);
    return;
  }
  const partials = <usize>leaf.partialsAt;
  for (let group: u32 = 0; group < groups; group++) {
    const at = partials + (<usize>group << 3);
    if (load<u64>(at) == 0) continue;
    addWide(<usize>leaf.totalsAt + (<usize>group << 4), load<i64>(at));
    store<u64>(at, 0);
  }
}

/** Adds what another thread has of its group `from` to the group `to`. */
export function mergeGroup(leaf: Leaf, other: Leaf, to: u32, from: u32): void {
  const a = <usize>to << 3;
  const b = <usize>from << 3;
  const nulls = <usize>leaf.nullsAt + a;
  store<u64>(nulls, load<u64>(nulls) + load<u64>(<usize>other.nullsAt + b));
  if (leaf.asked & SUM) mergeSum(leaf, other, to, from);
  if (leaf.asked & SQUARES) mergeSquares(leaf, other, to, from);
  if (leaf.asked & MIN) {
    const at = <usize>leaf.leastAt + a;
    store<u64>(at, max<u64>(load<u64>(at), load<u64>(<usize>other.leastAt + b)));
  }
  if (leaf.asked & MAX) {
    const at = <usize>leaf.mostAt + a;
    store<u64>(at, max<u64>(load<u64>(at), load<u64>(<usize>other.mostAt + b)));
  }
}

function mergeSum(leaf: Leaf, other: Leaf, to: u32, from: u32): void {
  if (addsDoubles(leaf)) {
    mergeDoubles(leaf, other, to, from);
    return;
  }
  const total = <usize>leaf.totalsAt + (<usize>to << 4);
  const more = <usize>other.totalsAt + (<usize>from << 4);
  const low = load<u64>(total) + load<u64>(more);
  const over = u64(low < load<u64>(more));
  store<u64>(total, load<u64>(total, 8) + load<u64>(more, 8) + over, 8);
  store<u64>(total, low);
}
