/**
 * A file as batches of whole records: the next block is being read while the present one is
 * computed on. Two buffers live for the whole run and are used in turn.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { NairobiError } from '../../errors.ts';
import { type Bytes, bytes, formatBytes, MiB } from '../../units.ts';
import { ioError } from '../commit/durable.ts';
import type { Cutter } from '../decode/boundary.ts';
import type { Content } from './source.ts';

/**
 * One record may not be longer: DuckDB's max_line_size is 2 MB, and a log line with a dump fits.
 */
export const MAX_RECORD_BYTES = bytes(16 * MiB);

/** Whole records, valid until the next batch is asked for. */
export interface Batch {
  readonly data: Buffer;
  /** Byte offset of data[0] in the content. */
  readonly offset: number;
  /** Offset behind its last byte, where that does not follow: of text in another encoding. */
  readonly end?: number;
}

export interface FeedOptions {
  readonly from: number;
  /** Stop here although the file goes on; undefined: read to its end. */
  readonly until?: number | undefined;
  readonly segmentBytes: Bytes;
  readonly cut: Cutter;
  /** True: a last record without a line end is a record. False: it is still being written. */
  readonly final: boolean;
  readonly onRead?: ((count: number) => void) | undefined;
}

/** Reads the file from `options.from` to its end. */
export async function* feedFile(
  { path, content }: Content,
  options: FeedOptions,
): AsyncGenerator<Batch> {
  const handle = await open(content, 'r').catch((cause: unknown) => {
    throw ioError('open', path, cause);
  });
  try {
    yield* batches(path, handle, options);
  } finally {
    await handle.close();
  }
}

async function* batches(
  path: string,
  handle: FileHandle,
  options: FeedOptions,
): AsyncGenerator<Batch> {
  const blocks = new Blocks(path, handle, options);
  let offset = options.from;
  let carry: Buffer = Buffer.alloc(0);
  for (;;) {
    const block = await blocks.next(carry);
    if (block === undefined) break;
    const end = options.cut(block);
    if (end > 0) {
      yield { data: block.subarray(0, end), offset };
      offset += end;
    }
    carry = block.subarray(end);
    if (carry.length > MAX_RECORD_BYTES) throw tooLong(path, offset);
  }
  if (options.final && carry.length > 0) yield { data: carry, offset };
}

/** Alternates between two buffers, reading into one while the other is in use. */
class Blocks {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #options: FeedOptions;
  readonly #buffers: Buffer[] = [];
  #position: number;
  #turn = 0;
  #ahead: Promise<{ buffer: Buffer; count: number }> | undefined;

  constructor(path: string, handle: FileHandle, options: FeedOptions) {
    this.#path = path;
    this.#handle = handle;
    this.#options = options;
    this.#position = options.from;
  }

  /** The carry followed by the next bytes of the file; undefined at its end. */
  async next(carry: Buffer): Promise<Buffer | undefined> {
    const { buffer, count } = await (this.#ahead ?? this.read());
    if (count === 0) return undefined;
    const room = MAX_RECORD_BYTES + 1;
    const kept = Math.min(carry.length, room);
    const start = room - kept;
    carry.copy(buffer, start, 0, kept);
    this.#ahead = this.read();
    // A failed read is reported when its block is asked for, not as an unhandled rejection.
    this.#ahead.catch(() => undefined);
    return buffer.subarray(start, room + count);
  }

  private async read(): Promise<{ buffer: Buffer; count: number }> {
    const slot = this.#turn;
    this.#turn = 1 - slot;
    // The carry of the block before goes in front of what is read here.
    const room = MAX_RECORD_BYTES + 1;
    this.#buffers[slot] ??= Buffer.allocUnsafeSlow(room + this.#options.segmentBytes);
    const buffer = this.#buffers[slot];
    const left = (this.#options.until ?? Number.POSITIVE_INFINITY) - this.#position;
    const wanted = Math.min(this.#options.segmentBytes, left);
    let count = 0;
    while (count < wanted) {
      const bytesRead = await this.#readSome(buffer, room + count, wanted - count);
      if (bytesRead === 0) break;
      count += bytesRead;
      this.#position += bytesRead;
      this.#options.onRead?.(bytesRead);
    }
    return { buffer, count };
  }

  async #readSome(buffer: Buffer, at: number, length: number): Promise<number> {
    for (;;) {
      try {
        return (await this.#handle.read(buffer, at, length, this.#position)).bytesRead;
      } catch (cause) {
        // A file system that may be interrupted has read nothing then.
        if ((cause as NodeJS.ErrnoException).code !== 'EINTR') {
          throw ioError('read', this.#path, cause);
        }
      }
    }
  }
}

export function tooLong(path: string, byte: number): NairobiError {
  return new NairobiError(
    'BAD_DATA',
    `Cannot read ${path}: a record is longer than ${formatBytes(MAX_RECORD_BYTES)}`,
    {
      where: { file: path, byte },
      hint: 'an opening quote without a closing one looks like this: check the line at that byte',
    },
  );
}
