// The steps between neighbouring timestamps in file order: a table of step and count, for the
// sampling interval and the gaps. Steps of irregular series are too many; then only the extremes
// are known.

import { take } from './memory';
import { mix } from './hash';

const FIRST_SLOTS: u64 = 16;
const LIMIT: u64 = 4096;

@unmanaged
export class Times {
  count: u64;
  first: i64;
  last: i64;
  min: i64;
  max: i64;
  // Steps forward, back and none; the table counts the steps forward.
  forward: u64;
  back: u64;
  repeats: u64;
  longest: i64;
  longestAt: i64;
  used: u64;
  overflowed: u64;
  slots: u64;
  capacity: u64;
  // The step seen last and how often since it was written to the table.
  step: i64;
  run: u64;
}

export function newTimes(): Times {
  const t = changetype<Times>(take(offsetof<Times>()));
  t.min = i64.MAX_VALUE;
  t.max = i64.MIN_VALUE;
  t.capacity = FIRST_SLOTS;
  t.slots = <u64>take(<usize>FIRST_SLOTS << 4);
  return t;
}

@inline
export function addTime(t: Times, at: i64): void {
  if (t.count == 0) {
    t.first = at;
    t.min = at;
    t.max = at;
  } else {
    const step = at - t.last;
    if (step == t.step && step > 0) {
      t.run++;
      t.max = max(t.max, at);
    } else {
      addStep(t, step, at);
    }
  }
  t.last = at;
  t.count++;
}

function addStep(t: Times, step: i64, at: i64): void {
  t.min = min(t.min, at);
  t.max = max(t.max, at);
  if (step == 0) {
    t.repeats++;
    return;
  }
  if (step < 0) {
    t.back++;
    return;
  }
  settle(t);
  t.step = step;
  t.run = 1;
  if (step > t.longest) {
    t.longest = step;
    t.longestAt = t.last;
  }
}

/** Writes the current run of equal steps to the table. */
export function settle(t: Times): void {
  if (t.run == 0) return;
  const run = t.run;
  t.run = 0;
  t.forward += run;
  if (!t.overflowed) count(t, t.step, run);
}

function count(t: Times, step: i64, run: u64): void {
  const mask = t.capacity - 1;
  let i = mix(<u64>step) & mask;
  for (;;) {
    const slot = <usize>t.slots + (<usize>i << 4);
    const before = load<u64>(slot, 8);
    if (before == 0) {
      if (t.used == LIMIT) {
        t.overflowed = 1;
        return;
      }
      t.used++;
      store<i64>(slot, step);
      store<u64>(slot, run, 8);
      if (t.used * 2 > t.capacity) grow(t);
      return;
    }
    if (load<i64>(slot) == step) {
      store<u64>(slot, before + run, 8);
      return;
    }
    i = (i + 1) & mask;
  }
}

function grow(t: Times): void {
  const old = <usize>t.slots;
  const end = old + (<usize>t.capacity << 4);
  t.capacity *= 2;
  t.slots = <u64>take(<usize>t.capacity << 4);
  t.used = 0;
  for (let from = old; from < end; from += 16) {
    if (load<u64>(from, 8) != 0) count(t, load<i64>(from), load<u64>(from, 8));
  }
}
