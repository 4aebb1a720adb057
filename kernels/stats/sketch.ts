// Quantiles in bounded memory: sorted buffers of 4096 values, one a level, where a value of level l
// stands for 2^l. Two buffers of a level become one of the next: merged, and of each two neighbours
// one kept, the first and the second in turn (Manku, Rajagopalan, Lindsay, SIGMOD 1998). After n
// values the rank of any answer is off by at most n * L / (2 * 4096) with L levels, so 0.15 % for 15
// million. Everything depends on the order of the values only.

import { spare, take } from './memory';
import { BLOCK } from './moments';
import { DOUBLES, ofKey, sortKeys, toKey } from './radix';

const LEVELS: i32 = 40;

@unmanaged
export class Sketch {
  // Which levels hold a buffer, and which half the next merge at a level keeps.
  held: u64;
  halves: u64;
  // Addresses of the levels' buffers.
  buffers: u64;
  // Values of the last block, which is short and goes to no level.
  rest: u64;
  restSize: u64;
  restRoom: u64;
}

export function newSketch(): Sketch {
  const s = changetype<Sketch>(take(offsetof<Sketch>()));
  s.buffers = <u64>take(<usize>LEVELS * 8);
  return s;
}

/** A block of n finite doubles: 4096, but for the last. */
export function addToSketch(s: Sketch, values: usize, n: i32): void {
  if (s.restRoom < <u64>n) {
    s.restRoom = <u64>n;
    s.rest = <u64>take(<usize>n << 3);
  }
  sortBlock(values, <usize>s.rest, <usize>n);
  s.restSize = <u64>n;
  if (n < BLOCK) return;
  s.restSize = 0;
  let level: u64 = 0;
  while ((s.held >>> level) & 1) {
    halve(s, <usize>level);
    s.held &= ~((<u64>1) << level);
    level++;
  }
  const place = <usize>s.buffers + (<usize>level << 3);
  if (load<u64>(place) == 0) store<u64>(place, <u64>take(<usize>BLOCK * 8));
  memory.copy(<usize>load<u64>(place), <usize>s.rest, <usize>BLOCK << 3);
  s.held |= (<u64>1) << level;
}

/** Merges the buffer of the level with `rest` and keeps every second value there. */
function halve(s: Sketch, level: usize): void {
  const a = <usize>load<u64>(<usize>s.buffers + (level << 3));
  const b = <usize>s.rest;
  const out = spare(<usize>BLOCK << 4);
  let i: usize = 0;
  let j: usize = 0;
  const n = <usize>BLOCK;
  for (let k: usize = 0; k < 2 * n; k++) {
    const x = i < n ? load<f64>(a + (i << 3)) : Infinity;
    const y = j < n ? load<f64>(b + (j << 3)) : Infinity;
    if (j >= n || (i < n && x <= y)) {
      store<f64>(out + (k << 3), x);
      i++;
    } else {
      store<f64>(out + (k << 3), y);
      j++;
    }
  }
  const second = <usize>((s.halves >>> <u64>level) & 1);
  s.halves ^= (<u64>1) << <u64>level;
  for (let k: usize = 0; k < n; k++) {
    store<f64>(b + (k << 3), load<f64>(out + (((k << 1) + second) << 3)));
  }
}

/** The n doubles at `values` in ascending order to `out`. */
function sortBlock(values: usize, out: usize, n: usize): void {
  for (let i: usize = 0; i < n; i++) {
    store<u64>(out + (i << 3), toKey(load<u64>(values + (i << 3)), DOUBLES));
  }
  const sorted = sortKeys(out, spare(<usize>BLOCK << 3), n);
  for (let i: usize = 0; i < n; i++) {
    store<u64>(out + (i << 3), ofKey(load<u64>(sorted + (i << 3)), DOUBLES));
  }
}
