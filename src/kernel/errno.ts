/** The errno table: number, name, what it means in a sentence, and what to do about it. */
import { type ErrorCode, NairobiError, type Where } from '../errors.ts';

interface Errno {
  readonly number: number;
  readonly name: string;
  /** Finishes "Cannot read FILE: …". */
  readonly sentence: string;
  readonly hint?: string;
  readonly code?: ErrorCode;
}

const TABLE = [
  {
    number: 1,
    name: 'EPERM',
    sentence: 'the operation is not permitted',
    hint: 'run "nairobi doctor"; for io_uring look at sysctl kernel.io_uring_disabled and at the seccomp profile of the container',
    code: 'NOT_READABLE',
  },
  {
    number: 2,
    name: 'ENOENT',
    sentence: 'there is no such file or directory',
    hint: 'check the spelling of the path',
    code: 'NOT_FOUND',
  },
  { number: 3, name: 'ESRCH', sentence: 'there is no such process or thread' },
  { number: 4, name: 'EINTR', sentence: 'a signal interrupted the call' },
  {
    number: 5,
    name: 'EIO',
    sentence: 'the device reported an input/output error',
    hint: 'look at "dmesg" and the health of the disk (smartctl); copy what is readable elsewhere first',
  },
  {
    number: 6,
    name: 'ENXIO',
    sentence: 'there is no such device or address',
    code: 'NOT_READABLE',
  },
  { number: 9, name: 'EBADF', sentence: 'the file descriptor is closed or not open for this' },
  { number: 11, name: 'EAGAIN', sentence: 'the resource is busy for the moment' },
  {
    number: 12,
    name: 'ENOMEM',
    sentence: 'there is not enough memory, or RLIMIT_MEMLOCK is too small for it',
    hint: 'lower --memory-limit, or raise the lock limit ("ulimit -l", LimitMEMLOCK= in systemd, --ulimit memlock=-1 in docker)',
    code: 'HOST',
  },
  {
    number: 13,
    name: 'EACCES',
    sentence: 'permission was denied',
    hint: 'check the permissions of the file and of the directories above it',
    code: 'NOT_READABLE',
  },
  { number: 14, name: 'EFAULT', sentence: 'the kernel cannot use that memory address' },
  { number: 16, name: 'EBUSY', sentence: 'it is in use' },
  { number: 17, name: 'EEXIST', sentence: 'it exists already' },
  { number: 19, name: 'ENODEV', sentence: 'there is no such device', code: 'NOT_READABLE' },
  { number: 18, name: 'EXDEV', sentence: 'the other place is on another file system' },
  {
    number: 20,
    name: 'ENOTDIR',
    sentence: 'a part of the path is no directory',
    code: 'NOT_FOUND',
  },
  {
    number: 21,
    name: 'EISDIR',
    sentence: 'it is a directory',
    hint: 'name a file, or a glob such as DIR/*.csv',
    code: 'NOT_READABLE',
  },
  { number: 22, name: 'EINVAL', sentence: 'the kernel does not accept these arguments' },
  { number: 23, name: 'ENFILE', sentence: 'the host has too many open files', code: 'HOST' },
  {
    number: 24,
    name: 'EMFILE',
    sentence: 'this process has too many open files',
    hint: 'raise "ulimit -n"',
    code: 'HOST',
  },
  { number: 27, name: 'EFBIG', sentence: 'the file is too large' },
  {
    number: 28,
    name: 'ENOSPC',
    sentence: 'no space is left on the device',
    hint: 'free some space, or write elsewhere',
  },
  { number: 29, name: 'ESPIPE', sentence: 'a pipe cannot be read at an offset' },
  { number: 30, name: 'EROFS', sentence: 'the file system is read-only' },
  { number: 32, name: 'EPIPE', sentence: 'nobody reads the other end of the pipe' },
  { number: 36, name: 'ENAMETOOLONG', sentence: 'the path is too long', code: 'NOT_FOUND' },
  {
    number: 38,
    name: 'ENOSYS',
    sentence: 'this kernel, or the seccomp profile of the container, lacks the system call',
    hint: 'run "nairobi doctor" to see what this host offers',
    code: 'HOST',
  },
  { number: 40, name: 'ELOOP', sentence: 'symbolic links go round in a circle', code: 'NOT_FOUND' },
  { number: 62, name: 'ETIME', sentence: 'the time for the call passed' },
  { number: 75, name: 'EOVERFLOW', sentence: 'a value is too large for its type' },
  { number: 95, name: 'EOPNOTSUPP', sentence: 'the file system does not support it' },
  { number: 104, name: 'ECONNRESET', sentence: 'the other side hung up' },
  { number: 110, name: 'ETIMEDOUT', sentence: 'the connection timed out' },
  { number: 111, name: 'ECONNREFUSED', sentence: 'nobody listens there', code: 'HOST' },
  { number: 116, name: 'ESTALE', sentence: 'the network file system lost the file' },
  { number: 125, name: 'ECANCELED', sentence: 'the request was cancelled' },
  { number: 133, name: 'EHWPOISON', sentence: 'the memory page has a hardware error' },
] as const satisfies readonly Errno[];

export type ErrnoName = (typeof TABLE)[number]['name'];

/** ERRNO.EINTR === 4. The same on x86-64 and arm64. */
export const ERRNO = Object.fromEntries(TABLE.map((row) => [row.name, row.number])) as Readonly<
  Record<ErrnoName, number>
>;

const ROWS: ReadonlyMap<number, Errno> = new Map(TABLE.map((row) => [row.number, row]));

/** 2 -> "ENOENT"; a number the table lacks -> "errno 131". */
export function errnoName(errno: number): string {
  return ROWS.get(errno)?.name ?? `errno ${errno}`;
}

/** What the kernel answered to a system call, with the operation and the file it was about. */
export class KernelError extends NairobiError {
  readonly errno: number;

  /** `doing` finishes "Cannot …", such as "read /data/a.csv". */
  constructor(errno: number, doing: string, where?: Where) {
    const row = ROWS.get(errno);
    const reason = row?.sentence ?? 'the kernel refused';
    super(row?.code ?? 'IO', `Cannot ${doing}: ${reason} (${errnoName(errno)})`, {
      ...(row?.hint === undefined ? {} : { hint: row.hint }),
      ...(where === undefined ? {} : { where }),
    });
    this.errno = errno;
  }
}

/** Passes a result >= 0 through; throws the KernelError for -errno. */
export function checked(result: number, doing: string, where?: Where): number {
  if (result < 0) throw new KernelError(-result, doing, where);
  return result;
}
