/**
 * Opens what has no size or another one than its content: pipes and compressed files. What turns
 * out to be short is in memory then; what is longer, and text, waits to be read in segments.
 */
import { blockSegments, consistsOfBlocks } from '../../formats/blocks/segments.ts';
import { CsvSegments } from '../../formats/csv/segments.ts';
import {
  DETECT_BYTES,
  detect,
  detectCompression,
  type FormatName,
  isDelimited,
} from '../../formats/detect.ts';
import { otherEncoding } from '../../formats/encoding.ts';
import { elementsOf, LINES } from '../../formats/json/layout.ts';
import { JsonSegments } from '../../formats/json/segments.ts';
import type { ReadOptions } from '../../formats/options.ts';
import type { SegmentedText } from '../../formats/segment.ts';
import { Transcoder } from '../../formats/transcoder.ts';
import type { CodecName } from '../../kernel/codecs/codec.ts';
import {
  SEGMENT_BYTES_MAX,
  SEGMENTS_IN_REGION,
  SEGMENTS_MIN,
  STREAM_BYTES_MAX,
  STREAM_HEAD_BYTES,
  STREAM_SHARE,
} from '../../limits.ts';
import type { Lease } from '../../memory/lease.ts';
import { unpack } from '../../uring/content.ts';
import { ContentStream, type Origin } from '../../uring/content-stream.ts';
import { hasCodec } from '../../uring/decompress.ts';
import { type InputFile as OpenFile, openInput } from '../../uring/input-file.ts';
import { STREAM_FACTS, widenPipe } from '../../uring/stream.ts';
import { type InputFile, placeOf } from '../inputs/files.ts';
import type { PieceContext } from '../inputs/open.ts';
import { MemoryPiece } from '../pieces/memory-piece.ts';
import type { Piece } from '../pieces/piece.ts';
import { type Begun, copyOf, fillRoom, StreamedContent, type StreamSizes } from './content.ts';
import { contentOfPipe } from './pipe-content.ts';
import { spoolContent } from './spool.ts';
import { StreamPiece } from './stream-piece.ts';

/** What the first bytes tell of the compression. */
export const MAGIC_BYTES = 16;

export function sizesOf(memoryLimit: number): StreamSizes {
  const least = SEGMENTS_MIN * STREAM_HEAD_BYTES;
  const share = Math.floor(memoryLimit * STREAM_SHARE);
  const regionBytes = Math.min(STREAM_BYTES_MAX, Math.max(least, share));
  const segmentBytes = Math.min(SEGMENT_BYTES_MAX, Math.floor(regionBytes / SEGMENTS_IN_REGION));
  return { headBytes: STREAM_HEAD_BYTES, regionBytes, segmentBytes };
}

/** A pipe, FIFO, terminal or socket. */
export function openPipe(file: InputFile, context: PieceContext): Piece {
  const input = openInput(placeOf(file));
  try {
    widenPipe(input);
    const origin = { ...originOf(file, context), pipe: input.fd };
    const begun = begin(origin, context);
    const magic = copyOf(begun, fillRoom(begun, MAGIC_BYTES));
    const compression = detectCompression(magic);
    const filled = magic.length;
    if (compression === undefined) {
      return finish(file, context, { origin, begun: { ...begun, filled }, input });
    }
    if (!hasCodec(compression)) return unpacked(file, context, { ...begun, filled }, compression);
    const packed = { ...origin, compression, already: magic };
    const stream = new ContentStream(packed, { record: true });
    const anew = { stream, room: begun.room, filled: 0 };
    return finish(file, context, { origin: packed, begun: anew, input });
  } catch (error) {
    input[Symbol.dispose]();
    throw error;
  }
}

/** A regular file whose content is longer than it says. */
export function openCompressed(
  file: InputFile,
  compression: CodecName,
  context: PieceContext,
): Piece {
  const told = context.reporter.progress.tell(file.path);
  const origin = { ...originOf(file, context), compression, told };
  context.reporter.note(`${file.path} was decompressed (${compression})`);
  return finish(file, context, { origin, begun: begin(origin, context), input: undefined });
}

/** A regular text that is neither scanned in place nor fits; undefined when it cannot be cut. */
export function openLong(file: InputFile, context: PieceContext): Piece | undefined {
  const origin = originOf(file, context);
  const begun = begin(origin, context);
  const head = copyOf(begun, fillRoom(begun, context.sizes.headBytes));
  const { facts } = begun.stream;
  dismiss(begun);
  const piece = segmented(file, context, head, { origin, input: undefined });
  if (piece !== undefined) context.reporter.set(facts);
  return piece;
}

const originOf = (file: InputFile, { plan }: PieceContext): Origin => ({
  path: placeOf(file),
  compression: undefined,
  io: plan.io,
  direct: plan.direct,
});

function begin(origin: Origin, { pool }: PieceContext): Begun {
  const stream = new ContentStream(origin);
  try {
    return { stream, room: pool.open(), filled: 0 };
  } catch (error) {
    stream[Symbol.dispose]();
    throw error;
  }
}

function dismiss({ stream, room }: Begun): void {
  stream[Symbol.dispose]();
  room.drop();
}

interface Opened {
  readonly origin: Origin;
  readonly begun: Begun;
  /** Of a pipe; closed by whoever has read it to its end. */
  readonly input: OpenFile | undefined;
}

