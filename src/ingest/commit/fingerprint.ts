/**
 * What makes a growing file know itself again: the hash of its first bytes and of the bytes before
 * the place where reading stopped. Inode numbers are only a hint, they are reused (Vector's
 * `fingerprint.strategy = checksum` has the same reason); the head alone is not enough where
 * every rotated file begins with the same comment block.
 */
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { attempt } from './durable.ts';
import type { Fingerprint } from './record.ts';

/** Enough to differ after any header; two reads of one page each. */
export const FINGERPRINT_BYTES = 1024;

/** Exactly `length` bytes from `position`, or undefined where the file has fewer. */
export function readExactly(
  fd: number,
  position: number,
  length: number,
  path: string,
): Buffer | undefined {
  const data = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = attempt('read', path, () =>
      readSync(fd, data, done, length - done, position + done),
    );
    if (count === 0) return undefined;
    done += count;
  }
  return data;
}

export function hashOf(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex').slice(0, 32);
}

/** The fingerprint of the content [0, offset) of a file; undefined when the file is shorter. */
export function fingerprintAt(fd: number, offset: number, path: string): Fingerprint | undefined {
  const size = Math.min(FINGERPRINT_BYTES, offset);
  const head = readExactly(fd, 0, size, path);
  const tail = readExactly(fd, offset - size, size, path);
  if (head === undefined || tail === undefined) return undefined;
  return { headBytes: size, head: hashOf(head), tailBytes: size, tail: hashOf(tail) };
}

export function sameContent(a: Fingerprint, b: Fingerprint | undefined): boolean {
  return (
    b !== undefined &&
    a.headBytes === b.headBytes &&
    a.head === b.head &&
    a.tailBytes === b.tailBytes &&
    a.tail === b.tail
  );
}
