// An exact sum (kernels/stats/exact.ts) to the double nearest to it, ties to even.

import { carry, LIMBS } from '../stats/exact';

@inline
function limb(limbs: usize, i: u32): u64 {
  return i < <u32>LIMBS ? load<u64>(limbs + (<usize>i << 3)) & 0xffffffff : 0;
}

function negate(limbs: usize): void {
  for (let i: i32 = 0; i < LIMBS; i++) {
    const at = limbs + (<usize>i << 3);
    store<i64>(at, -load<i64>(at));
  }
  carry(limbs);
}

/** Leaves the limbs carried. */
export function roundExact(limbs: usize): f64 {
  carry(limbs);
  const isNegative = load<i64>(limbs + (<usize>(LIMBS - 1) << 3)) < 0;
  if (isNegative) negate(limbs);
  let top = LIMBS - 1;
  while (top >= 0 && load<i64>(limbs + (<usize>top << 3)) == 0) top--;
  if (top < 0) return 0;
  const length = (<u32>top << 5) + 32 - <u32>clz<u32>(<u32>limb(limbs, top));
  // The unit is the smallest double, so that what is kept is never less exact than a double.
  const drop = length > 53 ? length - 53 : 0;
  const word = drop >>> 5;
  const shift = <u64>(drop & 31);
  let kept = (limb(limbs, word) | (limb(limbs, word + 1) << 32)) >>> shift;
  if (shift > 0) kept |= limb(limbs, word + 2) << (64 - shift);
  kept &= 0x1fffffffffffff;
  if (drop > 0 && isRoundedUp(limbs, drop - 1, (kept & 1) == 1)) kept++;
  if (isNegative) negate(limbs);
  const bits = kept + (<u64>drop << 52);
  const value = bits >= 0x7ff0000000000000 ? <f64>Infinity : reinterpret<f64>(bits);
  return isNegative ? -value : value;
}

/** `bit`: the highest that is dropped. */
function isRoundedUp(limbs: usize, bit: u32, isOdd: bool): bool {
  const word = bit >>> 5;
  const here = limb(limbs, word);
  const mask = <u64>1 << <u64>(bit & 31);
  if ((here & mask) == 0) return false;
  if (isOdd || (here & (mask - 1)) != 0) return true;
  for (let i: u32 = 0; i < word; i++) if (limb(limbs, i) != 0) return true;
  return false;
}
