// One batch at a time lies in memory; what the next one needs begins where this one did.

let top: usize = 0;

/** Room for `size` bytes with whatever was there, aligned to a cache line. */
export function take(size: usize): usize {
  if (top == 0) top = (__heap_base + 63) & ~63;
  const at = top;
  top = (at + size + 63) & ~63;
  const need = <i32>((top + 0xffff) >>> 16) - memory.size();
  if (need > 0 && memory.grow(need) < 0) unreachable();
  return at;
}

export function mark(): usize {
  return top;
}

/** What was taken since `mark` answered `to` is free again. */
export function release(to: usize): void {
  top = to;
}
