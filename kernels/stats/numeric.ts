// A column of numbers: counts, extremes, order, sums, moments, distinct values and a sample.

import { addNumber, Distinct, newDistinct } from './distinct';
import { newKept } from './kept';
import { take } from './memory';
import { addBlock, BLOCK, Moments, newMoments } from './moments';
import { DOUBLES, SIGNED, UNSIGNED } from './radix';
import { addToSample, newSample, Sample } from './sample';
import { addToSketch, newSketch, Sketch } from './sketch';
import { addTime, newTimes, Times } from './time';

const FIRST_ROOM: u64 = 16;

@unmanaged
export class Numbers {
  rows: u64;
  nulls: u64;
  nan: u64;
  positiveInfinity: u64;
  negativeInfinity: u64;
  zeros: u64;
  negatives: u64;
  // What has been seen: 1 a rise, 2 a fall, 4 a repeat. `last` holds the value before (bits).
  order: u64;
  last: u64;
  started: u64;
  // Whole numbers only: extremes, and the sum as sumHigh * 2^32 + sumLow.
  min: i64;
  max: i64;
  sumHigh: i64;
  sumLow: u64;
  // Moments of whole numbers are taken of the difference from this value.
  pivot: i64;
  // Values waiting in the block, as doubles and as keys of the distinct table.
  fill: u64;
  room: u64;
  block: u64;
  keys: u64;
  moments: u64;
  distinct: u64;
  sample: u64;
  times: u64;
  // 0: no quantiles are wanted.
  sketch: u64;
}

/**
 * `whole`: integers, with exact sums of their own. `timed`: also looks at the steps between values.
 * `budget`: see Kept; 0 to keep no values. `sketch`: estimates quantiles and the most frequent.
 */
export function newNumbers(
  whole: bool, unsigned: bool, timed: bool, distinctLimit: u64, budget: usize, sketch: bool,
): Numbers {
  const c = changetype<Numbers>(take(offsetof<Numbers>()));
  c.min = i64.MAX_VALUE;
  c.max = i64.MIN_VALUE;
  c.room = FIRST_ROOM;
  c.block = <u64>take(<usize>FIRST_ROOM << 3);
  c.keys = whole ? <u64>take(<usize>FIRST_ROOM << 3) : c.block;
  c.moments = <u64>changetype<usize>(newMoments(!whole));
  const kind = whole ? (unsigned ? UNSIGNED : SIGNED) : DOUBLES;
  const kept = budget == 0 ? 0 : <u64>changetype<usize>(newKept(kind, budget));
  // Kept values tell the most frequent ones by themselves.
  c.distinct = <u64>changetype<usize>(newDistinct(distinctLimit, kept, sketch));
  c.sample = <u64>changetype<usize>(newSample());
  c.sketch = sketch ? <u64>changetype<usize>(newSketch()) : 0;
  c.times = timed ? <u64>changetype<usize>(newTimes()) : 0;
  return c;
}

@inline
export function isValid(validity: usize, row: u32): bool {
  return ((load<u8>(validity + (row >>> 3)) >>> (row & 7)) & 1) != 0;
}

/** Room for the next values: a larger block, up to the size that all blocks have, or an empty one. */
function makeRoom(c: Numbers): void {
  if (c.room == <u64>BLOCK) {
    flush(c);
    return;
  }
  const size = <usize>c.room << 3;
  const block = take(size << 1);
  memory.copy(block, <usize>c.block, size);
  if (c.keys == c.block) {
    c.keys = <u64>block;
  } else {
    const keys = take(size << 1);
    memory.copy(keys, <usize>c.keys, size);
    c.keys = <u64>keys;
  }
  c.block = <u64>block;
  c.room *= 2;
}

/** Empties the block into everything that works on blocks. */
export function flush(c: Numbers): void {
  const n = <i32>c.fill;
  if (n == 0) return;
  const block = <usize>c.block;
  if (c.keys == c.block) orderOfDoubles(c, n);
  addToSample(changetype<Sample>(<usize>c.sample), block, n);
  const distinct = changetype<Distinct>(<usize>c.distinct);
  const keys = <usize>c.keys;
  const end = keys + (<usize>n << 3);
  for (let at = keys; at < end; at += 8) addNumber(distinct, load<u64>(at));
  addBlock(changetype<Moments>(<usize>c.moments), block, n);
  if (c.sketch != 0) addToSketch(changetype<Sketch>(<usize>c.sketch), block, n);
  c.fill = 0;
}

function orderOfDoubles(c: Numbers, n: i32): void {
  if ((c.order & 3) == 3) return;
  const block = <usize>c.block;
  let last = c.started ? reinterpret<f64>(c.last) : load<f64>(block);
  let order = c.order;
  for (let i: usize = c.started ? 0 : 1; i < <usize>n; i++) {
    const x = load<f64>(block + (i << 3));
    order |= x > last ? 1 : x < last ? 2 : 4;
    last = x;
  }
  c.order = order;
  c.last = reinterpret<u64>(last);
  c.started = 1;
}

