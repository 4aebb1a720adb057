/**
 * A large file as batches of whole records in leased memory: the ring fills the next segments
 * while threads compute on those before. A batch stays valid until it is released.
 */
import { NairobiError } from '../../errors.ts';
import { DIRECT_ALIGN_BYTES } from '../../limits.ts';
import type { Lease, PageKind } from '../../memory/lease.ts';
import type { Pool } from '../../memory/pool.ts';
import { type Bytes, bytes, MiB } from '../../units.ts';
import type { AsyncReader } from '../../uring/block-reader.ts';
import type { InputFile } from '../../uring/input-file.ts';
import type { Cutter } from '../decode/boundary.ts';
import { MAX_RECORD_BYTES, tooLong } from './feed.ts';

export interface LeasedBatch {
  readonly data: Buffer;
  readonly address: bigint;
  readonly pageKind: PageKind;
  /** Byte offset of data[0] in the file. */
  readonly offset: number;
  release(): void;
}

export interface RingFeedOptions {
  readonly reader: AsyncReader;
  readonly pool: Pool;
  readonly from: number;
  readonly segmentBytes: Bytes;
  /** Segments read ahead of the one that is cut. */
  readonly ahead: number;
  readonly cut: Cutter;
  readonly final: boolean;
  readonly onRead: (count: number) => void;
}

/** In front of each segment, for the half record that the one before ends with. */
const ROOM_BYTES = bytes(2 * MiB);

interface Slot {
  readonly lease: Lease;
  /** Resolves with the bytes that were read. */
  readonly reading: Promise<number>;
  /** Bytes read before the first one wanted, so that direct reads may serve it. */
  readonly slack: number;
  /** Bytes wanted. */
  readonly length: number;
  readonly offset: number;
}

export async function* feedThroughRing(
  file: InputFile,
  options: RingFeedOptions,
): AsyncGenerator<LeasedBatch> {
  const slots: Slot[] = [];
  let position = options.from;
  const startNext = (): void => {
    if (position >= file.size) return;
    const slack = position % DIRECT_ALIGN_BYTES;
    const length = Math.min(options.segmentBytes - slack, file.size - position);
    slots.push(startSlot(file, options, position, slack, length));
    position += length;
  };
  try {
    for (let count = 0; count < options.ahead; count += 1) startNext();
    let carry = Buffer.alloc(0);
    for (let slot = slots.shift(); slot !== undefined; slot = slots.shift()) {
      startNext();
      const block = await finishSlot(slot, file, options, carry);
      const isLast = slots.length === 0;
      const end = isLast && options.final ? block.data.length : options.cut(block.data);
      // Copied before the batch is lent out: its lease may be gone when the next one is cut.
      carry = Buffer.from(block.data.subarray(end));
      if (carry.length > MAX_RECORD_BYTES) throw tooLong(file.path, block.offset + end);
      if (end > 0) yield { ...block, data: block.data.subarray(0, end) };
      else block.release();
    }
  } finally {
    await options.reader.settled();
    for (const slot of slots) slot.lease.release();
  }
}

function startSlot(
  file: InputFile,
  { reader, pool, segmentBytes }: RingFeedOptions,
  position: number,
  slack: number,
  length: number,
): Slot {
  const lease = pool.lease(ROOM_BYTES + segmentBytes);
  const reading = reader.read(file, {
    address: lease.address + BigInt(ROOM_BYTES),
    offset: position - slack,
    byteLength: length + slack,
  });
  reading.catch(() => undefined); // told when it is its turn
  return { lease, reading, slack, length, offset: position };
}

/** Waits for the segment and puts the half record before it in front. */
async function finishSlot(
  slot: Slot,
  file: InputFile,
  options: RingFeedOptions,
  carry: Buffer,
): Promise<LeasedBatch> {
  const { lease, slack, length, offset } = slot;
  const got = await slot.reading.catch((error: unknown) => {
    lease.release();
    throw error;
  });
  if (got < slack + length) {
    lease.release();
    throw new NairobiError('IO', `${file.path} became shorter while it was read`, {
      where: { file: file.path, byte: offset - slack + got },
      hint: 'nothing was committed: run it again when nothing truncates the file',
    });
  }
  options.onRead(length);
  const start = ROOM_BYTES + slack - carry.length;
  if (start < 0) return enlarge(slot, options, carry, length);
  carry.copy(lease.bytes(start, carry.length));
  return {
    data: lease.bytes(start, carry.length + length),
    address: lease.address + BigInt(start),
    offset: offset - carry.length,
    pageKind: lease.pageKind,
    release: () => lease.release(),
  };
}

/** A record longer than the room: both parts go into a larger region. */
function enlarge(
  slot: Slot,
  { pool }: RingFeedOptions,
  carry: Buffer,
  length: number,
): LeasedBatch {
  const lease = pool.lease(carry.length + length);
  carry.copy(lease.bytes(0, carry.length));
  slot.lease.bytes(ROOM_BYTES + slot.slack, length).copy(lease.bytes(carry.length, length));
  slot.lease.release();
  return {
    data: lease.bytes(0, carry.length + length),
    address: lease.address,
    offset: slot.offset - carry.length,
    pageKind: lease.pageKind,
    release: () => lease.release(),
  };
}
