// Central moments by blocks. A block is 4096 valid values, counted from the first row of the
// column, whatever pieces the file came in: so the result is the same to the last bit. Inside a
// block two passes (mean, then powers of the deviation, with the first-order correction); between
// blocks Pebay's update (SAND2008-6212) with the mean in two doubles.

import { addExact, carry, EXACT_BYTES } from './exact';
import { spare, take } from './memory';

export const BLOCK: i32 = 4096;
// log2(BLOCK): the headroom that sums of a block's values need.
const HEADROOM: i32 = 12;

@unmanaged
export class Moments {
  n: u64;
  // Everything below is in units of 2^scale (0 unless values are near the ends of the range).
  scale: i64;
  mean: f64;
  meanLow: f64;
  m2: f64;
  m3: f64;
  m4: f64;
  min: f64;
  max: f64;
  zeros: u64;
  negatives: u64;
  // The exact sum, when asked for.
  limbs: u64;
}

export function newMoments(exactSum: bool): Moments {
  const m = changetype<Moments>(take(offsetof<Moments>()));
  m.min = Infinity;
  m.max = -Infinity;
  m.limbs = exactSum ? <u64>take(EXACT_BYTES) : 0;
  return m;
}

@inline
function exponentOf(x: f64): i32 {
  return <i32>((reinterpret<u64>(x) >>> 52) & 0x7ff) - 1023;
}

/** 2^e for e in [-1022, 1023]. */
@inline
function powerOfTwo(e: i32): f64 {
  return reinterpret<f64>(<u64>(e + 1023) << 52);
}

/** x * 2^e for any e; in two steps, because 2^e alone may overflow. */
function scaleBy(x: f64, e: i32): f64 {
  let rest = e;
  let value = x;
  while (rest > 1000) {
    value *= powerOfTwo(1000);
    rest -= 1000;
  }
  while (rest < -1000) {
    value *= powerOfTwo(-1000);
    rest += 1000;
  }
  return value * powerOfTwo(rest);
}

/** Adds the sum of n <= BLOCK values, none above 2^(top + 1), exactly. */
function addBlockExact(limbs: usize, values: usize, n: i32, top: i32): void {
  // Two error-free extractions (Rump, Ogita, Oishi 2008): q is x rounded to a grid so coarse that a
  // whole block of q's adds up without rounding; what is left of x goes through a finer grid.
  const first = top + 1 + HEADROOM;
  const second = first - 53 + HEADROOM;
  const simple = first > 1000 || second < -960;
  if (simple) {
    for (let i = 0; i < n; i++) addExact(limbs, load<f64>(values + (<usize>i << 3)));
    carry(limbs);
    return;
  }
  const sigma1 = f64x2.splat(powerOfTwo(first));
  const sigma2 = f64x2.splat(powerOfTwo(second));
  let sum1 = f64x2.splat(0);
  let sum2 = f64x2.splat(0);
  let left = i64x2.splat(0);
  const pairs = n >> 1;
  for (let i = 0; i < pairs; i++) {
    const x = v128.load(values + (<usize>i << 4));
    const q1 = f64x2.sub(f64x2.add(x, sigma1), sigma1);
    const r1 = f64x2.sub(x, q1);
    const q2 = f64x2.sub(f64x2.add(r1, sigma2), sigma2);
    sum1 = f64x2.add(sum1, q1);
    sum2 = f64x2.add(sum2, q2);
    left = v128.or(left, f64x2.ne(r1, q2));
  }
  addExact(limbs, f64x2.extract_lane(sum1, 0));
  addExact(limbs, f64x2.extract_lane(sum1, 1));
  addExact(limbs, f64x2.extract_lane(sum2, 0));
  addExact(limbs, f64x2.extract_lane(sum2, 1));
  if (n & 1) addExact(limbs, load<f64>(values + (<usize>(n - 1) << 3)));
  if (v128.any_true(left)) addLeftovers(limbs, values, pairs << 1, powerOfTwo(first), powerOfTwo(second));
  carry(limbs);
}

