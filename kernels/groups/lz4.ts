// LZ4's block format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md

import { repeat } from './snappy';

let at: usize = 0;

/** What follows a nibble of 15; `at` is beyond the end when the bytes do not suffice. */
function more(end: usize, length: usize): usize {
  if (length != 15) return length;
  for (;;) {
    if (at >= end) {
      at = end + 1;
      return 0;
    }
    const byte = <usize>load<u8>(at++);
    length += byte;
    if (byte != 255) return length;
  }
  return 0;
}

/** Exactly from `to` to `limit`; false when the bytes are not of this format. */
export function inflateLz4(from: usize, end: usize, to: usize, limit: usize): bool {
  const start = to;
  at = from;
  while (at < end) {
    const token = <usize>load<u8>(at++);
    const literals = more(end, token >>> 4);
    if (at > end || literals > end - at || literals > limit - to) return false;
    memory.copy(to, at, literals);
    at += literals;
    to += literals;
    if (at == end) break;
    if (end - at < 2) return false;
    const offset = <usize>load<u16>(at);
    at += 2;
    const length = more(end, token & 15) + 4;
    if (at > end || offset == 0 || offset > to - start || length > limit - to) return false;
    repeat(to, offset, length);
    to += length;
  }
  return to == limit;
}
