/**
 * Files in memory that nobody can change any more: what a peer maps of one stays as it is, and
 * cannot be cut short under it (which would be SIGBUS). See memfd_create(2), fcntl(2) F_ADD_SEALS.
 */
import { fstatSync, writeSync } from 'node:fs';
import { close, fcntl, memfdCreate } from '../kernel/calls.ts';
import { FCNTL, MEMFD } from '../kernel/constants.ts';
import { checked } from '../kernel/errno.ts';
import type { Fd } from '../kernel/syscall.ts';

const ALL_SEALS = FCNTL.F_SEAL_SEAL | FCNTL.F_SEAL_SHRINK | FCNTL.F_SEAL_GROW | FCNTL.F_SEAL_WRITE;

export interface Sealed {
  readonly fd: Fd;
  readonly byteLength: number;
}

/**
 * Lets `write` fill a new memfd, by its path below /proc/self/fd, and seals it. `move` may put the
 * bytes into another one, which is then sealed instead; it closes the one it was given.
 */
export function sealedFile(
  name: string,
  write: (path: string, fd: Fd) => void,
  move: (fd: Fd, byteLength: number) => Fd = (fd) => fd,
): Sealed {
  const flags = MEMFD.MFD_CLOEXEC | MEMFD.MFD_ALLOW_SEALING;
  let fd = checked(memfdCreate(name, flags), 'make a file in memory') as Fd;
  try {
    write(`/proc/self/fd/${fd}`, fd);
    fd = move(fd, fstatSync(fd).size);
    checked(fcntl(fd, FCNTL.F_ADD_SEALS, ALL_SEALS), 'seal a file in memory');
    return { fd, byteLength: fstatSync(fd).size };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** `bytes` in a sealed memfd. */
export function sealedBytes(name: string, bytes: Uint8Array): Sealed {
  return sealedFile(name, (_path, fd) => {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  });
}

export const isSealed = (fd: Fd): boolean =>
  (fcntl(fd, FCNTL.F_GET_SEALS) & ALL_SEALS) === ALL_SEALS;
