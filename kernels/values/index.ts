// Looks in delimited text whose records are plain for values that a parser of numbers takes and
// that mean something else: 64 bytes at a time, and only what it finds is looked at one by one.

import { equal, maskOf, prefixXor } from '../masks/blocks';

// What is looked for in a column; bits. The table of columns and the one of findings have a byte
// for each column.
/** A number with a leading zero or a plus sign. */
const NUMBER: u32 = 1;
/** A number of 16 digits and more before its point, or with an exponent of 3 digits. */
const DOUBLE: u32 = 2;
/** 7 digits and more behind a point. */
const MICROS: u32 = 4;
/** Anything at all. */
const UNSEEN: u32 = 8;

const WATCHED: usize = 0x60000;
const FOUND: usize = 0x70000;

/** Fields before the present block, modulo the number of columns. */
let phase: u32 = 0;
/** All ones inside quotes. */
let quoted: u64 = 0;
/** What the block before hands on: its last bits, as the first ones of this. */
let starts: u64 = 1;
let opened: u64 = 0;
let minuses: u64 = 0;
let zeros: u64 = 0;
let firsts: u64 = 0;
let digits: u64 = 0;
let pairs: u64 = 0;
let fours: u64 = 0;
let eights: u64 = 0;
let exponents: u64 = 0;
let signed: u64 = 0;

export function watched(): usize {
  return WATCHED;
}

export function found(): usize {
  return FOUND;
}

/** Begins at a record's first byte. */
export function reset(): void {
  phase = 0;
  quoted = 0;
  starts = 1;
  opened = 0;
  minuses = 0;
  zeros = 0;
  firsts = 0;
  digits = 0;
  pairs = 0;
  fours = 0;
  eights = 0;
  exponents = 0;
  signed = 0;
}

// @ts-ignore: decorator
@inline
function digit(bytes: v128): v128 {
  return i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
}

// @ts-ignore: decorator
@inline
function letterE(bytes: v128): v128 {
  return i8x16.eq(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x65));
}

// @ts-ignore: decorator
@inline
function digitOrPoint(bytes: v128): v128 {
  return i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x2e)), i8x16.splat(12));
}

/** Notes what was found at the places `hits` in the columns that are watched for it. */
function note(hits: u64, ends: u64, fields: u32, kind: u32): void {
  while (hits != 0) {
    const below = (hits & (0 - hits)) - 1;
    let column: usize = <usize>(phase + <u32>popcnt(ends & below));
    if (column >= <usize>fields) column %= <usize>fields;
    const wish = <u32>load<u8>(WATCHED + column);
    if ((wish & kind) != 0) {
      // Once is enough.
      store<u8>(WATCHED + column, wish & ~kind);
      store<u8>(FOUND + column, <u32>load<u8>(FOUND + column) | kind);
    }
    hits &= hits - 1;
  }
}

// @ts-ignore: decorator
@inline
function either(bytes: v128, a: v128, b: v128): v128 {
  return v128.or(i8x16.eq(bytes, a), i8x16.eq(bytes, b));
}

/** What may stand where a number begins and is no digit from 1 to 9: 0, signs, blanks. */
// @ts-ignore: decorator
@inline
function special(bytes: v128): v128 {
  const sign = i8x16.eq(v128.or(bytes, i8x16.splat(0x06)), i8x16.splat(0x2f));
  return v128.or(
    v128.or(i8x16.eq(bytes, i8x16.splat(0x30)), sign),
    either(bytes, i8x16.splat(0x20), i8x16.splat(0x09)),
  );
}

// @ts-ignore: decorator
@inline
function digitsOf(at: usize): u64 {
  return maskOf(
    digit(v128.load(at)),
    digit(v128.load(at, 16)),
    digit(v128.load(at, 32)),
    digit(v128.load(at, 48)),
  );
}

