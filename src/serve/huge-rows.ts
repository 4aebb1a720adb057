/** Rows on reserved huge pages, where the host has them to spare. */
import { readSync } from 'node:fs';
import { close, fallocate } from '../kernel/calls.ts';
import { FALLOCATE } from '../kernel/constants.ts';
import type { Fd } from '../kernel/syscall.ts';
import { hugeFile, wholeHugePages } from '../memory/huge-file.ts';
import { MiB } from '../units.ts';

/** From here on, what rounding up costs is little. */
const HUGE_BYTES_MIN = 16 * MiB;

/** Read at a time, and given back at once: the rows are in memory hardly more than once. */
const PIECE_BYTES = 64 * MiB;

/** An Arrow file ends with its footer, the length of that (32 bits) and "ARROW1". */
const END_BYTES = 10;
const ALIGN_BYTES = 64;

/**
 * The Arrow file `fd` again on huge pages, longer by zeros between its rows and its footer, which
 * its readers skip: they begin at the end. Takes `fd`, whose bytes are gone afterwards. Undefined,
 * and nothing done, where the file is small or the pages are missing.
 */
export function onHugePages(name: string, fd: Fd, byteLength: number): Fd | undefined {
  if (byteLength < HUGE_BYTES_MIN) return undefined;
  const end = Buffer.alloc(END_BYTES);
  readSync(fd, end, 0, END_BYTES, byteLength - END_BYTES);
  const footerBytes = end.readInt32LE();
  const footerAt = byteLength - END_BYTES - footerBytes;
  const total = wholeHugePages(byteLength + ALIGN_BYTES);
  // As the rows, it starts where any word may; the zeros behind it count as its own.
  const place = Math.floor((total - END_BYTES - footerBytes) / ALIGN_BYTES) * ALIGN_BYTES;
  const huge = hugeFile(name, total, (bytes) => {
    readAll(fd, bytes.subarray(place, place + footerBytes), footerAt);
    for (let at = 0; at < footerAt; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, Math.min(at + PIECE_BYTES, footerAt));
      readAll(fd, piece, at);
      const flags = FALLOCATE.FALLOC_FL_PUNCH_HOLE | FALLOCATE.FALLOC_FL_KEEP_SIZE;
      fallocate(fd, flags, at, piece.length);
    }
    end.writeInt32LE(total - END_BYTES - place);
    bytes.set(end, total - END_BYTES);
  });
  if (huge !== undefined) close(fd);
  return huge;
}

function readAll(fd: Fd, into: Buffer, from: number): void {
  for (let at = 0; at < into.length; ) {
    at += readSync(fd, into, at, into.length - at, from + at);
  }
}
