// Memory of one kernel instance: everything below `base` is input that the host writes, everything
// above is state that only grows. Nothing is freed; tables that double leave at most their own
// size behind.

let next: usize = 0;

/** Where state may begin: the host keeps [0, base) for its input. */
export function start(base: usize): void {
  next = (base + 63) & ~63;
}

/** Zeroed bytes, aligned to a cache line. */
export function take(size: usize): usize {
  const at = next;
  next = (at + size + 63) & ~63;
  const have = memory.size();
  const need = <i32>((next + 0xffff) >>> 16);
  if (need > have) {
    if (memory.grow(need - have) < 0) unreachable();
  }
  // Fresh pages of a WebAssembly memory are zero, and nothing is handed out twice.
  return at;
}

export function taken(): usize {
  return next;
}
