// A sample for pictures: every 2^k-th value of the column, k growing so that at most 8192 are kept.
// Which values are taken depends on their place in the column only.

import { take } from './memory';

export const SAMPLE: u64 = 8192;
const FIRST_ROOM: u64 = 16;

@unmanaged
export class Sample {
  seen: u64;
  stride: u64;
  kept: u64;
  room: u64;
  values: u64;
}

export function newSample(): Sample {
  const s = changetype<Sample>(take(offsetof<Sample>()));
  s.stride = 1;
  s.room = FIRST_ROOM;
  s.values = <u64>take(<usize>FIRST_ROOM << 3);
  return s;
}

export function addToSample(s: Sample, values: usize, n: i32): void {
  let i = (s.stride - (s.seen & (s.stride - 1))) & (s.stride - 1);
  while (i < <u64>n) {
    // A full sample is met at value SAMPLE * stride, which the doubled stride takes as well.
    if (s.kept == SAMPLE) halve(s);
    else if (s.kept == s.room) grow(s);
    store<f64>(<usize>s.values + (<usize>s.kept << 3), load<f64>(values + (<usize>i << 3)));
    s.kept++;
    i += s.stride;
  }
  s.seen += <u64>n;
}

function grow(s: Sample): void {
  const at = take(<usize>s.room << 4);
  memory.copy(at, <usize>s.values, <usize>s.room << 3);
  s.values = <u64>at;
  s.room *= 2;
}

function halve(s: Sample): void {
  const at = <usize>s.values;
  const half = s.kept >>> 1;
  for (let i: u64 = 0; i < half; i++) {
    store<f64>(at + (<usize>i << 3), load<f64>(at + (<usize>i << 4)));
  }
  s.kept = half;
  s.stride *= 2;
}
