/** A file opened for reading: buffered always, and past the page cache (O_DIRECT) where wanted. */
import { fstatSync } from 'node:fs';
import { NairobiError } from '../errors.ts';
import {
  cachestat,
  close,
  fcntl,
  fileSystemType,
  ioctlU64,
  mayWait,
  mincore,
  mmap,
  munmap,
  open,
} from '../kernel/calls.ts';
import { BLOCK_DEVICE, FCNTL, FS_MAGIC, MAP } from '../kernel/constants.ts';
import { checked, ERRNO, KernelError } from '../kernel/errno.ts';
import type { Fd } from '../kernel/syscall.ts';
import { MiB } from '../units.ts';

export type DirectWish = 'auto' | 'always' | 'never';
export type FileKind = 'regular' | 'block-device' | 'stream';

/** Below this a file is not worth a second descriptor: the page cache serves it as fast. */
const DIRECT_BYTES_MIN = 4 * MiB;

/**
 * With this share of the file in the page cache, copying from there beats the device (6x if all
 * is).
 */
const CACHED_SHARE_MAX = 0.5;

const PAGE_BYTES = 4096;

/**
 * A short read of an uncached FUSE file is read on by io_uring itself, at the old offset: the
 * content is then another (FOPEN_DIRECT_IO, seen on 6.18).
 */
const FUSE_UNFIT =
  'FUSE files are read without io_uring, which repeats bytes after short reads there';

interface Nature {
  readonly kind: FileKind;
  readonly size: number;
  /** statfs f_type of a regular file. */
  readonly fileSystem: number | undefined;
}

export class InputFile implements Disposable {
  readonly path: string;
  readonly fd: Fd;
  readonly kind: FileKind;
  /** As of opening. 0 for streams and pseudo files, which have bytes all the same. */
  readonly size: number;
  /** Why a ring must not read it; undefined when it may. */
  readonly ringUnfit: string | undefined;
  /** False where the file lies in memory (tmpfs), and the kernel may take O_DIRECT all the same. */
  readonly hasDevice: boolean;
  #directFd: Fd | undefined;
  #closed = false;

  constructor(path: string, fd: Fd, nature: Nature, directFd: Fd | undefined) {
    this.path = path;
    this.fd = fd;
    this.kind = nature.kind;
    this.size = nature.size;
    this.ringUnfit = nature.fileSystem === FS_MAGIC.FUSE_SUPER_MAGIC ? FUSE_UNFIT : undefined;
    this.hasDevice = !WITHOUT_DEVICE.has(nature.fileSystem);
    this.#directFd = directFd;
  }

  /** The O_DIRECT descriptor, while direct reads are wanted and work. */
  get directFd(): Fd | undefined {
    return this.#directFd;
  }

  /** The file system refused a direct read after all: from now on through the page cache. */
  giveUpDirect(): void {
    if (this.#directFd !== undefined) close(this.#directFd);
    this.#directFd = undefined;
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.giveUpDirect();
    close(this.fd);
  }
}

function natureOf(fd: Fd, path: string): Nature {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw new KernelError(ERRNO.EISDIR, `read ${path}`, { file: path });
  if (stat.isFile()) {
    const fileSystem = fileSystemType(fd);
    return { kind: 'regular', size: PSEUDO.has(fileSystem) ? 0 : stat.size, fileSystem };
  }
  if (stat.isBlockDevice()) {
    const size = ioctlU64(fd, BLOCK_DEVICE.BLKGETSIZE64);
    return {
      kind: 'block-device',
      size: checked(size, `ask the size of ${path}`, { file: path }),
      fileSystem: undefined,
    };
  }
  return { kind: 'stream', size: 0, fileSystem: undefined };
}

/** The share of the file in the page cache, 0 to 1: cachestat(2), before 6.5 mincore(2). */
export function cachedShare(fd: Fd, size: number): number {
  const pages = Math.ceil(size / PAGE_BYTES);
  if (pages === 0) return 1;
  const counted = cachestat(fd);
  if (counted >= 0) return Math.min(1, counted / pages);
  const address = mmap(size, { protection: MAP.PROT_READ, flags: MAP.MAP_SHARED, fd });
  if (address < 0) return 0;
  const residency = new Uint8Array(pages);
  const result = mincore(BigInt(address), size, residency);
  munmap(BigInt(address), size);
  if (result < 0) return 0;
  let resident = 0;
  for (const page of residency) resident += page & 1;
  return resident / pages;
}

/** Their files tell no true size: sysfs says 4096 of each, proc 0. */
const PSEUDO: ReadonlySet<number | undefined> = new Set([
  FS_MAGIC.PROC_SUPER_MAGIC,
  FS_MAGIC.SYSFS_MAGIC,
]);

/** Memory-backed: O_DIRECT there is refused, or pointless. */
const WITHOUT_DEVICE: ReadonlySet<number | undefined> = new Set([
  FS_MAGIC.TMPFS_MAGIC,
  FS_MAGIC.HUGETLBFS_MAGIC,
]);

function wantsDirect(fd: Fd, { size, fileSystem }: Nature, wish: DirectWish): boolean {
  if (wish !== 'auto') return wish === 'always';
  if (size < DIRECT_BYTES_MIN || WITHOUT_DEVICE.has(fileSystem)) return false;
  return cachedShare(fd, size) <= CACHED_SHARE_MAX;
}

/** The names of our own descriptors; a socket among them cannot be opened, only used (ENXIO). */
const OWN_DESCRIPTOR = /^\/(?:dev\/std(in)|(?:dev|proc\/self)\/fd\/(\d+))$/;

function openOrAdopt(path: string): number {
  const opened = open(path);
  const own = OWN_DESCRIPTOR.exec(path);
  if (opened !== -ERRNO.ENXIO || own === null) return opened;
  return fcntl(Number(own[2] ?? 0) as Fd, FCNTL.F_DUPFD_CLOEXEC, 3);
}

const swapped = (path: string): NairobiError =>
  new NairobiError('NOT_SUPPORTED', `"${path}" is no regular file any more`, {
    where: { file: path },
  });

/** Opens `path`; whether directly too is decided by evidence unless `direct` forces it. */
export function openInput(path: string, direct: DirectWish = 'auto'): InputFile {
  const where = { file: path };
  const fd = checked(openOrAdopt(path), `open ${path}`, where) as Fd;
  try {
    const nature = natureOf(fd, path);
    if (nature.kind === 'stream' && !mayWait()) throw swapped(path);
    if (nature.kind === 'stream' || nature.size === 0 || !wantsDirect(fd, nature, direct)) {
      return new InputFile(path, fd, nature, undefined);
    }
    // EINVAL: this file system has no direct reads. Through the page cache, then.
    const directFd = open(path, { direct: true });
    return new InputFile(path, fd, nature, directFd < 0 ? undefined : (directFd as Fd));
  } catch (error) {
    close(fd);
    throw error;
  }
}
