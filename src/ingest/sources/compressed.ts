/**
 * A log that logrotate compressed after we had begun to read it: app.log.2.gz is the app.log of two
 * days ago. It is known by its content, as a renamed one is, and only its rest is read.
 */
import { readSync } from 'node:fs';
import { type Compression, detectCompression } from '../../formats/detect.ts';
import { hasCodec } from '../../uring/decompress.ts';
import { unpackHead } from '../../uring/unpack-stream.ts';
import { attempt } from '../commit/durable.ts';
import { FINGERPRINT_BYTES, hashOf } from '../commit/fingerprint.ts';
import type { SourceState } from '../commit/record.ts';
import { openStream } from './open-stream.ts';
import type { Content } from './source.ts';

/** Compressed bytes that hold the first kilobyte of most contents: a block of bzip2 has 900 KB. */
const HEAD_BYTES = 1024 * 1024;

/** What a compression is known by. */
const MAGIC_BYTES = 64;

/** The first bytes of the content of a compressed file; undefined for any other. */
export function compressedHead(fd: number, path: string): Buffer | undefined {
  const read = (length: number): Buffer => {
    const data = Buffer.alloc(length);
    return data.subarray(
      0,
      attempt('read', path, () => readSync(fd, data, 0, length, 0)),
    );
  };
  const compression = detectCompression(read(MAGIC_BYTES));
  if (compression === undefined || !hasCodec(compression)) return undefined;
  return unpackHead(read(HEAD_BYTES), compression, FINGERPRINT_BYTES);
}

/** Whether a content that begins with `head` may be the one of `state`; its tail has to tell. */
export function mayContinue(head: Buffer, state: SourceState): boolean {
  const { fingerprint, offset, plan, done } = state;
  const { headBytes } = fingerprint;
  return (
    !done &&
    plan !== undefined &&
    offset > 0 &&
    head.length >= headBytes &&
    hashOf(head.subarray(0, headBytes)) === fingerprint.head
  );
}

/** What is behind the state's offset; undefined when the content is another after all. */
export async function restOf(
  file: Content,
  compression: Compression,
  { offset, fingerprint }: SourceState,
): Promise<AsyncIterable<Buffer> | undefined> {
  const chunks = openStream(file, compression)[Symbol.asyncIterator]();
  let tail = Buffer.alloc(0);
  let rest = Buffer.alloc(0);
  for (let at = 0; at < offset; ) {
    const next = await chunks.next();
    if (next.done === true) return undefined;
    const known = next.value.subarray(0, offset - at);
    tail = Buffer.concat([tail, known.subarray(-fingerprint.tailBytes)]).subarray(
      -fingerprint.tailBytes,
    );
    rest = Buffer.from(next.value.subarray(known.length));
    at += known.length;
  }
  if (hashOf(tail) !== fingerprint.tail) {
    await chunks.return?.();
    return undefined;
  }
  return behind(rest, chunks);
}

/** Some bytes, then what else comes. */
export async function* behind(rest: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (rest.length > 0) yield rest;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    yield next.value;
  }
}
