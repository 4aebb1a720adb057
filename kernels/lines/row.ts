// One record on its way: where the value of each column lies, and the row of delimited text that
// the values become. The delimiter is a control byte, so that hardly a text has to be quoted.

import { mark, reach, release, take } from './memory';

export const LF: u32 = 0x0a;
export const CR: u32 = 0x0d;
export const QUOTE: u32 = 0x22;

/** What a value is; an absent one is null. */
export const ABSENT: u32 = 0;
/** As it stands. */
export const PLAIN: u32 = 1;
/** Between quotes, those inside it doubled. */
export const QUOTED: u32 = 2;
/** A number without a point that is a float: ".0" goes behind it. */
export const FLOAT: u32 = 3;

/** Each column, 4 bytes each: address and size of its name and of its value, and what that is. */
const NAME_AT: usize = 0;
const NAME_SIZE: usize = 4;
const AT: usize = 8;
const SIZE: usize = 12;
const KIND: usize = 16;
const STRIDE: usize = 20;

let table: usize = 0;
let count: u32 = 0;
let delimiter: u32 = 0;
let base: usize = 0;
let out: usize = 0;
let end: usize = 0;

export function openRows(columns: u32, between: u32): void {
  count = columns;
  delimiter = between;
  table = take(<usize>columns * STRIDE);
  memory.fill(table, 0, <usize>columns * STRIDE);
  base = mark();
}

/** Where the name of column j is to be written. */
export function nameOf(j: u32, size: u32): usize {
  const slot = table + <usize>j * STRIDE;
  const at = take(<usize>size + 16);
  store<u32>(slot, <u32>at, NAME_AT);
  store<u32>(slot, size, NAME_SIZE);
  base = mark();
  return at;
}

/** Where `size` bytes of input are to be written. */
export function roomFor(size: u32): usize {
  release(base);
  return take(<usize>size + 128);
}

/** The rows go behind what was taken so far; of a batch that was refused nothing is left. */
export function beginRows(): void {
  for (let j: u32 = 0; j < count; j++) setValue(j, ABSENT, 0, 0);
  out = mark();
  end = out;
}

export function outputAt(): usize {
  return out;
}

export function outputSize(): u32 {
  return <u32>(end - out);
}

@inline
function slotOf(j: u32): usize {
  return table + <usize>j * STRIDE;
}

@inline
function isNamed(slot: usize, at: usize, size: u32): bool {
  if (load<u32>(slot, NAME_SIZE) != size) return false;
  return memory.compare(<usize>load<u32>(slot, NAME_AT), at, size) == 0;
}

/** The column of this name, at best `guess`; -1 when there is none. */
export function find(guess: u32, at: usize, size: u32): i32 {
  if (guess < count && isNamed(slotOf(guess), at, size)) return <i32>guess;
  for (let j: u32 = 0; j < count; j++) {
    if (isNamed(slotOf(j), at, size)) return <i32>j;
  }
  return -1;
}

/** True when the column `guess` has the name at `at`, which ends with the byte `last`. */
@inline
export function isGuess(guess: u32, at: usize, last: u32): bool {
  if (guess >= count) return false;
  const slot = slotOf(guess);
  const size = load<u32>(slot, NAME_SIZE);
  if (<u32>load<u8>(at + <usize>size) != last) return false;
  const name = <usize>load<u32>(slot, NAME_AT);
  let k: u32 = 0;
  for (; k + 8 <= size; k += 8) {
    if (load<u64>(name + <usize>k) != load<u64>(at + <usize>k)) return false;
  }
  if (k == size) return true;
  // Names have room behind them, and so has the input.
  const rest = ((<u64>1) << (<u64>(size - k) << 3)) - 1;
  return ((load<u64>(name + <usize>k) ^ load<u64>(at + <usize>k)) & rest) == 0;
}

@inline
export function nameSize(j: u32): u32 {
  return load<u32>(slotOf(j), NAME_SIZE);
}

@inline
export function setValue(j: u32, kind: u32, at: usize, size: u32): void {
  const slot = slotOf(j);
  store<u32>(slot, <u32>at, AT);
  store<u32>(slot, size, SIZE);
  store<u32>(slot, kind, KIND);
}

/** Behind the digits at `p`. */
@inline
export function digits(p: usize): usize {
  let q = p;
  while (<u32>load<u8>(q) - 0x30 <= 9) q++;
  return q;
}

/** Copies up to 16 bytes at once where that is enough: there is room behind every value. */
@inline
function copy(to: usize, from: usize, size: u32): void {
  v128.store(to, v128.load(from));
  if (size > 16) memory.copy(to + 16, from + 16, <usize>size - 16);
}

/** Writes the values as a row and forgets them. */
export function writeRow(): void {
  let need: usize = 64;
  for (let j: u32 = 0; j < count; j++) need += (<usize>load<u32>(slotOf(j), SIZE) << 1) + 4;
  reach(end + need);
  // A lone null has to be told from a blank line.
  if (count == 1 && load<u32>(slotOf(0), KIND) == ABSENT) setValue(0, QUOTED, end, 0);
  let to = end;
  for (let j: u32 = 0; j < count; j++) {
    const slot = slotOf(j);
    const kind = load<u32>(slot, KIND);
    if (kind != ABSENT) {
      const size = load<u32>(slot, SIZE);
      const from = <usize>load<u32>(slot, AT);
      if (kind == QUOTED) to = writeQuoted(to, from, size);
      else {
        copy(to, from, size);
        to += size;
        if (kind == FLOAT) {
          store<u16>(to, 0x302e);
          to += 2;
        }
      }
      store<u32>(slot, 0, SIZE);
      store<u32>(slot, ABSENT, KIND);
    }
    store<u8>(to++, <u8>(j + 1 == count ? LF : delimiter));
  }
  end = to;
}

function writeQuoted(to: usize, from: usize, size: u32): usize {
  store<u8>(to++, <u8>QUOTE);
  for (let k: u32 = 0; k < size; k++) {
    const byte = load<u8>(from + <usize>k);
    store<u8>(to++, byte);
    if (<u32>byte == QUOTE) store<u8>(to++, byte);
  }
  store<u8>(to++, <u8>QUOTE);
  return to;
}
