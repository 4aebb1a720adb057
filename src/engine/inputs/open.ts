/** Opens the files of a source: each through the reader into the pool's memory. */
import { closeSync, constants, openSync } from 'node:fs';
import { consistsOfBlocks } from '../../formats/blocks/segments.ts';
import { DETECT_BYTES, detect, detectCompression, type FormatName } from '../../formats/detect.ts';
import { otherEncoding } from '../../formats/encoding.ts';
import type { ReadOptions } from '../../formats/options.ts';
import type { OtherEncoding } from '../../formats/transcoder.ts';
import type { CodecName } from '../../kernel/codecs/codec.ts';
import { IN_PLACE_BYTES_MIN, IN_PLACE_WINDOW_SHARE } from '../../limits.ts';
import type { Pool } from '../../memory/pool.ts';
import { MiB } from '../../units.ts';
import type { BlockReader } from '../../uring/block-reader.ts';
import { readContent } from '../../uring/content.ts';
import { hasCodec } from '../../uring/decompress.ts';
import { type InPlace, openInPlace } from '../../uring/in-place.ts';
import { readAt } from '../../uring/read-at.ts';
import { InPlacePiece } from '../pieces/in-place-piece.ts';
import { MemoryPiece } from '../pieces/memory-piece.ts';
import type { Piece } from '../pieces/piece.ts';
import { SqlitePiece } from '../pieces/sqlite-piece.ts';
import type { HostPlan } from '../plan.ts';
import type { Reporter } from '../run/report.ts';
import type { StreamSizes } from '../segments/content.ts';
import { MAGIC_BYTES, openCompressed, openLong, openPipe } from '../segments/open-stream.ts';
import { type InputFile, placeOf } from './files.ts';

export interface OpenContext {
  readonly plan: HostPlan;
  readonly read: ReadOptions;
  readonly pool: Pool;
  readonly reader: BlockReader;
  readonly reporter: Reporter;
  /** Begin before the input was read, where the plan may allow it; or only where kernels do. */
  readonly early: boolean | 'if plain';
  /** The rows are gone through once. */
  readonly once: boolean;
  readonly sizes: StreamSizes;
  /** Before Polars gets something large. */
  readonly watchMemory: () => void;
  /** Between small parts of something large. */
  readonly glanceAtMemory: () => void;
}

/** What is smaller takes no memory worth a thread that watches it. */
export const LARGE_BYTES = 8 * MiB;

export interface PieceContext extends OpenContext {
  /** Opens a file that is to be let go of when the piece is closed. */
  readonly openKept: (file: InputFile, held: Disposable) => Piece;
}

/** All files or none: what was opened is closed again when one fails. */
export function openPieces(files: readonly InputFile[], given: OpenContext): Piece[] {
  const context: PieceContext = {
    ...given,
    openKept: (file, held) => openRegular(file, context, held),
  };
  const pieces: Piece[] = [];
  try {
    for (const file of files) pieces.push(openPiece(file, context));
    return pieces;
  } catch (error) {
    for (const piece of pieces.reverse()) piece.close();
    throw error;
  }
}

function openPiece(file: InputFile, context: PieceContext): Piece {
  if (file.kind === 'stream') {
    context.watchMemory();
    return openPipe(file, context);
  }
  const compression = file.kind === 'regular' ? compressionOf(file) : undefined;
  if (compression !== undefined && hasCodec(compression)) {
    if (file.size >= LARGE_BYTES) context.watchMemory();
    return openCompressed(file, compression, context);
  }
  return openRegular(file, context);
}

