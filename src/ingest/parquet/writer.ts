/**
 * One Parquet file out of many frames in bounded memory. Polars writes each frame as a whole
 * Parquet file in memory; the row groups of those are put one behind the other and one footer is
 * written for all, with the offsets moved. No value is encoded twice.
 * Field numbers:
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { closeSync, fstatSync, fsyncSync, openSync } from 'node:fs';
import type { DataFrame } from '../../compute/polars.ts';
import { assert, NairobiError } from '../../errors.ts';
import { attempt, writeFully } from '../commit/durable.ts';
import { readExactly } from '../commit/fingerprint.ts';
import {
  child,
  decodeStruct,
  encodeStruct,
  integer,
  structs,
  type ThriftStruct,
  type ThriftValue,
} from './thrift.ts';

export type Codec = 'zstd' | 'snappy' | 'lz4' | 'gzip' | 'brotli' | 'uncompressed';

const MAGIC = Buffer.from('PAR1');
/** The length of the footer and the magic behind it. */
const TRAILER_BYTES = 8;

/** Copied at a time: large enough for the device, small beside the memory limit. */
const COPY_BYTES = 1 << 20;

const FILE = { schema: 2, rows: 3, rowGroups: 4, createdBy: 6 } as const;
const GROUP = { columns: 1, rows: 3, fileOffset: 5, ordinal: 7 } as const;
const CHUNK = { fileOffset: 2, metadata: 3, indexes: [4, 5, 6, 7] } as const;
const COLUMN = { offsets: [9, 10, 11, 14] } as const;

const int = (type: 4 | 5 | 6, value: bigint): ThriftValue => ({ type, value });

export class ParquetWriter {
  readonly path: string;
  readonly #codec: Codec;
  readonly #fd: number;
  readonly #groups: ThriftStruct[] = [];
  #footer: ThriftStruct | undefined;
  #schema: Buffer | undefined;
  #bytes = MAGIC.length;
  #rows = 0;
  #open = true;

