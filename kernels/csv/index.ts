// Counts the records of delimited text, 64 bytes at a time, and stops at the first one that is not
// plain: JavaScript looks at that one. Masks of quotes become spans as in simdjson (Langdale and
// Lemire, "Parsing Gigabytes of JSON per Second", VLDB Journal 28, 2019, section 3.1.1).

import { equal, prefixXor } from '../masks/blocks';

/** Of the text so far. Offsets are from the start of the present chunk. */
let rows: u64 = 0;
let lines: u64 = 0;
/** Delimiters met in the present record. */
let found: u64 = 0;
/** All ones inside quotes. */
let quoted: u64 = 0;
/** 1 when the byte before may stand before an opening quote. */
let mayOpen: u64 = 1;
/** 1 when the byte before is a quote that closed. */
let closed: u64 = 0;
/** Where the present record starts, and the lines before it. */
let start: i64 = 0;
let startLines: u64 = 0;

export function rowCount(): u64 {
  return rows;
}

export function recordStart(): i64 {
  return start;
}

export function recordLines(): u64 {
  return startLines;
}

export function isQuoted(): bool {
  return quoted != 0;
}

/** Begins at a record's first byte, at offset `at` of the chunk, behind `lineCount` lines. */
export function begin(at: i64, lineCount: u64): void {
  start = at;
  lines = lineCount;
  startLines = lineCount;
  found = 0;
  quoted = 0;
  mayOpen = 1;
  closed = 0;
}

export function reset(): void {
  rows = 0;
  begin(0, 0);
}

/** The next chunk begins `length` bytes behind the last one. */
export function advance(length: i64): void {
  start -= length;
}

/**
 * Reads the bytes [from, to) at `base`, both multiples of 64; two more bytes behind them can be
 * read. Answers `to`, or the offset of a block in which some record has not `fields` fields or
 * has a quote out of place: `recordStart` is that record then.
 */
export function scan(
  base: usize,
  from: i32,
  to: i32,
  delimiter: u8,
  lineEnd: u8,
  quote: u8,
  hasQuote: bool,
  fields: u64,
): i32 {
  const delimiters = i8x16.splat(<i8>delimiter);
  const lineEnds = i8x16.splat(<i8>lineEnd);
  const quotes = i8x16.splat(<i8>quote);
  const returns = i8x16.splat(0x0d);
  const wanted = fields - 1;
  for (let at = from; at < to; at += 64) {
    const block = base + at;
    let d = equal(block, delimiters);
    let n = equal(block, lineEnds);
    const allLines = n;
    const q = hasQuote ? equal(block, quotes) : 0;
    let outside: u64 = ~0;
    let wrong: u64 = 0;
    if ((q | quoted) != 0) {
      const inside = prefixXor(q) ^ quoted;
      const opening = q & inside;
      const closing = q & ~inside;
      const before = ((d | n) << 1) | mayOpen;
      const beforeClosed = (closing << 1) | closed;
      wrong = opening & ~(before | beforeClosed);
      const next = load<u8>(block + 64);
      const nextEnds =
        next == delimiter || next == lineEnd || next == quote ||
        (next == 0x0d && load<u8>(block + 65) == lineEnd);
      const crlf = equal(block, returns) & ((n >> 1) | (u64(next == lineEnd) << 63));
      const after = ((d | n | q | crlf) >> 1) | (u64(nextEnds) << 63);
      wrong |= closing & ~after;
      quoted = u64(i64(inside) >> 63);
      closed = closing >> 63;
      outside = ~inside;
      d &= outside;
      n &= outside;
      mayOpen = (d | n) >> 63;
    } else {
      closed = 0;
      mayOpen = (d | n) >> 63;
    }
    const firstWrong: u64 = wrong == 0 ? 64 : ctz(wrong);
    while (n != 0) {
      const end = ctz(n);
      if (end > firstWrong) return at;
      const below = n ^ (n - 1);
      found += popcnt(d & below);
      if (found != wanted) return at;
      d &= ~below;
      n &= n - 1;
      rows += 1;
      found = 0;
      start = i64(at) + i64(end) + 1;
      startLines = lines + popcnt(allLines & below);
    }
    if (wrong >> 0 != 0 && firstWrong < 64) {
      // A wrong quote behind the last line end lies in the record that is still open.
      return at;
    }
    found += popcnt(d);
    lines += popcnt(allLines);
  }
  return to;
}
