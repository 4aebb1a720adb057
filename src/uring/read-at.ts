/** A look at some bytes of a file, by pread(2). */
import { readSync } from 'node:fs';
import { ERRNO, KernelError } from '../kernel/errno.ts';

/**
 * Fills `into` from byte `at` on; how many bytes there were. Throws KernelError with the name of the
 * file and the byte.
 */
export function readAt(fd: number, into: Uint8Array, at: number, path: string): number {
  for (;;) {
    try {
      return readSync(fd, into, 0, into.length, at);
    } catch (cause) {
      const errno = Math.abs((cause as NodeJS.ErrnoException).errno ?? 0);
      if (errno === ERRNO.EINTR) continue;
      throw new KernelError(errno, `read ${path} at byte ${at}`, { file: path, byte: at });
    }
  }
}
