/**
 * A text of another encoding as batches of whole records in UTF-8. Their places are those of the
 * file: what a state remembers is found again without reading what lies before.
 */
import { NairobiError } from '../../errors.ts';
import { bytesIn, type OtherEncoding, Transcoder } from '../../formats/transcoder.ts';
import { MiB } from '../../units.ts';
import type { Decoded } from '../decode/decoder.ts';
import { type Batch, type FeedOptions, MAX_RECORD_BYTES, tooLong } from './feed.ts';
import { openStream } from './open-stream.ts';
import type { Content } from './source.ts';

/** Characters are made strings in between: a few at a time. */
const BLOCK_BYTES = 4 * MiB;

/** Reads the file from `options.from`, which lies behind its byte-order mark, to its end. */
export async function* feedTranscoded(
  file: Content,
  encoding: OtherEncoding,
  options: FeedOptions,
): AsyncGenerator<Batch> {
  const transcoder = new Transcoder(encoding, false);
  let offset = options.from;
  let carry: Buffer = Buffer.alloc(0);
  const whole = (text: Buffer, end: number): Batch => {
    const data = text.subarray(0, end);
    const batch = { data, offset, end: offset + bytesIn(encoding, data) };
    offset = batch.end;
    carry = Buffer.from(text.subarray(end));
    if (carry.length > MAX_RECORD_BYTES) throw tooLong(file.path, offset);
    return batch;
  };
  const blocks = openStream(file, undefined, { from: offset, blockBytes: BLOCK_BYTES });
  for await (const block of blocks) {
    options.onRead?.(block.length);
    const text = Buffer.concat([carry, transcoder.push(block, false)]);
    const batch = whole(text, options.cut(text));
    if (batch.data.length > 0) yield batch;
  }
  if (!options.final) return;
  const rest = Buffer.concat([carry, transcoder.push(Buffer.alloc(0), true)]);
  if (rest.length > 0) yield whole(rest, rest.length);
}

/** The rejects of a batch with the places their records have in the file. */
export function placedRejects(
  encoding: OtherEncoding,
  { data, offset }: Batch,
  rejects: Decoded['rejects'],
): Decoded['rejects'] {
  let known = 0;
  let byte = offset;
  return rejects.map((reject) => {
    const at = reject.byte - offset;
    byte +=
      at < known
        ? -bytesIn(encoding, data.subarray(at, known))
        : bytesIn(encoding, data.subarray(known, at));
    known = at;
    return { ...reject, byte };
  });
}

/** The error with the place its record has in the file. */
export function placedError(
  encoding: OtherEncoding,
  { data, offset }: Batch,
  error: NairobiError,
): NairobiError {
  const { code, message, hint, where, cause } = error;
  if (where?.byte === undefined) return error;
  const byte = offset + bytesIn(encoding, data.subarray(0, where.byte - offset));
  return new NairobiError(code, message, {
    where: { ...where, byte },
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