/** The part of each value below both grids: only values 2^29 times smaller than the largest. */
function addLeftovers(limbs: usize, values: usize, n: i32, sigma1: f64, sigma2: f64): void {
  for (let i = 0; i < n; i++) {
    const x = load<f64>(values + (<usize>i << 3));
    const r1 = x - (x + sigma1 - sigma1);
    const r2 = r1 - (r1 + sigma2 - sigma2);
    if (r2 != 0) addExact(limbs, r2);
  }
}

/** Takes in one block of n finite values at `values`. Only the last block of a column may be short. */
export function addBlock(m: Moments, values: usize, n: i32): void {
  if (n == 0) return;
  let low = f64x2.splat(Infinity);
  let high = f64x2.splat(-Infinity);
  let zeros = i64x2.splat(0);
  let negatives = i64x2.splat(0);
  const zero = f64x2.splat(0);
  const pairs = n >> 1;
  for (let i = 0; i < pairs; i++) {
    const x = v128.load(values + (<usize>i << 4));
    low = f64x2.pmin(low, x);
    high = f64x2.pmax(high, x);
    zeros = i64x2.sub(zeros, f64x2.eq(x, zero));
    negatives = i64x2.sub(negatives, f64x2.lt(x, zero));
  }
  let min = Math.min(f64x2.extract_lane(low, 0), f64x2.extract_lane(low, 1));
  let max = Math.max(f64x2.extract_lane(high, 0), f64x2.extract_lane(high, 1));
  m.zeros += i64x2.extract_lane(zeros, 0) + i64x2.extract_lane(zeros, 1);
  m.negatives += i64x2.extract_lane(negatives, 0) + i64x2.extract_lane(negatives, 1);
  if (n & 1) {
    const x = load<f64>(values + (<usize>(n - 1) << 3));
    min = Math.min(min, x);
    max = Math.max(max, x);
    m.zeros += <u64>(x == 0);
    m.negatives += <u64>(x < 0);
  }
  m.min = Math.min(m.min, min);
  m.max = Math.max(m.max, max);
  const largest = Math.max(Math.abs(min), Math.abs(max));
  const top = exponentOf(largest);
  if (m.limbs != 0) addBlockExact(<usize>m.limbs, values, n, top);
  // The fourth power of anything in [2^-200, 2^200] is safe; beyond, count in units of 2^top.
  let scale: i32 = 0;
  let from = values;
  if (largest == 0) {
    scale = <i32>m.scale;
  } else if (top > 200 || top < -200) {
    scale = top;
    from = spare(<usize>BLOCK << 3);
    for (let i: usize = 0; i < <usize>n; i++) {
      store<f64>(from + (i << 3), scaleBy(load<f64>(values + (i << 3)), -scale));
    }
  }
  addCentral(m, from, n, scale);
}

