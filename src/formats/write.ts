/** Puts bytes where they belong: a file that is whole or not there, or a pipe that may close. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { messageOf, NairobiError } from '../errors.ts';
import { unfinished } from '../unfinished.ts';

export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** So long a signal waits at most while a file is being written. */
const TURN_MS = 50;

let elsewhere: ((path: string, bytes: Uint8Array) => void) | undefined;

/** Files are not written but given away: in the daemon, to who asked for them. */
export function writeElsewhere(take: typeof elsewhere): void {
  elsewhere = take;
}

/**
 * A file written beside its final name and renamed to it when whole: readers see the old file or
 * the new one. `abandon` leaves nothing behind. Errors are IO and name the path.
 */
class AtomicFile {
  readonly path: string;
  readonly temporary: string;
  readonly #fd: number;
  readonly #mark: Disposable;
  #bytes = 0;
  #open = true;

  constructor(path: string) {
    this.path = path;
    this.temporary = join(
      dirname(path),
      `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`,
    );
    this.#mark = unfinished(this.temporary);
    try {
      this.#fd = guarded(path, 'create', () => openSync(this.temporary, 'wx', 0o666));
    } catch (error) {
      this.#mark[Symbol.dispose]();
      throw error;
    }
  }

  get bytesWritten(): number {
    return this.#bytes;
  }

  /** Writes all of it; a full disk throws. */
  write(bytes: Uint8Array): void {
    guarded(this.path, 'write', () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    });
    this.#bytes += bytes.length;
  }

  /** Makes it last and gives it its name. */
  commit(): void {
    guarded(this.path, 'finish', () => {
      fsyncSync(this.#fd);
      closeSync(this.#fd);
      this.#open = false;
      renameSync(this.temporary, this.path);
      this.#mark[Symbol.dispose]();
      syncDirectory(dirname(this.path));
    });
  }

  abandon(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
    try {
      rmSync(this.temporary, { force: true });
    } catch {
      // Why the file is abandoned is what has to be told.
    }
    this.#mark[Symbol.dispose]();
  }
}

/** A rename lasts once its directory does (rename(2), fsync(2)). */
function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes a file whole or not at all. A device or pipe (/dev/stdout, /dev/full) is written in
 * place: there is nothing to rename. Gives the bytes written.
 */
export async function writeFile(path: string, pieces: Pieces): Promise<number> {
  if (elsewhere !== undefined) {
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    const whole = Buffer.concat(all);
    elsewhere(path, whole);
    return whole.length;
  }
  if (isSpecial(path)) return writeSpecial(path, pieces);
  const file = new AtomicFile(path);
  try {
    let turned = performance.now();
    for await (const piece of pieces) {
      file.write(piece);
      if (performance.now() - turned < TURN_MS) continue;
      await setImmediate(); // a signal gets its turn, and what is half-written goes
      turned = performance.now();
    }
    file.commit();
  } catch (error) {
    file.abandon();
    throw error;
  }
  return file.bytesWritten;
}

/** The same for bytes that are all there. */
export function writeWhole(path: string, bytes: Uint8Array): void {
  if (elsewhere !== undefined) {
    elsewhere(path, bytes);
    return;
  }
  if (isSpecial(path)) {
    writePieces(path, [bytes]);
    return;
  }
  const file = new AtomicFile(path);
  try {
    file.write(bytes);
    file.commit();
  } catch (error) {
    file.abandon();
    throw error;
  }
}

function isSpecial(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (stats.isDirectory()) {
    throw new NairobiError('USAGE', `${path} is a directory`, { hint: 'name a file' });
  }
  return !stats.isFile();
}

async function writeSpecial(path: string, pieces: Pieces): Promise<number> {
  const fd = guarded(path, 'open', () => openSync(path, 'w'));
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      guarded(path, 'write', () => {
        for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
      });
      bytes += piece.length;
    }
  } finally {
    closeSync(fd);
  }
  return bytes;
}

function writePieces(path: string, pieces: readonly Uint8Array[]): void {
  const fd = guarded(path, 'open', () => openSync(path, 'w'));
  try {
    for (const piece of pieces) {
      guarded(path, 'write', () => {
        for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
      });
    }
  } finally {
    closeSync(fd);
  }
}

function guarded<T>(path: string, verb: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new NairobiError('IO', `Cannot ${verb} ${path}: ${messageOf(cause)}`, {
      where: { file: path },
      ...hintFor(code),
      cause,
    });
  }
}

function hintFor(code: string | undefined): { hint: string } | Record<string, never> {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return { hint: 'the disk is full: make room, or write elsewhere' };
    case 'ENOENT':
      return { hint: 'the directory does not exist: make it first' };
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return { hint: 'the directory is not writable by this user' };
    default:
      return {};
  }
}

/**
 * Writes to a stream, waiting where it cannot take more. A reader that went away (`| head`) ends
 * it quietly: the answer is then false.
 */
export async function writeStream(stream: Writable, pieces: Pieces): Promise<boolean> {
  let failed: NodeJS.ErrnoException | undefined;
  const onError = (error: NodeJS.ErrnoException): void => {
    failed ??= error;
  };
  stream.on('error', onError);
  try {
    for await (const piece of pieces) {
      if (failed !== undefined) break;
      if (!stream.write(piece)) await drained(stream);
    }
    if (failed === undefined) await flushed(stream);
  } finally {
    // A late EPIPE of bytes under way must find a listener.
    if (failed === undefined) stream.off('error', onError);
  }
  if (failed === undefined) return true;
  if (failed.code === 'EPIPE') return false;
  throw new NairobiError('IO', `Cannot write the output: ${failed.message}`, {
    ...hintFor(failed.code),
    cause: failed,
  });
}

async function drained(stream: Writable): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const events = ['drain', 'close', 'error'].map((event) => once(stream, event, { signal }));
  try {
    await Promise.race(events);
  } catch {
    // The stream's own error listener has it.
  } finally {
    controller.abort();
    await Promise.allSettled(events);
  }
}

/** Until what was written has left, or the stream has failed. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
