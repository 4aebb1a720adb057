/** Tries O_DIRECT in a directory, or on a file: does it open, and how must reads be aligned. */
import { closeSync, constants, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Attempt, OK } from '../../host/observed.ts';
import { close, mmap, open, pread } from '../../kernel/calls.ts';
import { MAP } from '../../kernel/constants.ts';
import { errnoName } from '../../kernel/errno.ts';
import type { Fd } from '../../kernel/syscall.ts';

export interface DirectTrial {
  readonly attempt: Attempt;
  /** The least of 512 and 4096 that offset, length and address may be multiples of. */
  readonly alignBytes: number | undefined;
}

const PAGE = 4096;
/** Of linux/fcntl.h; the O_DIRECTORY bit in it differs by architecture. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** `path` is a file that is read, or a directory in which a file without a name is made. */
export function tryDirect({ path }: { readonly path: string }): DirectTrial {
  if (!statSync(path).isDirectory()) return readDirect(path);
  try {
    const fd = openSync(path, O_TMPFILE | constants.O_RDWR, 0o600);
    writeSync(fd, Buffer.alloc(2 * PAGE, 1));
    const result = readDirect(`/proc/self/fd/${fd}`);
    closeSync(fd);
    return result;
  } catch {
    return withNamedFile(path);
  }
}

/** For file systems without O_TMPFILE (NFS, FAT, 9p). */
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
