// Memory, shared by every thread's instance: everything below `base` is input that the host writes,
// everything above is state that only grows. Nothing is freed; tables that double leave at most
// their own size behind.

/** Where the address of the next free byte is kept: the end of the module's own first page. */
const NEXT: usize = 65536 - 64;

/** Where state may begin: the host keeps [65536, base) for its input. Once, by one instance. */
export function start(base: usize): void {
  atomic.store<u32>(NEXT, (<u32>base + 63) & ~63);
}

/** Zeroed bytes, aligned to a cache line. */
export function take(size: usize): usize {
  const room = (<u32>size + 63) & ~63;
  const at = atomic.add<u32>(NEXT, room);
  const need = <i32>((<u64>at + room + 0xffff) >>> 16);
  for (let have = memory.size(); need > have; have = memory.size()) {
    if (memory.grow(need - have) < 0) unreachable();
  }
  // Fresh pages of a WebAssembly memory are zero, and nothing is handed out twice.
  return at;
}

/** The address after everything handed out so far. */
export function top(): usize {
  return atomic.load<u32>(NEXT);
}

// Room for work within one call, one for each instance and so for each thread.
let spareAt: usize = 0;
let spareSize: usize = 0;

/** At least `size` bytes of anything; the next call of this function may give the same. */
export function spare(size: usize): usize {
  if (spareSize < size) {
    spareSize = size;
    spareAt = take(size);
  }
  return spareAt;
}
