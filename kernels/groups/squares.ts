// Sums of the squares of doubles, for every group: exact. A square is the product of two integers
// of 53 bits, so that neither large nor small ones are out of range; it is added to limbs of 32 bits
// as in kernels/stats/exact.ts. Their unit is the square of the smallest double, 2^-2148.

import { take } from '../stats/memory';
import { Leaf, MOST } from './state';

/** The largest square is below 2^4196 units; the rest is room for 2^92 of them. */
export const SQUARES_LIMBS: i32 = 134;
export const SQUARES_BYTES: usize = 134 * 8;

/** A square adds less than 2^34 to a limb. */
const MOST_UNCARRIED: u64 = 1 << 28;

export function takeSquares(leaf: Leaf): void {
  leaf.squaresAt = take(<usize>MOST * SQUARES_BYTES);
}

@inline
function limbsOf(leaf: Leaf, group: usize): usize {
  return <usize>leaf.squaresAt + group * SQUARES_BYTES;
}

@inline
function increase(at: usize, by: u64): void {
  store<u64>(at, load<u64>(at) + by);
}

@inline
function addSquare(limbs: usize, x: f64): void {
  const bits = reinterpret<u64>(x);
  const biased = (bits >>> 52) & 0x7ff;
  // Not finite: what is asked of such a group is no number.
  if (biased == 0x7ff) return;
  const normal = u64(biased != 0);
  const mantissa = (bits & 0x000fffffffffffff) | (normal << 52);
  const power = (biased - normal) << 1;
  // mantissa = 2^27 a + b; its square in 128 bits.
  const a = mantissa >>> 27;
  const b = mantissa & 0x7ffffff;
  const ab = a * b;
  const rest = b * b + ((ab & 0x3ffffff) << 28);
  const high = (a * a + (ab >>> 26) + (rest >>> 54)) >>> 10;
  const low = mantissa * mantissa;
  const at = limbs + (<usize>(power >>> 5) << 3);
  const offset = power & 31;
  const first = (low & 0xffffffff) << offset;
  const second = (low >>> 32) << offset;
  const third = (high & 0xffffffff) << offset;
  const fourth = (high >>> 32) << offset;
  increase(at, first & 0xffffffff);
  increase(at + 8, (first >>> 32) + (second & 0xffffffff));
  increase(at + 16, (second >>> 32) + (third & 0xffffffff));
  increase(at + 24, (third >>> 32) + (fourth & 0xffffffff));
  increase(at + 32, fourth >>> 32);
}

/** Leaves 32 bits in every limb. */
export function carrySquares(leaf: Leaf, group: u32): usize {
  const limbs = limbsOf(leaf, group);
  let over: u64 = 0;
  for (let i: usize = 0; i < SQUARES_BYTES; i += 8) {
    const value = load<u64>(limbs + i) + over;
    over = value >>> 32;
    store<u64>(limbs + i, value & 0xffffffff);
  }
  return limbs;
}

/** Before `count` more are added. */
function makeRoom(leaf: Leaf, count: u32): void {
  leaf.uncarriedSquares += count;
  if (leaf.uncarriedSquares < MOST_UNCARRIED) return;
  for (let group: u32 = 0; group < MOST; group++) carrySquares(leaf, group);
  leaf.uncarriedSquares = count;
}

export function sumSquares(leaf: Leaf, members: usize, values: usize, count: u32): void {
  makeRoom(leaf, count);
  for (let i: u32 = 0; i < count; i++) {
    const group = <usize>load<u16>(members + (<usize>i << 1));
    addSquare(limbsOf(leaf, group), load<f64>(values + (<usize>i << 3)));
  }
}

/** The same through indices into a dictionary. */
export function sumSquaresOf(
  leaf: Leaf, members: usize, indices: usize, values: usize, count: u32,
): void {
  makeRoom(leaf, count);
  for (let i: u32 = 0; i < count; i++) {
    const group = <usize>load<u16>(members + (<usize>i << 1));
    const value = values + (<usize>load<u32>(indices + (<usize>i << 2)) << 3);
    addSquare(limbsOf(leaf, group), load<f64>(value));
  }
}

/** Adds what another thread has of its group `from` to the group `to`. */
export function mergeSquares(leaf: Leaf, other: Leaf, to: u32, from: u32): void {
  const limbs = carrySquares(leaf, to);
  const others = carrySquares(other, from);
  for (let i: usize = 0; i < SQUARES_BYTES; i += 8) increase(limbs + i, load<u64>(others + i));
  carrySquares(leaf, to);
}
