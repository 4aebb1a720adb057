/** Parts of files and of what is in memory, into the memory of a kernel. */
import { Unreadable } from './groups/refusal.ts';

/** Read beyond the end of a stretch for its last record; longer ones are left to Polars. */
export const SEEK_BYTES = 64 * 1024;

/** Copies what begins at `from` to the beginning of `into`; gives how many bytes, 0 at the end. */
export type Read = (into: Uint8Array, from: number) => number;

export const readerOf =
  (bytes: Uint8Array): Read =>
  (into, from) => {
    const part = bytes.subarray(from, from + into.length);
    into.set(part);
    return part.length;
  };

/** Fills `into`, unless there is no more; gives how many bytes. */
export function fill(read: Read, into: Uint8Array, from: number): number {
  let got = 0;
  while (got < into.length) {
    const more = read(into.subarray(got), from + got);
    if (more === 0) break;
    got += more;
  }
  return got;
}

/** Fills `into`; throws Unreadable where there is less by now. */
export function readAll(read: Read, into: Uint8Array, from: number): void {
  if (fill(read, into, from) < into.length) throw new Unreadable('it is cut off');
}
