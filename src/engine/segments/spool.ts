/**
 * A pipe that has to be gone through more than once and does not fit memory: kept in a file that
 * has no name any more, so that nothing can be left behind.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NairobiError } from '../../errors.ts';
import { fileSystemType } from '../../kernel/calls.ts';
import { FS_MAGIC } from '../../kernel/constants.ts';
import { type Fd, viewOf } from '../../kernel/syscall.ts';
import { ContentStream, type Origin } from '../../uring/content-stream.ts';
import type { Begun } from './content.ts';

const BLOCK_BYTES = 2 ** 20;

/** The rest of the pipe behind what was read of it, as a file to be opened by its path. */
export function spoolPipe(
  origin: Origin,
  begun: Begun,
): { readonly origin: Origin; readonly file: Disposable } {
  const { room, filled, stream } = begun;
  const fd = openUnnamed();
  try {
    const first =
      origin.compression === undefined
        ? Buffer.from(viewOf(room.address, filled))
        : Buffer.from(stream.recorded);
    write(fd, first);
    stream[Symbol.dispose]();
    using rest = new ContentStream({ ...origin, compression: undefined, already: NOTHING });
    for (;;) {
      const got = rest.read(room.address, BLOCK_BYTES);
      if (got === 0) break;
      write(fd, Buffer.from(viewOf(room.address, got)));
    }
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  const { pipe: _, already: __, ...plain } = origin;
  return {
    origin: { ...plain, path: `/proc/self/fd/${fd}` },
    file: { [Symbol.dispose]: () => closeSync(fd) },
  };
}

const NOTHING = new Uint8Array();

function write(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** On a disk: what lies on tmpfs is in memory all the same. */
function openUnnamed(): number {
  for (const folder of new Set([tmpdir(), '/var/tmp'])) {
    const name = path.join(folder, `.nairobi-spool-${process.pid}`);
    let fd: number;
    try {
      fd = openSync(name, 'wx+', 0o600);
    } catch {
      continue;
    }
    rmSync(name, { force: true });
    if (fileSystemType(fd as Fd) !== FS_MAGIC.TMPFS_MAGIC) return fd;
    closeSync(fd);
  }
  throw new NairobiError(
    'MEMORY_LIMIT',
    'What is piped in does not fit the memory limit and has to be gone through more than once',
    { hint: 'save it to a file, let TMPDIR name a folder on a disk, or raise --memory-limit' },
  );
}
