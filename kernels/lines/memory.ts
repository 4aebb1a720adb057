// One batch at a time lies in memory: the names of the columns, the input, what it becomes.

let top: usize = 0;

/** Room for `size` bytes with whatever was there, aligned to a cache line. */
export function take(size: usize): usize {
  if (top == 0) top = (__heap_base + 63) & ~63;
  const at = top;
  reach(at + size);
  top = (at + size + 63) & ~63;
  return at;
}

/** Makes sure that there is memory up to `end`, with some room behind. */
export function reach(end: usize): void {
  const need = <i32>((end + 0x1ffff) >>> 16) - memory.size();
  if (need > 0 && memory.grow(max<i32>(need, memory.size() / 4)) < 0) unreachable();
}

export function mark(): usize {
  return top;
}

/** What was taken since `mark` answered `to` is free again. */
export function release(to: usize): void {
  top = to;
}
