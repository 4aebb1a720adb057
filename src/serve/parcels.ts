/** Descriptors on their way to a worker: a message has their places among those that come along. */
import { fstatSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { assert } from '../errors.ts';
import { close, duplicate } from '../kernel/calls.ts';
import { checked } from '../kernel/errno.ts';
import type { Fd } from '../kernel/syscall.ts';
import { sealedBytes } from '../memory/sealed.ts';
import type { Held, Opening, PackedTail, SourceWish } from './tasks.ts';

/** Of what the daemon keeps for itself, a second one goes out. */
function pack(fd: number, fds: Fd[]): number {
  return fds.push(checked(duplicate(fd as Fd), 'hand over a descriptor') as Fd) - 1;
}

function unpack(place: number, fds: readonly Fd[]): Fd {
  const fd = fds[place];
  assert(fd !== undefined, 'the descriptor came with the message');
  return fd;
}

const packWish = (wish: SourceWish, fds: Fd[]): SourceWish =>
  wish.fd === undefined ? wish : { ...wish, fd: pack(wish.fd, fds) };

const unpackWish = (wish: SourceWish, fds: readonly Fd[]): SourceWish =>
  wish.fd === undefined ? wish : { ...wish, fd: unpack(wish.fd, fds) };

export const packOpening = (open: Opening, fds: Fd[]): Opening => ({
  ...open,
  wish: packWish(open.wish, fds),
});

export const unpackOpening = (open: Opening, fds: readonly Fd[]): Opening => ({
  ...open,
  wish: unpackWish(open.wish, fds),
});

export const packHeld = (held: Held, fds: Fd[]): Held => ({
  ...held,
  fd: pack(held.fd, fds),
  wish: packWish(held.wish, fds),
});

export const unpackHeld = (held: Held, fds: readonly Fd[]): Held => ({
  ...held,
  fd: unpack(held.fd, fds),
  wish: unpackWish(held.wish, fds),
});

/** Closes what a worker was given of it. */
export function letGoOf({ fd, wish }: Pick<Held, 'fd' | 'wish'>): void {
  close(fd as Fd);
  if (wish.fd !== undefined) close(wish.fd as Fd);
}

/** More than this goes through memory both sides can read, not through the socket. */
const TEXT_BYTES_MAX = 64 * 1024;

/** Bytes of an answer; the descriptor of those that are many is the last of `fds` then. */
export function packTail(tail: Uint8Array, fds: Fd[]): PackedTail {
  if (tail.length <= TEXT_BYTES_MAX) {
    return Buffer.from(tail.buffer, tail.byteOffset, tail.length).toString('latin1');
  }
  fds.push(sealedBytes('nairobi:printed', tail).fd);
  return tail.length;
}

const readSome = promisify(read);

/** Takes the last of `fds` where the bytes are there, and closes it. */
export async function unpackTail(tail: PackedTail, fds: Fd[]): Promise<Uint8Array> {
  if (typeof tail === 'string') return Buffer.from(tail, 'latin1');
  const fd = fds.pop();
  assert(fd !== undefined && fstatSync(fd).size === tail, 'the bytes came with the answer');
  const bytes = Buffer.allocUnsafeSlow(tail);
  try {
    for (let at = 0; at < tail; ) {
      const { bytesRead } = await readSome(fd, bytes, at, tail - at, at);
      assert(bytesRead > 0, 'a sealed file keeps its size');
      at += bytesRead;
    }
  } finally {
    close(fd);
  }
  return bytes;
}