function openRegular(file: InputFile, context: PieceContext, held?: Disposable): Piece {
  const opened = mayStayInPlace(file, context) ? openPlain(file, context) : undefined;
  if (opened === undefined) {
    const piece = openInMemory(file, context);
    held?.[Symbol.dispose]();
    return piece;
  }
  const { plan, read, reporter, sizes } = context;
  const fits = file.size <= plan.memoryLimit / 2;
  try {
    const typed = (types: ReadOptions['types']): PieceContext =>
      types === undefined ? context : { ...context, read: { ...read, types } };
    const openCut = (types: ReadOptions['types']): Piece | undefined => {
      context.watchMemory();
      return openLong(file, typed(types));
    };
    const openWhole = (types: ReadOptions['types']): Piece =>
      (fits ? undefined : openCut(types)) ?? openInMemory(file, typed(types));
    const { format, encoding } = lookAt(file, opened.fd, read);
    if (!fits && format === 'sqlite' && file.place === undefined) {
      context.watchMemory();
      const piece = new SqlitePiece(file, read, (types) => openInMemory(file, typed(types)));
      opened.close();
      return piece;
    }
    // What Polars does not scan would be parsed at once; of what is not UTF-8, two copies be made.
    const isParsed = /json$/.test(format) || consistsOfBlocks(format);
    const isRead = encoding === undefined ? !fits && isParsed : file.size > sizes.regionBytes;
    const long = isRead ? openCut(undefined) : undefined;
    if (long !== undefined) {
      opened.close();
      return long;
    }
    const piece = new InPlacePiece(file, opened, {
      read,
      fits,
      rowsBytes: sizes.regionBytes,
      openWhole,
      openLong: openCut,
      watchMemory: context.watchMemory,
      glanceAtMemory: context.glanceAtMemory,
      discount: () => reporter.addBytesRead(-file.size),
      ...(held === undefined ? {} : { held }),
    });
    const { ringFlags } = opened.facts;
    reporter.set({ backend: ringFlags.length > 0 ? 'io_uring' : 'mmap', ringFlags });
    reporter.addBytesRead(file.size);
    return piece;
  } catch (error) {
    try {
      // Zeros where pages are missing look like anything but what the file was.
      opened.verify();
    } finally {
      opened.close();
    }
    throw error;
  }
}

function lookAt(
  file: InputFile,
  fd: number,
  options: ReadOptions,
): { readonly format: FormatName; readonly encoding: OtherEncoding | undefined } {
  const room = Buffer.alloc(DETECT_BYTES);
  const head = room.subarray(0, readAt(fd, room, 0, file.path));
  const format = options.format ?? detect(file.path, head);
  return { format, encoding: otherEncoding(head, format, options) };
}

/** See docs/io.md: what is large is best scanned where it lies, cached or not. */
function mayStayInPlace(file: InputFile, { plan }: OpenContext): boolean {
  if (file.kind !== 'regular' || file.size === 0) return false;
  if (plan.io === 'mmap') return true;
  return plan.io === 'auto' && plan.direct !== 'always' && file.size >= IN_PLACE_BYTES_MIN;
}

/** The file opened in place, unless this host has no fault guard. */
function openPlain(file: InputFile, { plan }: OpenContext): InPlace | undefined {
  const windowBytes = Math.floor(plan.memoryLimit * IN_PLACE_WINDOW_SHARE);
  return openInPlace(placeOf(file), file.size <= plan.memoryLimit / 2 ? {} : { windowBytes });
}

/** By its first bytes; undefined also where they cannot be read: whoever reads it says why. */
function compressionOf(file: InputFile): CodecName | undefined {
  let fd: number;
  try {
    // It may be a FIFO by now: nobody is to wait for its writer.
    fd = openSync(placeOf(file), constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const head = Buffer.alloc(MAGIC_BYTES);
    return detectCompression(head.subarray(0, readAt(fd, head, 0, file.path)));
  } finally {
    closeSync(fd);
  }
}

function openInMemory(file: InputFile, context: PieceContext): Piece {
  const { plan, pool, reader, reporter } = context;
  const { io, direct } = plan;
  if (file.kind !== 'regular' || file.size >= LARGE_BYTES) context.watchMemory();
  const content = reporter.time('io', () =>
    readContent(placeOf(file), { io, direct, pool, reader, detect: detectCompression }),
  );
  reporter.set(content.facts);
  if (content.compression !== undefined) {
    reporter.note(`${file.path} was decompressed (${content.compression})`);
  }
  reporter.addBytesRead(content.byteLength);
  try {
    return new MemoryPiece(file, content, context.read, reporter);
  } catch (error) {
    content.lease.release();
    throw error;
  }
}