/** Reads `length` bytes at `base`, a multiple of 64; `kinds`: everything looked for anywhere. */
export function scan(
  base: usize,
  length: u32,
  delimiter: u8,
  lineEnd: u8,
  quote: u8,
  hasQuote: bool,
  fields: u32,
  kinds: u32,
): void {
  const delimiters = i8x16.splat(<i8>delimiter);
  const lineEnds = i8x16.splat(<i8>lineEnd);
  const quotes = i8x16.splat(<i8>quote);
  for (let block = base, end = base + <usize>length; block < end; block += 64) {
    const a = v128.load(block);
    const b = v128.load(block, 16);
    const c = v128.load(block, 32);
    const e = v128.load(block, 48);
    let ends = maskOf(
      either(a, delimiters, lineEnds),
      either(b, delimiters, lineEnds),
      either(c, delimiters, lineEnds),
      either(e, delimiters, lineEnds),
    );
    let start = starts | opened;
    opened = 0;
    let q: u64 = 0;
    if (hasQuote) {
      const qa = i8x16.eq(a, quotes);
      const qb = i8x16.eq(b, quotes);
      const qc = i8x16.eq(c, quotes);
      const qe = i8x16.eq(e, quotes);
      if (v128.any_true(v128.or(v128.or(qa, qb), v128.or(qc, qe)))) q = maskOf(qa, qb, qc, qe);
    }
    if ((q | quoted) != 0) {
      const inside = prefixXor(q) ^ quoted;
      quoted = u64(i64(inside) >> 63);
      ends &= ~inside;
      start |= ends << 1;
      const open = start & q;
      start |= open << 1;
      opened = open >> 63;
    } else start |= ends << 1;
    starts = ends >> 63;
    if ((kinds & UNSEEN) != 0) {
      const something = start & ~(ends | equal(block, i8x16.splat(0x0d)));
      if (something != 0) note(something, ends, fields, UNSEEN);
    }
    let first = start | minuses;
    minuses = 0;
    const unusual = maskOf(special(a), special(b), special(c), special(e));
    if (zeros != 0 || (first & unusual) != 0) {
      first = numbersAt(block, first, ends, fields);
    }
    if ((kinds & (DOUBLE | MICROS)) != 0) {
      const d = digitsOf(block);
      const r2 = d & ((d << 1) | (digits >> 63));
      const r4 = r2 & ((r2 << 2) | (pairs >> 62));
      if ((kinds & MICROS) != 0) {
        const r7 = r4 & ((r4 << 3) | (fours >> 61));
        if (r7 != 0) {
          // The point lies 7 bytes before: at most the block before, which stays in memory.
          note(r7 & pointsBefore(block), ends, fields, MICROS);
        }
      }
      if ((kinds & DOUBLE) != 0) {
        const r8 = r4 & ((r4 << 4) | (fours >> 60));
        const r16 = r8 & ((r8 << 8) | (eights >> 56));
        eights = r8;
        const long = r16 & ((first << 15) | (firsts >> 49));
        if (long != 0) note(long, ends, fields, DOUBLE);
        // Letters behind a digit or a point only: text has so many.
        const xa = v128.and(letterE(a), digitOrPoint(v128.load(block - 1)));
        const xb = v128.and(letterE(b), digitOrPoint(v128.load(block + 15)));
        const xc = v128.and(letterE(c), digitOrPoint(v128.load(block + 31)));
        const xe = v128.and(letterE(e), digitOrPoint(v128.load(block + 47)));
        let power: u64 = 0;
        if (exponents != 0 || v128.any_true(v128.or(v128.or(xa, xb), v128.or(xc, xe)))) {
          const letters = maskOf(xa, xb, xc, xe);
          power = letters | (equal(block, i8x16.splat(0x2b)) & ((letters << 1) | (exponents >> 63)));
          exponents = letters;
        }
        if ((power | signed) != 0) {
          const r3 = r2 & ((d << 2) | (digits >> 62));
          const large = r3 & ((power << 3) | (signed >> 61));
          if (large != 0) note(large, ends, fields, DOUBLE);
        }
        signed = power;
      }
      digits = d;
      pairs = r2;
      fours = r4;
    }
    firsts = first;
    phase += <u32>popcnt(ends);
    if (phase >= fields) phase %= fields;
  }
}

/** Points 7 bytes before each byte of the block. */
// @ts-ignore: decorator
@inline
function pointsBefore(block: usize): u64 {
  return equal(block - 7, i8x16.splat(0x2e));
}

/** Leading zeros and plus signs; answers where numbers begin, signs and blanks passed over. */
function numbersAt(block: usize, begins: u64, ends: u64, fields: u32): u64 {
  let first = begins;
  // A tab that is a delimiter is a blank inside quotes.
  const blanks = (equal(block, i8x16.splat(0x20)) | equal(block, i8x16.splat(0x09))) & ~ends;
  const led = first & blanks;
  if (led != 0) {
    // Behind the blanks in front: adding carries through a run of them.
    const behind = led + blanks;
    if (behind < blanks) starts = 1;
    first |= behind & ~blanks;
  }
  const minus = first & equal(block, i8x16.splat(0x2d));
  const plus = first & equal(block, i8x16.splat(0x2b));
  first |= minus << 1;
  minuses = minus >> 63;
  const zero = first & equal(block, i8x16.splat(0x30));
  let odd = plus;
  if ((zero | zeros) != 0) odd |= ((zero << 1) | zeros) & digitsOf(block);
  zeros = zero >> 63;
  if (odd != 0) note(odd, ends, fields, NUMBER);
  return first;
}
