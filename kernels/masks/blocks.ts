// Blocks of 64 bytes as masks of 64 bits: bit i is about byte i.

// @ts-ignore: decorator
@inline
export function maskOf(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    (<u64>(<u32>i8x16.bitmask(a) | (<u32>i8x16.bitmask(b) << 16))) |
    ((<u64>(<u32>i8x16.bitmask(c) | (<u32>i8x16.bitmask(d) << 16))) << 32)
  );
}

/** Which bytes of the block at `at` are `byte`. */
// @ts-ignore: decorator
@inline
export function equal(at: usize, byte: v128): u64 {
  return maskOf(
    i8x16.eq(v128.load(at), byte),
    i8x16.eq(v128.load(at, 16), byte),
    i8x16.eq(v128.load(at, 32), byte),
    i8x16.eq(v128.load(at, 48), byte),
  );
}

/** Bit i is the parity of bits 0..i: the spans between quotes. */
// @ts-ignore: decorator
@inline
export function prefixXor(bits: u64): u64 {
  let mask = bits;
  mask ^= mask << 1;
  mask ^= mask << 2;
  mask ^= mask << 4;
  mask ^= mask << 8;
  mask ^= mask << 16;
  mask ^= mask << 32;
  return mask;
}
