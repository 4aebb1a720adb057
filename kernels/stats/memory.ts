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
