/**
 * The system calls we use, each with its types. They answer as the kernel does, a value >= 0 or
 * -errno; `checked` of errno.ts turns the latter into an error where the caller wants one.
 */

import {
  FCNTL,
  OPEN,
  OPEN_ARCH,
  POLL,
  RENAME_EXCHANGE,
  SYS,
  UNBLOCKED_SIGNALS,
} from './constants.ts';
import { CACHESTAT, CACHESTAT_RANGE, IOVEC, RLIMIT64, STATFS } from './layout.ts';
import { type Address, type Fd, lend, syscall } from './syscall.ts';

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);

let waits = true;

/**
 * From now on this thread does not wait for the writer of a FIFO: what was a regular file when it
 * was looked at may be one by the time it is opened.
 */
export function openWithoutWaiting(): void {
  waits = false;
}

/** Whether what is opened may be waited for. */
export const mayWait = (): boolean => waits;

/** Opens for reading. With `direct`, reads bypass the page cache and must be aligned. */
export function open(path: string, options: { direct?: boolean; nonblock?: boolean } = {}): number {
  const flags =
    OPEN.O_RDONLY |
    OPEN.O_CLOEXEC |
    OPEN_ARCH.O_LARGEFILE |
    (options.direct === true ? OPEN_ARCH.O_DIRECT : 0) |
    (options.nonblock === true || !waits ? OPEN.O_NONBLOCK : 0);
  return lend(cString(path), (name) => syscall(SYS.openat, OPEN.AT_FDCWD, name, flags, 0));
}

/** openat2(2): opens `path` below `directory` for reading, with RESOLVE_* flags. */
export function openBelow(directory: Fd, path: string, resolve: number, flags = 0): number {
  const how = BigUint64Array.of(
    BigInt(OPEN.O_RDONLY | OPEN.O_CLOEXEC | flags),
    0n,
    BigInt(resolve),
  );
  return lend(cString(path), (name) =>
    lend(how, (at) => syscall(SYS.openat2, directory, name, at, how.byteLength)),
  );
}

/** A directory to start from; nothing can be read of it but what lies below. */
export const openDirectory = (path: string): number =>
  lend(cString(path), (name) =>
    syscall(SYS.openat, OPEN.AT_FDCWD, name, OPEN.O_PATH | OPEN.O_CLOEXEC | OPEN_ARCH.O_DIRECTORY),
  );

export const close = (fd: Fd): number => syscall(SYS.close, fd);

export interface MapOptions {
  readonly protection: number;
  readonly flags: number;
  readonly fd?: Fd;
  readonly offset?: number;
}

/** mmap(2): the address as a number, or -errno. User space ends below 2^53, so it is exact. */
export function mmap(byteLength: number, options: MapOptions): number {
  const { protection, flags, fd = -1, offset = 0 } = options;
  return syscall(SYS.mmap, 0, byteLength, protection, flags, fd, offset);
}

export const munmap = (address: Address, byteLength: number): number =>
  syscall(SYS.munmap, address, byteLength);

export const mprotect = (address: Address, byteLength: number, protection: number): number =>
  syscall(SYS.mprotect, address, byteLength, protection);

/** Nothing can unmap or replace the mapping any more, until the process ends (6.10). */
export const mseal = (address: Address, byteLength: number): number =>
  syscall(SYS.mseal, address, byteLength, 0);

export const madvise = (address: Address, byteLength: number, advice: number): number =>
  syscall(SYS.madvise, address, byteLength, advice);

/** One byte per page into `residency`: bit 0 says the page is in memory. */
export const mincore = (address: Address, byteLength: number, residency: Uint8Array): number =>
  lend(residency, (out) => syscall(SYS.mincore, address, byteLength, out));

export const memfdCreate = (name: string, flags: number): number =>
  lend(cString(name), (text) => syscall(SYS.memfd_create, text, flags));

/** Swaps what two names lead to, in one step that every reader sees as one. */
export const exchange = (a: string, b: string): number =>
  lend(cString(a), (one) =>
    lend(cString(b), (other) =>
      syscall(SYS.renameat2, OPEN.AT_FDCWD, one, OPEN.AT_FDCWD, other, RENAME_EXCHANGE),
    ),
  );

export const ftruncate = (fd: Fd, byteLength: number): number =>
  syscall(SYS.ftruncate, fd, byteLength);

export const fallocate = (fd: Fd, mode: number, offset: number, byteLength: number): number =>
  syscall(SYS.fallocate, fd, mode, offset, byteLength);

export const fcntl = (fd: Fd, command: number, argument = 0): number =>
  syscall(SYS.fcntl, fd, command, argument);

/** A second descriptor of the same open file, closed on exec. */
export const duplicate = (fd: Fd): number => fcntl(fd, FCNTL.F_DUPFD_CLOEXEC);

export const fadvise = (fd: Fd, offset: number, byteLength: number, advice: number): number =>
  syscall(SYS.fadvise64, fd, offset, byteLength, advice);

export const eventfd = (flags: number): number => syscall(SYS.eventfd2, 0, flags);

/** read(2) into memory at an address. */
export const read = (fd: Fd, address: Address, byteLength: number): number =>
  syscall(SYS.read, fd, address, byteLength);

/** pread64(2) into memory at an address. */
export const pread = (fd: Fd, address: Address, byteLength: number, offset: number): number =>
  syscall(SYS.pread64, fd, address, byteLength, offset);

/** preadv2(2) of one piece, with RWF_* flags. The kernel takes the offset as two words. */
export function preadv2(
  fd: Fd,
  address: Address,
  byteLength: number,
  offset: number,
  flags: number,
): number {
  const iovec = new BigUint64Array(IOVEC.size / 8);
  iovec[0] = address;
  iovec[1] = BigInt(byteLength);
  return lend(iovec, (vector) => syscall(SYS.preadv2, fd, vector, 1, offset, 0, flags));
}

