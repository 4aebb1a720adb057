/**
 * Streams to read from: standard input and FIFOs as they are, compressed files as their content.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Compression } from '../../formats/detect.ts';
import { KiB } from '../../units.ts';
import { unpackStream } from '../../uring/unpack-stream.ts';
import { ioError } from '../commit/durable.ts';
import type { Content } from './source.ts';

/** As large as a pipe can be made without a privilege, and a good block for a decompressor. */
const CHUNK_BYTES = 1024 * KiB;

/** The bytes of a file from `from` on; "-" is standard input. */
export function openStream(
  { path, content }: Content,
  compression: Compression | undefined,
  { from, blockBytes = CHUNK_BYTES }: { from?: number; blockBytes?: number } = {},
): AsyncIterable<Buffer> {
  const raw = createReadStream(content, {
    highWaterMark: blockBytes,
    ...(from === undefined ? {} : { start: from }),
    ...(path === '/dev/stdin' ? { fd: 0 } : {}),
  });
  return compression === undefined
    ? withErrors(raw, path)
    : unpackStream(withErrors(raw, path), compression, path);
}

async function* withErrors(stream: Readable, path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (cause) {
    throw ioError('read', path, cause);
  }
}
