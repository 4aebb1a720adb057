/** Reading of files that are open. */
import { readSync } from 'node:fs';
import { Unreadable } from '../groups/refusal.ts';
import { readAll } from '../reading.ts';

export interface OpenFile {
  /** Open as long as it is read. */
  readonly fd: number;
  readonly size: number;
}

/** The `size` bytes from `at` on; throws Unreadable where there are none. */
export function readAt(
  { fd, size: end }: OpenFile,
  at: number,
  size: number,
  into?: Buffer,
): Buffer {
  if (at < 0 || size < 0 || at + size > end) throw new Unreadable('it is cut off');
  const bytes = into?.subarray(0, size) ?? Buffer.allocUnsafe(size);
  readAll((part, from) => readSync(fd, part, 0, part.length, from), bytes, at);
  return bytes;
}
