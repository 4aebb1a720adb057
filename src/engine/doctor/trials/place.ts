/**
 * Looks at a place where data lies and tries O_DIRECT there. A network file system that hangs makes
 * every question about it hang: this process waits for it, not the program.
 */
import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../../errors.ts';
import { type Attempt, type DirectoryObservation, OK, type Place } from '../../../host/observed.ts';
import { close, mmap, open, pread } from '../../../kernel/calls.ts';
import { MAP } from '../../../kernel/constants.ts';
import { errnoName } from '../../../kernel/errno.ts';
import type { Fd } from '../../../kernel/syscall.ts';

interface DirectTrial {
  readonly attempt: Attempt;
  /** The least of 512 and 4096 that offset, length and address may be multiples of. */
  readonly alignBytes: number | undefined;
}

const PAGE = 4096;
/** Of linux/fcntl.h; the O_DIRECTORY bit in it differs by architecture. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** What is at `path`; for an output that is not there yet, at the directory it will be made in. */
export function tryPlace({ path, purpose }: Place): DirectoryObservation {
  const exists = statSync(path, { throwIfNoEntry: false }) !== undefined;
  const at = purpose === 'output' && !isDirectory(path) ? dirname(path) : path;
  const nearest = statSync(at, { throwIfNoEntry: false });
  const space = nearest === undefined ? undefined : statfsSync(at);
  const trial = nearest === undefined ? undefined : tryDirect(at);
  return {
    path: at,
    purpose,
    exists: purpose === 'output' ? nearest !== undefined : exists,
    readable: allowed(path, constants.R_OK),
    writable: allowed(at, constants.W_OK),
    freeBytes: (space?.bavail ?? 0) * (space?.bsize ?? 0),
    totalBytes: (space?.blocks ?? 0) * (space?.bsize ?? 0),
    freeInodes: space?.ffree ?? 0,
    totalInodes: space?.files ?? 0,
    device: deviceNumber(nearest?.dev ?? 0),
    direct: trial?.attempt,
    directAlignBytes: trial?.alignBytes,
  };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function allowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** dev_t of 64-bit Linux: the major's low 12 bits from bit 8, the minor around them. */
function deviceNumber(dev: number): string {
  const value = BigInt(dev);
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & 0xfffff000n);
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

/** `path` is a file that is read, or a directory in which a file without a name is made. */
function tryDirect(path: string): DirectTrial {
  try {
    if (!isDirectory(path)) return readDirect(path);
    return inNamelessFile(path) ?? withNamedFile(path);
  } catch (error) {
    return { attempt: { outcome: 'failed', message: messageOf(error) }, alignBytes: undefined };
  }
}

/** Undefined where the file system has no O_TMPFILE (NFS, FAT, 9p). */
function inNamelessFile(directory: string): DirectTrial | undefined {
  let fd: number;
  try {
    fd = openSync(directory, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch {
    return undefined;
  }
  try {
    writeSync(fd, Buffer.alloc(2 * PAGE, 1));
    return readDirect(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

function withNamedFile(directory: string): DirectTrial {
  const folder = mkdtempSync(join(directory, '.nairobi-'));
  try {
    const path = join(folder, 'direct');
    const fd = openSync(path, 'w', 0o600);
    writeSync(fd, Buffer.alloc(2 * PAGE, 1));
    closeSync(fd);
    return readDirect(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readDirect(path: string): DirectTrial {
  const fd = open(path, { direct: true });
  if (fd < 0) return { attempt: refused(fd), alignBytes: undefined };
  const address = mmap(2 * PAGE, {
    protection: MAP.PROT_READ | MAP.PROT_WRITE,
    flags: MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS,
  });
  let last = 0;
  for (const align of [512, PAGE]) {
    last = pread(fd as Fd, BigInt(address + align), align, align);
    if (last < 0) continue;
    close(fd as Fd);
    return { attempt: OK, alignBytes: align };
  }
  close(fd as Fd);
  return { attempt: refused(last), alignBytes: undefined };
}

function refused(result: number): Attempt {
  return { outcome: 'refused', errno: errnoName(-result) };
}
