// Sums of doubles, for every group: exact, so that neither order nor threads nor the way the rows
// came by change them; rounded once, at the end (round.ts).
//
// Of each group there are a sum and what rounding took from it. Both additions are Knuth's TwoSum;
// the second one hardly ever rounds, because what the first leaves has few bits. Where it does,
// and where the sum overflows, the value goes to the exact sum by itself.

import { addExact, carry, EXACT_BYTES } from '../stats/exact';
import { take } from '../stats/memory';
import { Leaf, MOST } from './state';

/** The limbs of exact sums take twice as many additions without being carried. */
const MOST_UNCARRIED: u64 = 1 << 28;

export function takeSums(leaf: Leaf): void {
  leaf.partialsAt = take(<usize>MOST * 16);
  leaf.totalsAt = take(<usize>MOST * EXACT_BYTES);
  leaf.specialsAt = take(<usize>MOST * 8);
}

@inline
function limbsOf(leaf: Leaf, group: usize): usize {
  return <usize>leaf.totalsAt + group * EXACT_BYTES;
}

@inline
function add(leaf: Leaf, partials: usize, group: usize, value: f64): void {
  const at = partials + (group << 4);
  const sum = load<f64>(at);
  const low = load<f64>(at, 8);
  const next = sum + value;
  const back = next - sum;
  const lost = sum - (next - back) + (value - back);
  const nextLow = low + lost;
  const backLow = nextLow - low;
  // Not a number where the sum overflowed, or the value is none or infinite.
  if (low - (nextLow - backLow) + (lost - backLow) != 0) {
    addAside(leaf, group, value);
    return;
  }
  store<f64>(at, next);
  store<f64>(at, nextLow, 8);
}

function addAside(leaf: Leaf, group: usize, value: f64): void {
  if (!isFinite(value)) {
    const special = <usize>leaf.specialsAt + (group << 3);
    store<f64>(special, load<f64>(special) + value);
    return;
  }
  addExact(limbsOf(leaf, group), value);
  leaf.uncarried += 1;
  if (leaf.uncarried < MOST_UNCARRIED) return;
  for (let i: usize = 0; i < <usize>MOST; i++) carry(limbsOf(leaf, i));
  leaf.uncarried = 0;
}

export function sumDoubles(leaf: Leaf, members: usize, values: usize, count: u32): void {
  const partials = <usize>leaf.partialsAt;
  for (let i: u32 = 0; i < count; i++) {
    const group = <usize>load<u16>(members + (<usize>i << 1));
    add(leaf, partials, group, load<f64>(values + (<usize>i << 3)));
  }
}

/** The same through indices into a dictionary. */
export function sumDoublesOf(
  leaf: Leaf, members: usize, indices: usize, values: usize, count: u32,
): void {
  const partials = <usize>leaf.partialsAt;
  for (let i: u32 = 0; i < count; i++) {
    const group = <usize>load<u16>(members + (<usize>i << 1));
    const value = values + (<usize>load<u32>(indices + (<usize>i << 2)) << 3);
    add(leaf, partials, group, load<f64>(value));
  }
}

/** What was added up is moved to the exact sums. */
export function flushDoubles(leaf: Leaf, groups: u32): void {
  for (let group: usize = 0; group < <usize>groups; group++) {
    const at = <usize>leaf.partialsAt + (group << 4);
    if ((load<u64>(at) | load<u64>(at, 8)) == 0) continue;
    addExact(limbsOf(leaf, group), load<f64>(at));
    addExact(limbsOf(leaf, group), load<f64>(at, 8));
    v128.store(at, i64x2.splat(0));
  }
}

/** Adds what another thread has of its group `from` to the group `to`. */
export function mergeDoubles(leaf: Leaf, other: Leaf, to: u32, from: u32): void {
  const limbs = limbsOf(leaf, to);
  const others = limbsOf(other, from);
  carry(limbs);
  carry(others);
  for (let i: usize = 0; i < EXACT_BYTES; i += 8) {
    store<i64>(limbs + i, load<i64>(limbs + i) + load<i64>(others + i));
  }
  const special = <usize>leaf.specialsAt + (<usize>to << 3);
  store<f64>(special, load<f64>(special) + load<f64>(<usize>other.specialsAt + (<usize>from << 3)));
}
