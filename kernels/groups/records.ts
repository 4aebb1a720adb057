// The records of delimited text: all of them have all their fields, and quotes where they may be.

import { holds } from '../stats/csv';
import { lines, quotes, returns, wholeEndsOf } from '../stats/ends';
import { ENDS, room, State } from './state';

/** Of the records. */
@unmanaged
export class Text {
  fields: u64;
  delimiter: u64;
  // 0: quotes mean nothing.
  quote: u64;
}

const LF: u32 = 0x0a;
const CR: u32 = 0x0d;

// Out, of the text that findRecords saw last: how many records there are, the offsets of the ends of
// their fields (4 bytes each), and what is in them: quotes, quotes within quotes, carriage returns.
export let rows: u32 = 0;
export let ends: usize = 0;
export let isQuoted: bool = false;
export let hasInner: bool = false;
export let hasReturns: bool = false;

/** Finds the whole records that begin before `limit`; false where something is not as it should be. */
export function findRecords(state: State, text: Text, at: usize, size: u32, limit: u32): bool {
  const fields = <u32>text.fields;
  ends = room(state, ENDS, (<usize>size + 128) << 2);
  const found = wholeEndsOf(at, size, <u32>text.delimiter, <u32>text.quote, ends, size + 128);
  rows = <u32>lines;
  if (found < 0 || <u32>found < rows * fields || <u32>found - rows * fields >= fields) return false;
  isQuoted = quotes != 0;
  hasReturns = returns != 0;
  if (!areRecords(at, size, fields)) return false;
  if (isQuoted && !areQuoted(text, at, size)) return false;
  while (rows > 1 && startOf(rows - 1, fields) >= limit) rows--;
  return true;
}

/** Behind the last row: where the rest begins. */
@inline
export function startOf(row: u32, fields: u32): u32 {
  return row == 0 ? 0 : load<u32>(ends + (<usize>(row * fields - 1) << 2)) + 1;
}

/** There are as many line ends as rows: each has to be at the end of its row. */
function areRecords(at: usize, size: u32, fields: u32): bool {
  const step = <usize>fields << 2;
  let slot = ends + step - 4;
  let found: u64 = 0;
  for (let row: u32 = 0; row < rows; row++, slot += step) {
    const end = at + load<u32>(slot);
    if (<u32>load<u8>(end) != LF) return false;
    found += u64(<u32>load<u8>(end - 1) == CR);
  }
  // A blank line is no record, not even of one field.
  if (fields == 1 && hasBlank(at)) return false;
  return !hasReturns || found == returns - countOf(CR, at + startOf(rows, fields), at + size);
}

function hasBlank(at: usize): bool {
  for (let row: u32 = 0; row < rows; row++) {
    const start = startOf(row, 1);
    if (fieldEnd(at, start, startOf(row + 1, 1) - 1, true) == start) return true;
  }
  return false;
}

/** Of what is seen again, behind the last whole record. */
function countOf(byte: u32, from: usize, to: usize): u64 {
  let found: u64 = 0;
  for (let p = from; p < to; p++) found += u64(<u32>load<u8>(p) == byte);
  return found;
}

/** Without the carriage return that is part of the line end. */
@inline
export function fieldEnd(at: usize, start: u32, end: u32, isLast: bool): u32 {
  return hasReturns && isLast && end > start && <u32>load<u8>(at + end - 1) == CR ? end - 1 : end;
}

/** Every field has quotes around it or none; where there are more than those, they are doubled. */
function areQuoted(text: Text, at: usize, size: u32): bool {
  const quote = <u32>text.quote;
  const fields = <u32>text.fields;
  const count = rows * fields;
  let start: u32 = 0;
  let around: u64 = 0;
  hasInner = false;
  for (let i: u32 = 0, column: u32 = 1; i < count; i++) {
    const end = load<u32>(ends + (<usize>i << 2));
    const isLast = column == fields;
    const until = fieldEnd(at, start, end, isLast);
    if (until > start && <u32>load<u8>(at + start) == quote) {
      if (until - start < 2 || <u32>load<u8>(at + until - 1) != quote) return false;
      around += 2;
    }
    start = end + 1;
    column = isLast ? 1 : column + 1;
  }
  if (around + countOf(quote, at + start, at + size) == quotes) return true;
  hasInner = true;
  start = 0;
  for (let i: u32 = 0, column: u32 = 1; i < count; i++) {
    const end = load<u32>(ends + (<usize>i << 2));
    const isLast = column == fields;
    const length = fieldEnd(at, start, end, isLast) - start;
    const p = at + start;
    if (length > 0 && <u32>load<u8>(p) == quote) {
      if (!isDoubled(p + 1, length - 2, quote)) return false;
    } else if (holds(p, length, quote)) {
      return false;
    }
    start = end + 1;
    column = isLast ? 1 : column + 1;
  }
  return true;
}

function isDoubled(p: usize, size: u32, quote: u32): bool {
  const end = p + size;
  for (; p < end; p++) {
    if (<u32>load<u8>(p) != quote) continue;
    if (++p >= end || <u32>load<u8>(p) != quote) return false;
  }
  return true;
}