/** How many pages of the file are in the page cache (kernel 6.5 and later). */
export function cachestat(fd: Fd): number {
  const range = new BigUint64Array(CACHESTAT_RANGE.size / 8);
  const counts = new BigUint64Array(CACHESTAT.size / 8);
  const result = lend(range, (where) =>
    lend(counts, (out) => syscall(SYS.cachestat, fd, where, out, 0)),
  );
  return result < 0 ? result : Number(counts[0]);
}

/** The f_type of the file system the descriptor is on, or -errno. */
export function fileSystemType(fd: Fd): number {
  const statfs = new BigUint64Array(STATFS.size / 8);
  const result = lend(statfs, (out) => syscall(SYS.fstatfs, fd, out));
  return result < 0 ? result : Number(statfs[0]);
}

/** The soft limit; Infinity when there is none; -errno when refused. */
export function getRlimit(resource: number): number {
  const limit = new BigUint64Array(RLIMIT64.size / 8);
  const result = lend(limit, (out) => syscall(SYS.prlimit64, 0, resource, 0, out));
  if (result < 0) return result;
  const soft = limit[0] ?? 0n;
  return soft === 0xffff_ffff_ffff_ffffn ? Number.POSITIVE_INFINITY : Number(soft);
}

/** An ioctl that writes one 64-bit number, such as BLKGETSIZE64. */
export function ioctlU64(fd: Fd, request: number): number {
  const out = new BigUint64Array(1);
  const result = lend(out, (address) => syscall(SYS.ioctl, fd, request, address));
  return result < 0 ? result : Number(out[0]);
}

/**
 * Waits until the descriptor is readable or at its end, at most `timeoutMs`: 1; 0 when the time
 * passed; -EINTR after one of STOP_SIGNALS, which a blocking read(2) would sit through (libuv
 * installs its handlers with SA_RESTART).
 */
export function waitReadable(fd: Fd, timeoutMs?: number): number {
  const pollfd = Int32Array.of(fd, POLL.POLLIN);
  const wait = (time: Address): number =>
    lend(pollfd, (one) =>
      lend(WAITING_MASK, (mask) => syscall(SYS.ppoll, one, 1, time, mask, SIGSET_BYTES)),
    );
  return timeoutMs === undefined ? wait(0n) : lend(timespec(timeoutMs), wait);
}

/** Runs `work`, which waits in a call that takes no mask itself, with these signals blocked. */
export function withWaitingMask<T>(work: () => T): T {
  const SIG_SETMASK = 2;
  const before = new BigUint64Array(1);
  lend(WAITING_MASK, (mask) =>
    lend(before, (old) => syscall(SYS.rt_sigprocmask, SIG_SETMASK, mask, old, SIGSET_BYTES)),
  );
  try {
    return work();
  } finally {
    lend(before, (mask) => syscall(SYS.rt_sigprocmask, SIG_SETMASK, mask, 0, SIGSET_BYTES));
  }
}

/** __kernel_timespec. */
export function timespec(milliseconds: number): BigUint64Array {
  const whole = Math.floor(milliseconds / 1000);
  return BigUint64Array.of(BigInt(whole), BigInt(Math.trunc((milliseconds - whole * 1000) * 1e6)));
}

export const SIGSET_BYTES = 8;

/**
 * The signals blocked while a thread waits: all but those that ask the program to stop, suspend it
 * or report its own faults. Else the window that is resized would end a wait.
 */
export const WAITING_MASK = BigUint64Array.of(
  UNBLOCKED_SIGNALS.reduce((mask, signal) => mask & ~(1n << BigInt(signal - 1)), 2n ** 64n - 1n),
);

/** Waits until `fd` or `other` is readable: true when it is `fd`, false for `other`, or -errno. */
export function waitEither(fd: Fd, other: Fd): boolean | number {
  // struct pollfd: int fd; short events; short revents
  const pollfds = Int32Array.of(fd, POLL.POLLIN, other, POLL.POLLIN);
  const result = lend(pollfds, (both) => syscall(SYS.ppoll, both, 2, 0, 0, 0));
  if (result < 0) return result;
  return (pollfds[3] ?? 0) >>> 16 === 0;
}

export const ioUringSetup = (entries: number, params: Uint8Array): number =>
  lend(params, (address) => syscall(SYS.io_uring_setup, entries, address));

export const ioUringEnter = (
  fd: Fd,
  toSubmit: number,
  minComplete: number,
  flags: number,
  argument: Address = 0n,
  argumentSize = 0,
): number => syscall(SYS.io_uring_enter, fd, toSubmit, minComplete, flags, argument, argumentSize);

export const ioUringRegister = (fd: Fd, opcode: number, argument: Address, count: number): number =>
  syscall(SYS.io_uring_register, fd, opcode, argument, count);

/** sched_setaffinity(2) of one thread (0 is the caller); `mask` has bit N for CPU N. */
export const schedSetaffinity = (tid: number, mask: Uint8Array): number =>
  lend(mask, (address) => syscall(SYS.sched_setaffinity, tid, mask.byteLength, address));

/** The bytes of the mask the kernel filled in, or -errno. */
export const schedGetaffinity = (tid: number, mask: Uint8Array): number =>
  lend(mask, (address) => syscall(SYS.sched_getaffinity, tid, mask.byteLength, address));

/** Ends every thread of the process at once; nothing of ours runs afterwards. */
export const exitGroup = (status: number): number => syscall(SYS.exit_group, status);
