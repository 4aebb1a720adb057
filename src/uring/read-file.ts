/**
 * The simple door: a whole file, or stretches of it, into one leased region; waits until it is
 * there.
 */
import type { Backend } from '../engine/run/report.ts';
import { DIRECT_ALIGN_BYTES, PREFAULT_BYTES_MIN, RING_ENTRIES } from '../limits.ts';
import type { Lease, PageKind } from '../memory/lease.ts';
import type { Pool } from '../memory/pool.ts';
import type { BlockReader, ReaderFacts } from './block-reader.ts';
import { PreadReader } from './fallback.ts';
import { shrunkError } from './file-errors.ts';
import { type DirectWish, type InputFile, openInput } from './input-file.ts';
import { openRing, refusalReason } from './probe.ts';
import { RingReader, type RingReaderOptions } from './ring-reader.ts';
import { readStream, STREAM_FACTS } from './stream.ts';

export type IoWish = 'auto' | 'uring' | 'sqpoll' | 'iopoll' | 'pread' | 'mmap';

export interface ByteRange {
  readonly offset: number;
  readonly byteLength: number;
}

export interface ReadOptions extends RingReaderOptions {
  readonly io?: IoWish;
  readonly direct?: DirectWish;
  readonly pool: Pool;
  /** A reader to use again for many files; without it one is opened and closed. */
  readonly reader?: BlockReader;
  /** Only these stretches, one after the other in the lease, each at a multiple of 4 KiB. */
  readonly ranges?: readonly ByteRange[];
}

export interface ReadFacts extends ReaderFacts {
  readonly backend: Backend;
  readonly direct: boolean;
  readonly pageKind: PageKind;
}

/** Where a stretch of the file landed in the lease. */
export interface PlacedRange extends ByteRange {
  readonly at: number;
}

export interface ReadResult {
  readonly lease: Lease;
  /** Bytes of the file in the lease, from its start; with `ranges`, their sum. */
  readonly byteLength: number;
  readonly placed: readonly PlacedRange[];
  readonly facts: ReadFacts;
}

/**
 * The reader for this host: a ring, else blocking reads with the reason in its facts. With
 * `io: 'uring'` a refusal is an error; 'sqpoll' and 'iopoll' ask the ring for that as well and do
 * without where it is refused.
 */
export function openReader(io: IoWish = 'auto', options: RingReaderOptions = {}): BlockReader {
  if (io === 'pread') return new PreadReader(undefined);
  const entries = Math.max(RING_ENTRIES, options.readsInFlight ?? 0);
  try {
    const ring = openRing({ entries, sqpoll: io === 'sqpoll', iopoll: io === 'iopoll' });
    return new RingReader(ring, options);
  } catch (error) {
    if (io !== 'auto' && io !== 'mmap') throw error;
    return new PreadReader(refusalReason(error));
  }
}

const roundUp = (count: number): number =>
  Math.ceil(count / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
const roundDown = (count: number): number => count - (count % DIRECT_ALIGN_BYTES);

/** Gives each range a place that keeps file offset and address alike modulo 4 KiB. */
function place(ranges: readonly ByteRange[]): { placed: PlacedRange[]; byteLength: number } {
  let next = 0;
  const placed = ranges.map((range) => {
    const slack = range.offset - roundDown(range.offset);
    const at = next + slack;
    next = roundUp(at + range.byteLength);
    return { ...range, at };
  });
  return { placed, byteLength: next };
}

function readRanges(
  reader: BlockReader,
  file: InputFile,
  lease: Lease,
  placed: readonly PlacedRange[],
): void {
  const readings = placed.map((range) => {
    // From the page boundary before it, so that direct reads may serve it.
    const slack = file.directFd === undefined ? 0 : range.offset - roundDown(range.offset);
    const reading = reader.start(file, {
      address: lease.address + BigInt(range.at - slack),
      offset: range.offset - slack,
      byteLength: range.byteLength + slack,
    });
    return { range, reading, slack };
  });
  for (const { range, reading, slack } of readings) {
    const got = reader.finish(reading) - slack;
    if (got < range.byteLength) throw shrunkError(file, range.offset + got);
  }
}

/**
 * Reads `path` into memory of the pool. The bytes are those the file had when it was opened: what
 * is appended later is left out; a file that shrinks is an error. Release the lease when done.
 */
export function readFile(path: string, options: ReadOptions): ReadResult {
  using file = openInput(path, options.direct ?? 'auto');
  const opened = options.reader ?? openReader(options.io, options);
  const reader = opened.readerOf(file);
  let lease: Lease | undefined;
  try {
    const sized = file.size > 0 || options.ranges !== undefined;
    const ranges = options.ranges ?? [{ offset: 0, byteLength: file.size }];
    const { placed, byteLength } = place(ranges);
    const direct = file.directFd !== undefined;
    let total = 0;
    if (sized) {
      lease = options.pool.lease(byteLength);
      if (byteLength >= PREFAULT_BYTES_MIN) reader.prefault(lease.address, byteLength);
      readRanges(reader, file, lease, placed);
      for (const range of placed) total += range.byteLength;
    } else {
      lease = readStream(file, options.pool);
      total = lease.byteLength;
    }
    const how = sized ? reader.facts : STREAM_FACTS;
    const facts = { ...how, direct, pageKind: lease.pageKind };
    return {
      lease,
      byteLength: total,
      placed: sized ? placed : [{ offset: 0, byteLength: total, at: 0 }],
      facts,
    };
  } catch (error) {
    reader.drain();
    lease?.release();
    throw error;
  } finally {
    if (options.reader === undefined) opened[Symbol.dispose]();
  }
}