function addCentral(m: Moments, values: usize, n: i32, scale: i32): void {
  const pairs = n >> 1;
  const odd = (n & 1) != 0;
  const tail = odd ? load<f64>(values + (<usize>(n - 1) << 3)) : 0;
  // Summed from the first value, so that a constant block has exactly its value as its mean.
  const pivot = load<f64>(values);
  const shift = f64x2.splat(pivot);
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let i = 0;
  for (; i + 1 < pairs; i += 2) {
    a0 = f64x2.add(a0, f64x2.sub(v128.load(values + (<usize>i << 4)), shift));
    a1 = f64x2.add(a1, f64x2.sub(v128.load(values + (<usize>i << 4), 16), shift));
  }
  if (i < pairs) a0 = f64x2.add(a0, f64x2.sub(v128.load(values + (<usize>i << 4)), shift));
  a0 = f64x2.add(a0, a1);
  let offset = f64x2.extract_lane(a0, 0) + f64x2.extract_lane(a0, 1);
  if (odd) offset += tail - pivot;
  const mean = pivot + offset / <f64>n;

  const center = f64x2.splat(mean);
  // Sums of sums of 32 pairs: a twentieth of the rounding error of one long chain.
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let s4 = f64x2.splat(0);
  for (let from = 0; from < pairs; from += 32) {
    const to = min(pairs, from + 32);
    let p1 = f64x2.splat(0);
    let p2 = f64x2.splat(0);
    let p3 = f64x2.splat(0);
    let p4 = f64x2.splat(0);
    for (i = from; i < to; i++) {
      const d = f64x2.sub(v128.load(values + (<usize>i << 4)), center);
      const d2 = f64x2.mul(d, d);
      p1 = f64x2.add(p1, d);
      p2 = f64x2.add(p2, d2);
      p3 = f64x2.add(p3, f64x2.mul(d2, d));
      p4 = f64x2.add(p4, f64x2.mul(d2, d2));
    }
    s1 = f64x2.add(s1, p1);
    s2 = f64x2.add(s2, p2);
    s3 = f64x2.add(s3, p3);
    s4 = f64x2.add(s4, p4);
  }
  let t1 = f64x2.extract_lane(s1, 0) + f64x2.extract_lane(s1, 1);
  let t2 = f64x2.extract_lane(s2, 0) + f64x2.extract_lane(s2, 1);
  let t3 = f64x2.extract_lane(s3, 0) + f64x2.extract_lane(s3, 1);
  let t4 = f64x2.extract_lane(s4, 0) + f64x2.extract_lane(s4, 1);
  if (odd) {
    const d = tail - mean;
    t1 += d;
    t2 += d * d;
    t3 += d * d * d;
    t4 += d * d * (d * d);
  }
  // The deviations are from `mean`, the true mean is mean + e: move the moments there.
  const count = <f64>n;
  const e = t1 / count;
  const e2 = e * e;
  const m2 = t2 - count * e2;
  const m3 = t3 - 3 * e * t2 + 2 * count * e2 * e;
  const m4 = t4 - 4 * e * t3 + 6 * e2 * t2 - 3 * count * e2 * e2;
  merge(m, <u64>n, scale, mean, e, m2, m3, m4);
}

function rescale(m: Moments, to: i32): void {
  const by = <i32>m.scale - to;
  if (by == 0) return;
  m.mean = scaleBy(m.mean, by);
  m.meanLow = scaleBy(m.meanLow, by);
  m.m2 = scaleBy(m.m2, 2 * by);
  m.m3 = scaleBy(m.m3, 3 * by);
  m.m4 = scaleBy(m.m4, 4 * by);
  m.scale = to;
}

/** Joins another set of moments (n, scale, mean + low, m2, m3, m4) to `m`. */
export function merge(
  m: Moments, count: u64, scale: i32, mean: f64, low: f64, m2: f64, m3: f64, m4: f64,
): void {
  if (m.n == 0) {
    m.n = count;
    m.scale = scale;
    m.mean = mean;
    m.meanLow = low;
    m.m2 = m2;
    m.m3 = m3;
    m.m4 = m4;
    return;
  }
  const to = max(<i32>m.scale, scale);
  rescale(m, to);
  const by = scale - to;
  const meanB = by == 0 ? mean : scaleBy(mean, by);
  const lowB = by == 0 ? low : scaleBy(low, by);
  const b2 = by == 0 ? m2 : scaleBy(m2, 2 * by);
  const b3 = by == 0 ? m3 : scaleBy(m3, 3 * by);
  const b4 = by == 0 ? m4 : scaleBy(m4, 4 * by);
  const na = <f64>m.n;
  const nb = <f64>count;
  const n = na + nb;
  const delta = meanB - m.mean + (lowB - m.meanLow);
  const part = delta / n;
  const part2 = part * part;
  const pair = delta * part * na * nb;
  m.m4 += b4 + pair * part2 * (na * na - na * nb + nb * nb)
    + 6 * part2 * (na * na * b2 + nb * nb * m.m2) + 4 * part * (na * b3 - nb * m.m3);
  m.m3 += b3 + pair * part * (na - nb) + 3 * part * (na * b2 - nb * m.m2);
  m.m2 += b2 + pair;
  // TwoSum: the mean keeps what a double would drop.
  const step = part * nb;
  const sum = m.mean + step;
  const back = sum - m.mean;
  m.meanLow += m.mean - (sum - back) + (step - back);
  m.mean = sum;
  m.n += count;
}
