/**
 * Writes that are on the disk when they return: data, then fsync, then the directory entry.
 * The order is that of "All File Systems Are Not Created Equal" (Pillai et al., OSDI 2014): a file
 * is synced before it is renamed, and the directory after, else ext4 and btrfs may keep a name
 * that leads to an empty file.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { NairobiError } from '../../errors.ts';
import { newRunId, temporaryBeside } from '../targets/layout.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EIO: 'the device reported an input/output error',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this host',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  EXDEV: 'source and destination are on different file systems',
};

/** The errno name of a failed file operation, if it is one. */
export function errnoOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  // Polars gives the number in its message.
  const number = /\(os error (\d+)\)/.exec(thrown.message)?.[1];
  if (number !== undefined) return getSystemErrorName(-Number(number));
  if (!('code' in thrown)) return undefined;
  // fs.rm of Node 24 names no errno but those it expects.
  if (thrown.code === '') {
    if (/no space left/i.test(thrown.message)) return 'ENOSPC';
    return /input\/output error/i.test(thrown.message) ? 'EIO' : undefined;
  }
  // Node and Polars have codes of their own: ERR_..., GenericFailure.
  const isErrno = typeof thrown.code === 'string' && /^E(?!RR_)[A-Z0-9]+$/.test(thrown.code);
  return isErrno ? String(thrown.code) : undefined;
}

const NOTHING_COMMITTED =
  'nothing was committed: the old state is intact, and a rerun continues from it';

/** What helps, where it is not the reason itself. */
const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'make room there, or write elsewhere; ',
  EDQUOT: 'make room there, or write elsewhere; ',
  EROFS: 'write elsewhere; ',
  EACCES: 'this user may not do that in the directory; ',
  EPERM: 'this user may not do that in the directory; ',
};

/** An IO error that says what was done to which path, and why it failed. */
export function ioError(operation: string, path: string, cause: unknown): NairobiError {
  if (cause instanceof NairobiError) return cause;
  const errno = errnoOf(cause);
  const reason = (errno === undefined ? undefined : REASONS[errno]) ?? String(cause);
  const suffix = errno === undefined ? '' : ` (${errno})`;
  return new NairobiError('IO', `Cannot ${operation} ${path}: ${reason}${suffix}`, {
    cause,
    where: { file: path },
    hint: `${ADVICE[errno ?? ''] ?? ''}${NOTHING_COMMITTED}`,
  });
}

/** What a system call was to do, for people. */
const DOING: Readonly<Record<string, string>> = {
  scandir: 'list',
  open: 'open',
  read: 'read',
  write: 'write',
  stat: 'look at',
  lstat: 'look at',
  fstat: 'look at',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  mkdir: 'create',
  link: 'link',
  rename: 'rename',
  fsync: 'sync',
};

/** What a file operation of Node's threw, as an IO error; anything else as it is. */
export function asIoError(thrown: unknown): unknown {
  if (thrown instanceof NairobiError || !(thrown instanceof Error)) return thrown;
  const { syscall, path } = thrown as NodeJS.ErrnoException;
  const errno = errnoOf(thrown);
  if (errno === undefined || syscall === undefined || path === undefined) return thrown;
  return ioError(DOING[syscall] ?? `use (${syscall})`, path, thrown);
}

/** Runs a file operation; what it throws becomes an IO error about `path`. */
export function attempt<T>(operation: string, path: string, work: () => T): T {
  for (;;) {
    try {
      return work();
    } catch (cause) {
      // A file system that may be interrupted has read nothing then.
      if (operation === 'read' && (cause as NodeJS.ErrnoException).code === 'EINTR') continue;
      throw ioError(operation, path, cause);
    }
  }
}

/** Writes every byte; a short write continues where it stopped. */
export function writeFully(fd: number, data: Uint8Array, path: string): void {
  attempt('write', path, () => {
    let done = 0;
    while (done < data.length) done += writeSync(fd, data, done, data.length - done);
  });
}

/** Makes the entries of a directory durable. */
export function syncDirectory(path: string): void {
  attempt('sync', path, () => {
    const fd = openSync(path, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** Makes the bytes durable that somebody else wrote into a file and has closed. */
export const syncFile: (path: string) => void = syncDirectory;

/**
 * Creates a directory and its missing parents, each durable in its own parent. Node's own way to
 * make the parents too (24.21) takes any failure for a missing parent and says so.
 */
export function makeDirectory(path: string): void {
  if (isDirectory(path)) return;
  const parent = dirname(path);
  makeDirectory(parent);
  attempt('create', path, () => {
    try {
      mkdirSync(path);
    } catch (error) {
      // Somebody else was quicker.
      if (errnoOf(error) !== 'EEXIST' || !isDirectory(path)) throw error;
    }
  });
  syncDirectory(parent);
}

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** A new file with this content, synced; fails where one exists. Its name is not durable yet. */
export function writeNew(path: string, data: Uint8Array, mode = 0o644): void {
  const fd = attempt('create', path, () => openSync(path, 'wx', mode));
  try {
    writeFully(fd, data, path);
    attempt('sync', path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

/** Linux's bits for a file that never has a name, which Node's constants lack. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** A file in `folder` that has no name, so that nothing of it is left whatever happens. */
export function openUnnamed(folder: string): number {
  try {
    return openSync(folder, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch (error) {
    // NFS and FAT cannot: there it has a name for a moment.
    if (errnoOf(error) !== 'EOPNOTSUPP' && errnoOf(error) !== 'EISDIR') {
      throw ioError('create a temporary file in', folder, error);
    }
  }
  const path = temporaryBeside(join(folder, 'nairobi'), newRunId());
  const fd = attempt('create', path, () => openSync(path, 'wx+', 0o600));
  attempt('remove', path, () => rmSync(path));
  return fd;
}

/** Runs `work`; where it fails and does not say so itself, this is what was committed. */
export function withHint<T>(hint: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const cause = asIoError(thrown);
    if (!(cause instanceof NairobiError)) throw thrown;
    if (cause.hint?.endsWith(NOTHING_COMMITTED) === false) throw cause;
    const where = cause.where === undefined ? {} : { where: cause.where };
    throw new NairobiError(cause.code, cause.message, { cause, ...where, hint });
  }
}

/** Makes a rename durable; what it did is seen already. */
export function syncRenamed(path: string): void {
  withHint('the new content is in place, but a power cut may still take it back', () =>
    syncDirectory(dirname(path)),
  );
}

/**
 * Replaces `path` in one step: a reader sees the old content or the new, also after a power cut.
 */
export function replaceFile(path: string, data: Uint8Array, run: string): void {
  replaceUnsynced(path, data, run);
  syncRenamed(path);
}

/**
 * The same, without the last step: the new name is not durable until its directory is synced. What
 * fails after `beforeRename` may have happened all the same.
 */
export function replaceUnsynced(
  path: string,
  data: Uint8Array,
  run: string,
  beforeRename: () => void = () => undefined,
): void {
  const temporary = temporaryBeside(path, run);
  try {
    writeNew(temporary, data);
    beforeRename();
    attempt('rename', path, () => renameSync(temporary, path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
