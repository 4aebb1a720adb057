// Snappy's raw format: https://github.com/google/snappy/blob/main/format_description.txt

/** Copies within what was written already; what overlaps repeats. */
@inline
export function repeat(to: usize, offset: usize, length: usize): void {
  if (offset >= length) {
    memory.copy(to, to - offset, length);
    return;
  }
  for (let i: usize = 0; i < length; i++) store<u8>(to + i, load<u8>(to + i - offset));
}

/** Exactly from `to` to `limit`; false when the bytes are not of this format. */
export function inflateSnappy(from: usize, end: usize, to: usize, limit: usize): bool {
  const start = to;
  let size: u64 = 0;
  for (let shift: u64 = 0; ; shift += 7) {
    if (from >= end || shift > 28) return false;
    const byte = <u64>load<u8>(from++);
    size |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (size != <u64>(limit - to)) return false;
  while (from < end) {
    const tag = <usize>load<u8>(from++);
    const kind = tag & 3;
    let length = (tag >>> 2) + 1;
    if (kind == 0) {
      if (length > 60) {
        const bytes = length - 60;
        if (bytes > end - from) return false;
        const mask = bytes == 4 ? <u32>0xffffffff : (<u32>1 << (<u32>bytes << 3)) - 1;
        length = <usize>(load<u32>(from) & mask) + 1;
        from += bytes;
      }
      if (length == 0 || length > end - from || length > limit - to) return false;
      memory.copy(to, from, length);
      from += length;
      to += length;
      continue;
    }
    let offset: usize;
    if (kind == 1) {
      if (from >= end) return false;
      length = ((tag >>> 2) & 7) + 4;
      offset = ((tag >>> 5) << 8) | <usize>load<u8>(from++);
    } else {
      const bytes: usize = kind == 2 ? 2 : 4;
      if (bytes > end - from) return false;
      offset = kind == 2 ? <usize>load<u16>(from) : <usize>load<u32>(from);
      from += bytes;
    }
    if (offset == 0 || offset > to - start || length > limit - to) return false;
    repeat(to, offset, length);
    to += length;
  }
  return to == limit;
}
