// Lines of NDJSON or of line protocol to delimited text under known columns, for lines that are as
// they should be: what is not is refused as a whole batch, and the host takes its general way.

import { isUtf8 } from '../stats/csv';
import { convertInflux, openInflux } from './influx';
import { convertJson } from './json';
import { beginRows, nameOf, openRows, outputAt, outputSize, roomFor } from './row';

let inputAt: usize = 0;
let inputSize: u32 = 0;

/** Once, before everything else. */
export function open(columns: u32, delimiter: u32): void {
  openInflux();
  openRows(columns, delimiter);
}

/** Where the name of column j is to be written. */
export function setName(j: u32, size: u32): usize {
  return nameOf(j, size);
}

/** Where a batch of `size` bytes, whole lines, is to be written. */
export function input(size: u32): usize {
  inputSize = size;
  inputAt = roomFor(size);
  return inputAt;
}

/** Takes the batch; how many lines it has, or -1 when it is refused. */
export function json(): i32 {
  return isReady() ? convertJson(inputAt, inputAt + inputSize) : -1;
}

/** The same for line protocol. */
export function influx(measurement: i32, time: i32): i32 {
  return isReady() ? convertInflux(inputAt, inputAt + inputSize, measurement, time) : -1;
}

function isReady(): bool {
  // A control byte behind the input ends whatever was begun in it.
  memory.fill(inputAt + inputSize, 0, 64);
  let wide = i8x16.splat(0);
  for (let i: u32 = 0; i < inputSize; i += 16) wide = v128.or(wide, v128.load(inputAt + i));
  if (i8x16.bitmask(wide) != 0 && !isUtf8(inputAt, inputSize)) return false;
  beginRows();
  return true;
}

/** The rows of the batch that was taken last. */
export function output(): usize {
  return outputAt();
}

export function size(): u32 {
  return outputSize();
}
