/** What comes through a pipe: its compression and its format, known by its first bytes. */
import { NairobiError } from '../../errors.ts';
import { DETECT_BYTES, detect, detectCompression, mayBeCompressed } from '../../formats/detect.ts';
import { utf8Head } from '../../formats/transcoder.ts';
import { unpackStream } from '../../uring/unpack-stream.ts';
import { behind } from './compressed.ts';
import { isTextFormat, type TextFormat } from './text-plan.ts';

export interface Piped {
  readonly bytes: AsyncIterable<Buffer>;
  readonly format: TextFormat;
}

/**
 * Reads no more than the first bytes: a pipe may pause behind them. Throws BAD_DATA for what is no
 * table, NOT_SUPPORTED for formats that cannot be read as they come.
 */
export async function openPiped(
  path: string,
  chunks: AsyncIterable<Buffer>,
  wanted: TextFormat | undefined,
): Promise<Piped> {
  const packed = await begun(chunks, mayBeCompressed);
  const compression = detectCompression(packed.head);
  const { head, bytes } =
    compression === undefined
      ? packed
      : await begun(unpackStream(packed.bytes, compression, path), mayBeCompressed);
  if (wanted !== undefined) return { bytes, format: wanted };
  const found = detect(path, head.subarray(0, DETECT_BYTES));
  // The first line of NDJSON may not have come whole.
  const isObject = /^\s*\{/.test(utf8Head(head).toString('latin1'));
  const format = found === 'json' && isObject ? 'ndjson' : found;
  if (isTextFormat(format)) return { bytes, format };
  throw new NairobiError('NOT_SUPPORTED', `A pipe of ${format} cannot be ingested as it comes`, {
    where: { file: path },
    hint: 'name the file, or redirect it: nairobi ingest - < FILE',
  });
}

/** The first bytes, as many as are wanted, and all of them again. */
export async function begun(
  chunks: AsyncIterable<Buffer>,
  wantsMore: (head: Buffer) => boolean,
): Promise<{ readonly head: Buffer; readonly bytes: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (wantsMore(head)) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return { head, bytes: behind(head, iterator) };
}
