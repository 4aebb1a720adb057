// Where the fields of delimited text end: 64 bytes at a time, as a mask of 64 bits.

import { equal, maskOf, prefixXor } from '../masks/blocks';

const LF: i8 = 0x0a;
const CR: i8 = 0x0d;

// Out, of the text that endsOf saw last: its quotes, its carriage returns, its line ends outside
// quotes, and whether it has a byte above 127.
export let quotes: u64 = 0;
export let returns: u64 = 0;
export let lines: u64 = 0;
export let wide: bool = false;

@inline
function put(to: usize, place: u32, mask: u64): u64 {
  store<u32>(to, place + <u32>ctz(mask));
  return mask & (mask - 1);
}

/**
 * Writes the offset (4 bytes each) of every delimiter and line end outside quotes to `ends`, which
 * has room for `room`; gives their number, or -1 where they are too many or a quote stays open. A
 * quote of 0: quotes mean nothing. The 64 bytes behind the text are overwritten.
 */
export function endsOf(
  at: usize, size: u32, delimiter: u32, quote: u32, ends: usize, room: u32,
): i32 {
  const all = wholeEndsOf(at, size, delimiter, quote, ends, room);
  return isOpen ? -1 : all;
}

/** Whether the text ended within quotes. */
export let isOpen: bool = false;

/** The same where a text may be cut off anywhere: see isOpen. */
export function wholeEndsOf(
  at: usize, size: u32, delimiter: u32, quote: u32, ends: usize, room: u32,
): i32 {
  const delimiters = i8x16.splat(<i8>delimiter);
  const quoteOrReturn = i8x16.splat(quote != 0 ? <i8>quote : CR);
  const newlines = i8x16.splat(LF);
  const carriages = i8x16.splat(CR);
  let above = i8x16.splat(0);
  let open: u64 = 0;
  let found: u32 = 0;
  quotes = 0;
  returns = 0;
  lines = 0;
  isOpen = false;
  // Bytes behind the text must not look like ends.
  memory.fill(at + size, 0, 64);
  for (let i: u32 = 0; i < size; i += 64) {
    const p = at + i;
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    above = v128.or(above, v128.or(v128.or(a, b), v128.or(c, d)));
    let newline = maskOf(
      i8x16.eq(a, newlines), i8x16.eq(b, newlines), i8x16.eq(c, newlines), i8x16.eq(d, newlines),
    );
    let mask = maskOf(
      i8x16.eq(a, delimiters), i8x16.eq(b, delimiters), i8x16.eq(c, delimiters), i8x16.eq(d, delimiters),
    );
    const rare = v128.or(
      v128.or(
        v128.or(i8x16.eq(a, quoteOrReturn), i8x16.eq(b, quoteOrReturn)),
        v128.or(i8x16.eq(c, quoteOrReturn), i8x16.eq(d, quoteOrReturn)),
      ),
      v128.or(
        v128.or(i8x16.eq(a, carriages), i8x16.eq(b, carriages)),
        v128.or(i8x16.eq(c, carriages), i8x16.eq(d, carriages)),
      ),
    );
    if (v128.any_true(rare) || open != 0) {
      returns += popcnt<u64>(equal(p, carriages));
      if (quote != 0) {
        const marks = equal(p, quoteOrReturn);
        quotes += popcnt<u64>(marks);
        const inside = prefixXor(marks) ^ open;
        mask &= ~inside;
        newline &= ~inside;
        open = <u64>(<i64>inside >> 63);
      }
    }
    lines += popcnt<u64>(newline);
    mask |= newline;
    const count = <u32>popcnt<u64>(mask);
    if (found + 64 > room) return -1;
    let to = ends + (<usize>found << 2);
    found += count;
    // Eight at once, needed or not: that is quicker than to ask after each.
    for (let left = <i32>count; left > 0; left -= 8, to += 32) {
      mask = put(to, i, mask);
      mask = put(to + 4, i, mask);
      mask = put(to + 8, i, mask);
      mask = put(to + 12, i, mask);
      mask = put(to + 16, i, mask);
      mask = put(to + 20, i, mask);
      mask = put(to + 24, i, mask);
      mask = put(to + 28, i, mask);
    }
  }
  wide = i8x16.bitmask(above) != 0;
  isOpen = open != 0;
  return <i32>found;
}
