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
  const options = { maxOutputLength: Math.min(room, 2 ** 32) };
  try {
    return name === 'gz' ? gunzipSync(packed, options) : zstdDecompressSync(packed, options);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    const message = `Cannot decompress ${path}: ${messageOf(cause)} (${packed.length} bytes of it)`;
    const hint = 'copy the file again: it is damaged, or was cut short';
    throw new NairobiError('BAD_DATA', message, { where: { file: path }, hint, cause });
  }
}
