// 64-bit hashes. `mix` is the finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection, so
// equal hashes of two numbers mean equal numbers.

@inline
export function mix(key: u64): u64 {
  let h = key + 0x9e3779b97f4a7c15;
  h = (h ^ (h >>> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >>> 27)) * 0x94d049bb133111eb;
  return h ^ (h >>> 31);
}

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;

@inline
function round(h: u64, word: u64): u64 {
  return rotl<u64>(h ^ (word * PRIME2), 29) * PRIME1;
}

/** A string of at most 12 bytes from the two words of its view (length, bytes, zeros). */
@inline
export function hashShort(word0: u64, word1: u64): u64 {
  return mix(round(round(PRIME2, word0), word1));
}

/** A string of more than 12 bytes at `at`; the last word overlaps the one before. */
@inline
export function hashLong(at: usize, length: u32): u64 {
  let h: u64 = PRIME2 ^ <u64>length;
  const last = at + length - 8;
  for (let p = at; p < last; p += 8) h = round(h, load<u64>(p));
  return mix(round(h, load<u64>(last)));
}
