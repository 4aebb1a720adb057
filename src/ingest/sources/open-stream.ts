/**
 * Streams to read from: standard input and FIFOs as they are, compressed files as their content.
 */
import { createReadStream } from 'node:fs';
import type { Transform } from 'node:stream';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { NairobiError } from '../../errors.ts';
import type { Compression } from '../../formats/detect.ts';
import { KiB } from '../../units.ts';
import { ioError } from '../commit/durable.ts';
import type { Content } from './source.ts';

/** As large as a pipe can be made without a privilege, and a good block for a decompressor. */
const CHUNK_BYTES = 1024 * KiB;

/** The bytes of a file; "-" is standard input. */
export function openStream(
  { path, content }: Content,
  compression: Compression | undefined,
): AsyncIterable<Buffer> {
  const raw = createReadStream(content, {
    highWaterMark: CHUNK_BYTES,
    ...(path === '/dev/stdin' ? { fd: 0 } : {}),
  });
  if (compression === undefined) return withErrors(raw, path);
  const decompress = decompressor(compression, path);
  pipeline(raw, decompress, () => undefined);
  return withErrors(decompress, path);
}

export const canDecompress = (compression: Compression): boolean =>
  compression === 'gz' || compression === 'zst';

function decompressor(compression: Compression, path: string): Transform {
  if (compression === 'gz') return createGunzip({ chunkSize: CHUNK_BYTES });
  if (compression === 'zst') return createZstdDecompress({ chunkSize: CHUNK_BYTES });
  throw new NairobiError('NOT_SUPPORTED', `Cannot decompress ${compression}`, {
    where: { file: path },
  });
}

async function* withErrors(stream: Readable, path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (!code.startsWith('Z_') && !code.startsWith('ZSTD') && !code.startsWith('ERR_')) {
      throw ioError('read', path, cause);
    }
    throw new NairobiError('BAD_DATA', `${path} is damaged or cut off: ${String(cause)}`, {
      cause,
      where: { file: path },
      hint: 'nothing was committed; check the file with "gzip -t" or "zstd -t"',
    });
  }
}