/** Rows [from, to) of doubles or floats. A validity of 0 means that no row is null. */
export function addFloats<T>(
  c: Numbers, values: usize, validity: usize, from: u32, to: u32,
): void {
  c.rows += to - from;
  let row = from;
  while (row < to) {
    let fill = <u32>c.fill;
    const end = min<u32>(to, row + (<u32>c.room - fill));
    const block = <usize>c.block;
    for (; row < end; row++) {
      if (validity != 0 && !isValid(validity, row)) {
        c.nulls++;
        continue;
      }
      // + 0: minus zero and zero are one value.
      const x = <f64>load<T>(values + (<usize>row << alignof<T>())) + 0.0;
      if (x - x != 0) {
        addOdd(c, x);
        continue;
      }
      store<f64>(block + (<usize>fill << 3), x);
      fill++;
    }
    c.fill = fill;
    if (<u64>fill == c.room) makeRoom(c);
  }
}

function addOdd(c: Numbers, x: f64): void {
  if (x == Infinity) c.positiveInfinity++;
  else if (x == -Infinity) c.negativeInfinity++;
  else c.nan++;
}

/** Rows [from, to) of integers of any width up to 64 bits, signed or not. */
export function addIntegers<T>(
  c: Numbers, values: usize, validity: usize, from: u32, to: u32,
): void {
  c.rows += to - from;
  let row = from;
  while (row < to) {
    const end = min<u32>(to, row + (<u32>c.room - <u32>c.fill));
    addRun<T>(c, values, validity, row, end);
    row = end;
    if (c.fill == c.room) makeRoom(c);
  }
  // Keeps the low half of the sum from running over.
  c.sumHigh += <i64>(c.sumLow >>> 32);
  c.sumLow &= 0xffffffff;
}

@inline
function below<T>(a: i64, b: i64): bool {
  return isSigned<T>() ? a < b : <u64>a < <u64>b;
}

/** A double of the value, right for unsigned 64-bit numbers too. */
@inline
function toDouble<T>(v: i64): f64 {
  return isSigned<T>() ? <f64>v : <f64>(<u64>v);
}

function addRun<T>(c: Numbers, values: usize, validity: usize, from: u32, to: u32): void {
  const times = changetype<Times>(<usize>c.times);
  const timed = c.times != 0;
  let fill = <usize>c.fill;
  let order = c.order;
  let last = <i64>c.last;
  let low = c.min;
  let high = c.max;
  let sumHigh = c.sumHigh;
  let sumLow = c.sumLow;
  let zeros: u64 = 0;
  let negatives: u64 = 0;
  for (let row = from; row < to; row++) {
    if (validity != 0 && !isValid(validity, row)) {
      c.nulls++;
      continue;
    }
    const v = <i64>load<T>(values + (<usize>row << alignof<T>()));
    if (!c.started) {
      begin<T>(c, v);
      low = v;
      high = v;
    } else {
      order |= v == last ? 4 : below<T>(v, last) ? 2 : 1;
    }
    last = v;
    if (below<T>(v, low)) low = v;
    if (below<T>(high, v)) high = v;
    zeros += <u64>(v == 0);
    if (isSigned<T>()) negatives += <u64>v >>> 63;
    sumHigh += isSigned<T>() ? v >> 32 : <i64>(<u64>v >>> 32);
    sumLow += <u64>v & 0xffffffff;
    store<i64>(<usize>c.keys + (fill << 3), v);
    store<f64>(<usize>c.block + (fill << 3), fromPivot<T>(c.pivot, v));
    fill++;
    if (timed) addTime(times, v);
  }
  c.fill = fill;
  c.order = order;
  c.last = <u64>last;
  c.min = low;
  c.max = high;
  c.sumHigh = sumHigh;
  c.sumLow = sumLow;
  c.zeros += zeros;
  c.negatives += negatives;
}

const EXACT_IN_DOUBLE: i64 = 1 << 53;

/** Beyond 2^53 a double drops digits; counted from the first value, neighbours keep theirs. */
function begin<T>(c: Numbers, v: i64): void {
  c.started = 1;
  const small = isSigned<T>()
    ? v <= EXACT_IN_DOUBLE && v >= -EXACT_IN_DOUBLE
    : <u64>v <= <u64>EXACT_IN_DOUBLE;
  c.pivot = small ? 0 : v;
}

@inline
function fromPivot<T>(pivot: i64, v: i64): f64 {
  if (pivot == 0) return toDouble<T>(v);
  const d = v - pivot;
  const down = below<T>(v, pivot);
  // The difference fits 64 bits unsigned when taken the right way round.
  return down ? -(<f64>(<u64>(pivot - v))) : <f64>(<u64>d);
}

// One for each instance and so for each thread.
let bitsAt: usize = 0;

/** Rows [from, to) of bits, as Arrow packs booleans: numbers 0 and 1. */
export function addBits(c: Numbers, values: usize, validity: usize, from: u32, to: u32): void {
  // One byte a row, then the path of the integers.
  const step: u32 = 1024;
  if (bitsAt == 0) bitsAt = take(step);
  const unpacked = bitsAt;
  for (let row = from; row < to; row += step) {
    const end = min<u32>(to, row + step);
    for (let i = row; i < end; i++) store<u8>(unpacked + (i - row), isValid(values, i) ? 1 : 0);
    addIntegers<u8>(c, unpacked - row, validity, row, end);
  }
}
