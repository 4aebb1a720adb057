// 64-bit hashes of keys.

import { mix } from '../stats/hash';

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;

export { mix };

/** Of a text; up to 8 bytes behind it are read. */
export function hashText(at: usize, size: u32): u64 {
  let h: u64 = PRIME2 ^ <u64>size;
  let left = size;
  for (; left >= 8; left -= 8, at += 8) h = rotl<u64>(h ^ (load<u64>(at) * PRIME2), 29) * PRIME1;
  if (left > 0) {
    const word = load<u64>(at) & ((<u64>1 << (<u64>left << 3)) - 1);
    h = rotl<u64>(h ^ (word * PRIME2), 29) * PRIME1;
  }
  return mix(h);
}