  /** Creates `path`, which must not exist; or writes into an empty file that is open already. */
  constructor(path: string, codec: Codec, fd?: number) {
    this.path = path;
    this.#codec = codec;
    this.#fd = fd ?? attempt('create', path, () => openSync(path, 'wx', 0o644));
    try {
      writeFully(this.#fd, MAGIC, path);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  get rows(): number {
    return this.#rows;
  }

  /** Bytes in the file so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes the frame as row groups; all frames of a file have the same columns and types. */
  append(frame: DataFrame): void {
    assert(this.#open, 'a closed Parquet file takes no more rows');
    this.appendEncoded(encodeParquet(frame, this.#codec), frame.height);
  }

  /** The same for a Parquet file that is in memory already. */
  appendEncoded(file: Buffer, rows: number): void {
    const footer = readFooter(file);
    this.takeFooter(footer);
    const body = file.subarray(MAGIC.length, bodyEnd(file));
    writeFully(this.#fd, body, this.path);
    this.#bytes += body.length;
    this.#rows += rows;
  }

  /** Copies the row groups of another file of ours in front of what follows. */
  appendFile(path: string): void {
    const fd = attempt('open', path, () => openSync(path, 'r'));
    try {
      const size = fstatSync(fd).size;
      const trailer = readExactly(fd, size - TRAILER_BYTES, TRAILER_BYTES, path);
      const end = size - TRAILER_BYTES - (trailer?.readUInt32LE(0) ?? 0);
      const encoded =
        end < MAGIC.length ? undefined : readExactly(fd, end, size - TRAILER_BYTES - end, path);
      if (encoded === undefined || trailer?.subarray(4).equals(MAGIC) !== true) {
        throw new NairobiError('BAD_DATA', `Cannot add to ${path}: it is not a Parquet file`, {
          where: { file: path },
        });
      }
      const footer = decodeStruct(encoded);
      this.takeFooter(footer);
      this.copyBody(fd, path, end);
      this.#rows += Number(integer(footer, FILE.rows) ?? 0n);
    } finally {
      closeSync(fd);
    }
  }

  private copyBody(fd: number, path: string, end: number): void {
    for (let at: number = MAGIC.length; at < end; ) {
      const block = readExactly(fd, at, Math.min(COPY_BYTES, end - at), path);
      assert(block !== undefined, 'the body of a Parquet file lies within the file');
      writeFully(this.#fd, block, this.path);
      at += block.length;
      this.#bytes += block.length;
    }
  }

  /** Takes over the row groups of a file whose body is written next. */
  private takeFooter(footer: ThriftStruct): void {
    const schema = encodeStruct(new Map([[1, footer.get(FILE.schema) as ThriftValue]]));
    this.#schema ??= schema;
    if (!this.#schema.equals(schema)) {
      throw new NairobiError(
        'BAD_DATA',
        `Cannot write ${this.path}: the columns changed on the way`,
      );
    }
    this.#footer ??= footer;
    const shift = BigInt(this.#bytes - MAGIC.length);
    for (const group of structs(footer, FILE.rowGroups)) {
      moveGroup(group, shift, this.#groups.length);
      this.#groups.push(group);
    }
  }

  /**
   * Writes the footer and syncs: the file is whole and on the disk. At least one frame is needed.
   */
  close(): void {
    const footer = this.#footer;
    assert(footer !== undefined, 'a Parquet file needs a frame, though it may have no rows');
    const items = this.#groups.map((fields): ThriftValue => ({ type: 12, fields }));
    footer.set(FILE.rowGroups, { type: 9, element: 12, items });
    footer.set(FILE.rows, int(6, BigInt(this.#rows)));
    const tail = tailOf(footer);
    try {
      writeFully(this.#fd, tail, this.path);
      attempt('sync', this.path, () => fsyncSync(this.#fd));
      this.#bytes += tail.length;
    } finally {
      this.abandon();
    }
  }

  /** Lets go of the file as it is. */
  abandon(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}

/** A frame as a Parquet file in memory. */
export function encodeParquet(frame: DataFrame, codec: Codec): Buffer {
  const encoded: unknown = frame.writeParquet({ compression: codec });
  assert(Buffer.isBuffer(encoded), 'writeParquet without a path answers with a buffer');
  return encoded;
}

/** A Parquet file out of what lies between its magic and its footer. */
export const joinParquet = (body: readonly Buffer[], footer: ThriftStruct): Buffer =>
  Buffer.concat([MAGIC, ...body, tailOf(footer)]);

function tailOf(footer: ThriftStruct): Buffer {
  const encoded = encodeStruct(footer);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(encoded.length);
  return Buffer.concat([encoded, length, MAGIC]);
}

function bodyEnd(file: Buffer): number {
  const length = file.readUInt32LE(file.length - TRAILER_BYTES);
  return file.length - TRAILER_BYTES - length;
}

export function readFooter(file: Buffer): ThriftStruct {
  const end = bodyEnd(file);
  assert(end >= MAGIC.length, 'Polars writes a footer that lies within the file');
  return decodeStruct(file.subarray(end, file.length - TRAILER_BYTES));
}

/**
 * Moves every absolute offset of a row group; page indexes, whose offsets lie outside, are dropped.
 */
function moveGroup(group: ThriftStruct, shift: bigint, ordinal: number): void {
  moveField(group, GROUP.fileOffset, shift);
  if (group.has(GROUP.ordinal)) {
    // i16: readers do without it beyond 32,767 row groups.
    if (ordinal < 0x8000) group.set(GROUP.ordinal, int(4, BigInt(ordinal)));
    else group.delete(GROUP.ordinal);
  }
  for (const chunk of structs(group, GROUP.columns)) {
    moveField(chunk, CHUNK.fileOffset, shift);
    for (const id of CHUNK.indexes) chunk.delete(id);
    const metadata = child(chunk, CHUNK.metadata);
    if (metadata === undefined) continue;
    for (const id of COLUMN.offsets) moveField(metadata, id, shift);
  }
}

function moveField(fields: ThriftStruct, id: number, shift: bigint): void {
  const value = integer(fields, id);
  // Zero is "not known" for the file offsets, which are deprecated.
  if (value !== undefined && value > 0n) fields.set(id, int(6, value + shift));
}