/** Reads on until it is clear whether the content is short. */
function finish(file: InputFile, context: PieceContext, opened: Opened): Piece {
  const { begun, input } = opened;
  const { sizes } = context;
  const { room } = begun;
  try {
    const least = Math.min(sizes.headBytes, room.byteLength);
    let filled = fillRoom(begun, least);
    let isShort = filled < least;
    if (!isShort && !mayBeginEarly(file, context, copyOf(begun, filled))) {
      const most = Math.min(sizes.regionBytes, room.byteLength);
      filled = fillRoom({ ...begun, filled }, most);
      isShort = filled < most;
    }
    if (!isShort) {
      const head = copyOf(begun, Math.min(filled, sizes.headBytes));
      const piece = segmented(file, context, head, { ...opened, begun: { ...begun, filled } });
      if (piece !== undefined) return piece;
      if (isScanned(head, file.path, context.read)) {
        const kept = onDisk(file, context, { ...begun, filled });
        input?.[Symbol.dispose]();
        return kept;
      }
      filled = fillRoom({ ...begun, filled }, room.byteLength);
      if (filled === room.byteLength) throw room.tooSmall();
    }
    const { facts } = begun.stream;
    begun.stream[Symbol.dispose]();
    input?.[Symbol.dispose]();
    return inMemory(file, context, room.keep(filled), filled, facts);
  } catch (error) {
    dismiss(begun);
    throw error;
  }
}

/** What kernels read as it comes gains nothing from being there first. */
function mayBeginEarly(file: InputFile, { early, read }: PieceContext, head: Buffer): boolean {
  if (early !== 'if plain') return early;
  const format = read.format ?? detect(file.path, head.subarray(0, DETECT_BYTES));
  if (!isDelimited(format) || otherEncoding(head, format, read) !== undefined) return false;
  const text = textOf(head, format, file.path, read);
  return text?.plain?.(text.columns.map(({ name }) => name)) !== undefined;
}

/** Polars begins with the end of it, and reads no more than it needs. */
function isScanned(head: Buffer, path: string, { format }: ReadOptions): boolean {
  const found = format ?? detect(path, head.subarray(0, DETECT_BYTES));
  return found === 'parquet' || found === 'arrow';
}

function onDisk(file: InputFile, context: PieceContext, begun: Begun): Piece {
  const { path, byteLength, file: held } = spoolContent(begun);
  begun.room.drop();
  context.reporter.note(`${file.path} was kept in a file without a name while it was read`);
  try {
    const kept: InputFile = { ...file, kind: 'regular', size: byteLength, place: path };
    return context.openKept(kept, held);
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** The piece in segments; undefined where the content cannot be cut, and nothing happened then. */
function segmented(
  file: InputFile,
  context: PieceContext,
  head: Buffer,
  { origin, begun, input }: Partial<Opened> & { readonly origin: Origin },
): Piece | undefined {
  const { pool, reporter, sizes } = context;
  const format = context.read.format ?? detect(file.path, head.subarray(0, DETECT_BYTES));
  const encoding = otherEncoding(head, format, context.read);
  const isUtf8 = encoding === undefined;
  const beginning = isUtf8 ? head : new Transcoder(encoding).push(head, false);
  const read: ReadOptions = isUtf8 ? context.read : { ...context.read, format, encoding: 'utf8' };
  const understand = (types: ReadOptions['types']): SegmentedText | undefined =>
    textOf(beginning, format, file.path, types === undefined ? read : { ...read, types });
  const text = understand(read.types);
  if (text === undefined) return undefined;
  const isPipe = input !== undefined && begun !== undefined;
  const content = isPipe
    ? contentOfPipe({ origin, begun, input }, encoding, context)
    : new StreamedContent({ ...origin, encoding }, pool, sizes);
  if (begun !== undefined) reporter.set(begun.stream.facts);
  if (!isPipe && begun !== undefined) dismiss(begun);
  return new StreamPiece(file, {
    content,
    understand: (types) => understand(types) ?? text,
    read,
    reporter,
  });
}

/** What can be cut: blocks, and UTF-8 whose records are told apart without knowing all of it. */
function textOf(
  head: Buffer,
  format: FormatName,
  path: string,
  options: ReadOptions,
): SegmentedText | undefined {
  if (consistsOfBlocks(format)) return blockSegments(head, format, path);
  if (format === 'ndjson' || format === 'json') {
    const layout = format === 'json' ? elementsOf(head) : LINES;
    const text = layout && new JsonSegments(head, options, path, layout);
    return text?.columns.length === 0 ? undefined : text;
  }
  if (!isDelimited(format)) return undefined;
  const text = new CsvSegments(head, format, options, path);
  return text.needsMoreRows || text.start.byte >= head.length ? undefined : text;
}

function inMemory(
  file: InputFile,
  { read, reporter }: PieceContext,
  lease: Lease,
  byteLength: number,
  facts: ContentStream['facts'],
): Piece {
  const { pageKind } = lease;
  reporter.set({ ...facts, pageKind });
  reporter.addBytesRead(byteLength);
  try {
    return new MemoryPiece(file, { lease, byteLength }, read, reporter);
  } catch (error) {
    lease.release();
    throw error;
  }
}

/** A compressed pipe on a host whose decoder wants all of it at once. */
function unpacked(
  file: InputFile,
  context: PieceContext,
  begun: Begun,
  compression: CodecName,
): Piece {
  const { room } = begun;
  let filled: number;
  try {
    filled = fillRoom(begun, room.byteLength);
    if (filled === room.byteLength) throw room.tooSmall();
  } catch (error) {
    dismiss(begun);
    throw error;
  }
  const facts = { ...STREAM_FACTS, direct: false };
  const raw = {
    lease: room.keep(filled),
    byteLength: filled,
    facts: { ...facts, pageKind: 'plain' as const },
  };
  const { lease, byteLength } = unpack(file.path, raw, compression, context.pool);
  return inMemory(file, context, lease, byteLength, facts);
}
