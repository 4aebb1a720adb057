/**
 * A pipe that does not fit memory and has to be gone through more than once, or from its end: kept
 * in a file that has no name any more, so that nothing can be left behind.
 */
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NairobiError } from '../../errors.ts';
import { fileSystemType } from '../../kernel/calls.ts';
import { FS_MAGIC } from '../../kernel/constants.ts';
import { type Fd, viewOf } from '../../kernel/syscall.ts';
import { SPOOL_SHARE } from '../../limits.ts';
import { formatBytes } from '../../units.ts';
import { ContentStream, type Origin } from '../../uring/content-stream.ts';
import type { Begun } from './content.ts';

const BLOCK_BYTES = 2 ** 20;

export interface Spooled {
  /** Of the file, as long as it is not disposed of. */
  readonly path: string;
  readonly byteLength: number;
  readonly file: Disposable;
}

/** The pipe as it came, compressed or not: the rest of it behind what was read. */
export function spoolPipe(
  origin: Origin,
  begun: Begun,
): { readonly origin: Origin; readonly file: Disposable } {
  const { room, filled, stream } = begun;
  const first =
    origin.compression === undefined
      ? Buffer.from(viewOf(room.address, filled))
      : Buffer.from(stream.recorded);
  const raw = { ...origin, compression: undefined, already: new Uint8Array() };
  const spooled = spool(first, () => new ContentStream(raw), room.address);
  const { pipe: _, already: __, ...plain } = origin;
  return { origin: { ...plain, path: spooled.path }, file: spooled.file };
}

/** What the pipe holds, decompressed. */
export function spoolContent({ room, filled, stream }: Begun): Spooled {
  const first = Buffer.from(viewOf(room.address, filled));
  return spool(first, () => stream, room.address);
}

/** Writes `first`, then the rest of a stream by way of the memory at `address`, and ends it. */
function spool(first: Buffer, rest: () => ContentStream, address: bigint): Spooled {
  const unnamed = openUnnamed();
  const { fd } = unnamed;
  try {
    let byteLength = write(unnamed, first, 0);
    using stream = rest();
    for (;;) {
      const got = stream.read(address, BLOCK_BYTES);
      if (got === 0) break;
      byteLength += write(unnamed, Buffer.from(viewOf(address, got)), byteLength);
    }
    const file = { [Symbol.dispose]: () => closeSync(fd) };
    return { path: `/proc/self/fd/${fd}`, byteLength, file };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

interface Unnamed {
  readonly fd: number;
  readonly folder: string;
  /** What may be written. */
  readonly mostBytes: number;
}

function write({ fd, folder, mostBytes }: Unnamed, bytes: Buffer, before: number): number {
  if (before + bytes.length > mostBytes) {
    throw doesNotFit(
      `and is longer than ${formatBytes(mostBytes)}, half of what is free in ${folder}`,
    );
  }
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
  return bytes.length;
}

/** On a disk: what lies on tmpfs is in memory all the same. */
function openUnnamed(): Unnamed {
  for (const folder of new Set([tmpdir(), '/var/tmp'])) {
    const name = path.join(folder, `.nairobi-spool-${process.pid}`);
    let fd: number;
    try {
      fd = openSync(name, 'wx+', 0o600);
    } catch {
      continue;
    }
    rmSync(name, { force: true });
    if (fileSystemType(fd as Fd) !== FS_MAGIC.TMPFS_MAGIC) {
      const { bavail, bsize } = statfsSync(folder);
      return { fd, folder, mostBytes: Math.floor(bavail * bsize * SPOOL_SHARE) };
    }
    closeSync(fd);
  }
  throw doesNotFit('and there is no folder on a disk to keep it in');
}

function doesNotFit(why: string): NairobiError {
  return new NairobiError(
    'MEMORY_LIMIT',
    `What is piped in does not fit the memory limit, cannot be read once from its start to its end, ${why}`,
    { hint: 'save it to a file, let TMPDIR name a folder on a disk, or raise --memory-limit' },
  );
}
