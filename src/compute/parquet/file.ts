/** Reading of files that are open. */
import { readSync } from 'node:fs';
import { Unreadable } from '../groups/refusal.ts';

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
  for (let got = 0; got < size; ) {
    const more = readSync(fd, bytes, got, size - got, at + got);
    if (more === 0) throw new Unreadable('it is cut off');
    got += more;
  }
  return bytes;
}
