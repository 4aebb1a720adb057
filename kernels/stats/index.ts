// The statistics kernel: compiled to WebAssembly by `node scripts/kernels.mjs`, called by
// src/compute/stats/kernel.ts. Types of columns are the codes below; a state is an address.

import { wholeRows } from './csv';
import { sortKept } from './distinct';
import { start, take } from './memory';
import { addBits, addFloats, addIntegers, flush, newNumbers, Numbers } from './numeric';
import { addTexts, newTexts, Texts } from './text';
import { settle, Times } from './time';
import { work, workOnce } from './work';


export { sortKept, start, take, wholeRows, work, workOnce };

export function numbers(
  whole: bool, timed: bool, distinctLimit: u64, keep: u64, sketch: bool,
): usize {
  return changetype<usize>(newNumbers(whole, timed, distinctLimit, keep, sketch));
}

export function texts(distinctLimit: u64, arenaRoom: u64): usize {
  return changetype<usize>(newTexts(distinctLimit, arenaRoom));
}

/** `type`: see NUMBER_CODES in src/compute/stats/kernel.ts. */
export function addNumbers(state: usize, type: u32, values: usize, validity: usize, rows: u32): void {
  const c = changetype<Numbers>(state);
  switch (type) {
    case 0: addFloats<f64>(c, values, validity, rows); break;
    case 1: addFloats<f32>(c, values, validity, rows); break;
    case 2: addIntegers<i64>(c, values, validity, rows); break;
    case 3: addIntegers<i32>(c, values, validity, rows); break;
    case 4: addIntegers<i16>(c, values, validity, rows); break;
    case 5: addIntegers<i8>(c, values, validity, rows); break;
    case 6: addIntegers<u64>(c, values, validity, rows); break;
    case 7: addIntegers<u32>(c, values, validity, rows); break;
    case 8: addIntegers<u16>(c, values, validity, rows); break;
    case 9: addIntegers<u8>(c, values, validity, rows); break;
    case 10: addBits(c, values, validity, rows); break;
    default: unreachable();
  }
}

export function addViews(state: usize, views: usize, buffers: usize, validity: usize, rows: u32): void {
  addTexts(changetype<Texts>(state), views, buffers, validity, rows);
}

/** After the last row: empties what waits in blocks and runs. */
export function finishNumbers(state: usize): void {
  const c = changetype<Numbers>(state);
  flush(c);
  if (c.times != 0) settle(changetype<Times>(<usize>c.times));
}

export function finishTexts(state: usize): void {
  settle(changetype<Times>(<usize>changetype<Texts>(state).times));
}
