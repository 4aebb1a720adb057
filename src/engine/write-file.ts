/** Writes a result whole or not at all. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, NairobiError } from '../errors.ts';
import { undoOnInterrupt } from './cleanup.ts';

/**
 * Puts `bytes` into the file `path` through a neighbour that is renamed over it; a device or a
 * pipe is written as it is. Throws NairobiError IO and leaves nothing behind.
 */
export function writeWhole(path: string, bytes: Uint8Array): void {
  try {
    if (isSpecial(path)) {
      writeTo(path, bytes, 'w');
      return;
    }
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
    using _undo = undoOnInterrupt(() => rmSync(temporary, { force: true }));
    try {
      writeTo(temporary, bytes, 'wx');
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (cause) {
    throw new NairobiError('IO', `Cannot write ${path}: ${messageOf(cause)}`, {
      cause,
      where: { file: path },
      hint: 'check that the directory exists, that you may write there, and that the disk has room',
    });
  }
}

function isSpecial(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

function writeTo(path: string, bytes: Uint8Array, flags: 'w' | 'wx'): void {
  const file = openSync(path, flags, 0o666);
  try {
    let done = 0;
    while (done < bytes.length) done += writeSync(file, bytes, done);
    if (flags === 'wx') fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
