// The exact sum of doubles: a fixed-point number wide enough for every double, in limbs of 32 bits
// kept in 64 (Kulisch; the "small superaccumulator" of R. M. Neal, arXiv:1505.05571). Its value is
// sum(limb[i] * 2^(32 i)) * 2^-1074. Being exact it depends neither on order nor on grouping.

export const LIMBS: i32 = 68;
export const EXACT_BYTES: usize = 68 * 8;

/** Adds one finite double. */
export function addExact(limbs: usize, x: f64): void {
  const bits = reinterpret<u64>(x);
  const biased = <u32>((bits >>> 52) & 0x7ff);
  let mantissa = bits & 0x000fffffffffffff;
  let shift: u32 = 0;
  if (biased != 0) {
    mantissa |= 0x0010000000000000;
    shift = biased - 1;
  }
  const at = limbs + (<usize>(shift >>> 5) << 3);
  const offset = <u64>(shift & 31);
  const low = (mantissa & 0xffffffff) << offset;
  const high = (mantissa >>> 32) << offset;
  const first = <i64>(low & 0xffffffff);
  const second = <i64>(low >>> 32) + <i64>(high & 0xffffffff);
  const third = <i64>(high >>> 32);
  if (<i64>bits < 0) {
    store<i64>(at, load<i64>(at) - first);
    store<i64>(at, load<i64>(at, 8) - second, 8);
    store<i64>(at, load<i64>(at, 16) - third, 16);
  } else {
    store<i64>(at, load<i64>(at) + first);
    store<i64>(at, load<i64>(at, 8) + second, 8);
    store<i64>(at, load<i64>(at, 16) + third, 16);
  }
}

/** Leaves 32 bits in every limb but the last. Needed at least once in 2^29 additions. */
export function carry(limbs: usize): void {
  for (let i: usize = 0; i < <usize>(LIMBS - 1); i++) {
    const at = limbs + (i << 3);
    const value = load<i64>(at);
    const over = value >> 32;
    store<i64>(at, value - (over << 32));
    store<i64>(at, load<i64>(at, 8) + over, 8);
  }
}
