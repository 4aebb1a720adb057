/**
 * gzip and zstd by what Node carries itself, where the host's libraries cannot be used: at once.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { messageOf, NairobiError } from '../errors.ts';
import { viewOf } from '../kernel/syscall.ts';
import type { Lease } from '../memory/lease.ts';
import type { Pool } from '../memory/pool.ts';
import type { Source } from './source.ts';

function readAll(source: Source): Buffer {
  const parts: Buffer[] = [];
  for (let block = source.pop(); block !== undefined; block = source.pop()) {
    parts.push(Buffer.from(block.bytes()));
    block.release();
  }
  return Buffer.concat(parts);
}

/** What comes out twice in memory for a moment: once as Node gives it, once in the pool. */
export function decompressBuiltIn(
  source: Source,
  name: 'gz' | 'zst',
  pool: Pool,
): { lease: Lease; byteLength: number } {
  const packed = readAll(source);
  const lease = pool.grow((address, room) => {
    const content = expand(source.path, packed, name, room);
    if (content === undefined) return room + 1;
    Buffer.from(viewOf(address, content.length)).set(content);
    return content.length;
  });
  return { lease, byteLength: lease.byteLength };
}

/** undefined when more than `room` bytes would come out. */
function expand(
  path: string,
  packed: Buffer,
  name: 'gz' | 'zst',
  room: number,
): Buffer | undefined {
  try {
    return expandMembers(packed, name === 'gz' ? gunzipSync : zstdDecompressSync, room);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    const message = `Cannot decompress ${path}: ${messageOf(cause)} (${packed.length} bytes of it)`;
    const hint = 'copy the file again: it is damaged, or was cut short';
    throw new NairobiError('BAD_DATA', message, { where: { file: path }, hint, cause });
  }
}

/** Node ends behind the first frame of zstd, and of gzip at zeros, and says nothing of the rest. */
function expandMembers(
  packed: Buffer,
  decompress: typeof gunzipSync | typeof zstdDecompressSync,
  room: number,
): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  for (let at = 0; at < packed.length; ) {
    const options = { maxOutputLength: Math.min(room - length + 1, 2 ** 32), info: true } as const;
    // With "info" the answer has the engine beside the content.
    const member = decompress(packed.subarray(at), options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    parts.push(member.buffer);
    length += member.buffer.length;
    at += member.engine.bytesWritten;
    while (at < packed.length && packed[at] === 0) at += 1;
  }
  return Buffer.concat(parts);
}
