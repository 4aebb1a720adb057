/**
 * Keeps N reads in flight through a ring. A completion carries the slot it belongs to and the
 * generation of the slot's use, so that none can be credited to another request.
 */
import { assert } from '../errors.ts';
import { ERRNO, KernelError } from '../kernel/errno.ts';
import { DIRECT_ALIGN_BYTES, READ_BLOCK_BYTES, READS_IN_FLIGHT } from '../limits.ts';
import type { BlockReader, Extent, ReaderFacts, Reading } from './block-reader.ts';
import type { InputFile } from './input-file.ts';
import { prepRead } from './prep.ts';
import type { ObtainedRing } from './probe.ts';
import { REGISTERED_BUFFER_BYTES_MAX, registerBuffers, unregisterBuffers } from './register.ts';
import type { Completion, Ring } from './ring.ts';

/** What one request of the kernel is about. */
interface Block {
  readonly reading: RingReading;
  /** In the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** Tries so far that ended in EAGAIN. */
  readonly refusals: number;
  readonly direct: boolean;
}

interface Slot {
  generation: number;
  block: Block | undefined;
}

/** A read refused this often with EAGAIN is an error, not a busy moment. */
const REFUSALS_MAX = 1000;

class RingReading implements Reading {
  readonly file: InputFile;
  readonly extent: Extent;
  /** Where the next fresh block starts, counted from the start of the extent. */
  cursor = 0;
  inFlight = 0;
  /** Pieces to read again: the rest of short reads, and interrupted ones. */
  readonly again: Block[] = [];
  /** The lowest offset, counted from the extent's start, at which the file had ended. */
  end: number;
  error: Error | undefined;

  constructor(file: InputFile, extent: Extent) {
    this.file = file;
    this.extent = extent;
    this.end = extent.byteLength;
  }

  get begun(): boolean {
    return this.cursor >= this.end || this.error !== undefined;
  }

  get finished(): boolean {
    return this.begun && this.inFlight === 0 && this.again.length === 0;
  }
}

export interface RingReaderOptions {
  readonly readsInFlight?: number;
  readonly blockBytes?: number;
}

const aligned = (count: number): boolean => count % DIRECT_ALIGN_BYTES === 0;

export class RingReader implements BlockReader {
  readonly facts: ReaderFacts;
  readonly #ring: Ring;
  readonly #slots: Slot[];
  readonly #free: number[];
  readonly #blockBytes: number;
  #queue: RingReading[] = [];
  /** Memory that is registered with the ring: its reads need no pinning of pages. */
  #fixed: { readonly address: bigint; readonly end: bigint } | undefined;
  /** Short reads and retries seen: a test asks. */
  readonly counts = { reads: 0, shortReads: 0, retries: 0 };

  constructor(obtained: ObtainedRing, options: RingReaderOptions = {}) {
    const { ring, flagNames } = obtained;
    const depth = Math.min(options.readsInFlight ?? READS_IN_FLIGHT, ring.sqEntries);
    this.#ring = ring;
    this.#blockBytes = options.blockBytes ?? READ_BLOCK_BYTES;
    this.#slots = Array.from({ length: depth }, () => ({ generation: 0, block: undefined }));
    this.#free = this.#slots.map((_, index) => index);
    this.facts = {
      backend: 'io_uring',
      fallbackReason: undefined,
      ringEntries: ring.sqEntries,
      ringFlags: flagNames,
      readsInFlight: depth,
      blockBytes: this.#blockBytes,
    };
  }

  /**
   * Registers memory that will be read into again and again. false, and no harm, when the kernel
   * refuses: RLIMIT_MEMLOCK is 64 KiB in places (iree#23654). One stretch at a time. To be undone
   * by `unfix` before the memory goes back: the ring holds the pages, not the addresses.
   */
  fix(address: bigint, byteLength: number): boolean {
    this.unfix();
    if (byteLength > REGISTERED_BUFFER_BYTES_MAX) return false;
    if (registerBuffers(this.#ring, address, byteLength) < 0) return false;
    this.#fixed = { address, end: address + BigInt(byteLength) };
    return true;
  }

  unfix(): void {
    if (this.#fixed === undefined) return;
    this.#fixed = undefined;
    const result = unregisterBuffers(this.#ring);
    assert(result === 0, `registered buffers stayed registered (${result})`);
  }

  start(file: InputFile, extent: Extent): Reading {
    assert(extent.byteLength >= 0, 'an extent of negative length');
    const reading = new RingReading(file, extent);
    this.#queue.push(reading);
    this.#issue();
    this.#ring.submit();
    return reading;
  }

  advance(): void {
    this.#reap();
    this.#issue();
    this.#ring.submit();
  }

  /** True when `finish` would not wait. */
  isFinished(reading: Reading): boolean {
    assert(reading instanceof RingReading, 'a reading of another reader');
    return reading.finished;
  }

  finish(reading: Reading): number {
    assert(reading instanceof RingReading, 'a reading of another reader');
    while (!reading.finished) {
      this.#issue();
      this.#ring.submit(1);
      this.#reap();
    }
    this.#queue = this.#queue.filter((other) => other !== reading);
    if (reading.error !== undefined) throw reading.error;
    return reading.end;
  }

  drain(): void {
    this.#queue = [];
    while (this.#free.length < this.#slots.length) {
      this.#ring.submit(1);
      this.#reap();
    }
    this.#queue = [];
  }

  [Symbol.dispose](): void {
    this.drain();
    this.#ring.close();
  }

  /** Prepares a request for every free slot that there is work for. */
  #issue(): void {
    for (const reading of this.#queue) {
      while (this.#free.length > 0) {
        const block = reading.again.pop() ?? this.#nextBlock(reading);
        if (block === undefined) break;
        if (!this.#prepare(block)) {
          reading.again.push(block);
          return;
        }
      }
      if (this.#free.length === 0) return;
    }
  }

  #nextBlock(reading: RingReading): Block | undefined {
    if (reading.begun) return undefined;
    const { offset, byteLength, address } = reading.extent;
    const start = reading.cursor;
    let length = Math.min(this.#blockBytes, byteLength - start);
    let direct = reading.file.directFd !== undefined;
    if (direct) {
      direct = aligned(offset + start) && aligned(Number(address % 4096n) + start);
      // The last block is asked for whole pages; the file's end cuts it short. See `readFile`,
      // which leaves room for it.
      const rounded = Math.ceil(length / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;
      if (direct) length = rounded;
    }
    reading.cursor = start + length;
    return { reading, offset: offset + start, byteLength: length, refusals: 0, direct };
  }

  #prepare(block: Block): boolean {
    const sqe = this.#ring.getSqe();
    if (sqe === undefined) return false;
    const index = this.#free.pop();
    const slot = index === undefined ? undefined : this.#slots[index];
    assert(index !== undefined && slot !== undefined, 'a free slot');
    const { file, extent } = block.reading;
    const directFd = block.direct ? file.directFd : undefined;
    slot.generation = (slot.generation + 1) >>> 0;
    slot.block = block;
    block.reading.inFlight += 1;
    this.counts.reads += 1;
    const address = extent.address + BigInt(block.offset - extent.offset);
    prepRead(sqe, {
      fd: directFd ?? file.fd,
      address,
      bufferIndex: this.#isFixed(address, block.byteLength) ? 0 : undefined,
      byteLength: block.byteLength,
      offset: block.offset,
      slot: index,
      generation: slot.generation,
    });
    return true;
  }

  #isFixed(address: bigint, byteLength: number): boolean {
    if (this.#fixed === undefined) return false;
    return address >= this.#fixed.address && address + BigInt(byteLength) <= this.#fixed.end;
  }

  /** Takes every completion that is there. */
  #reap(): void {
    for (;;) {
      const completion = this.#ring.peek();
      if (completion === undefined) return;
      this.#ring.seen();
      this.#settle(completion);
    }
  }

  #settle({ slot: index, generation, res }: Completion): void {
    const slot = this.#slots[index];
    const block = slot?.block;
    assert(slot !== undefined && block !== undefined, `a completion for the idle slot ${index}`);
    assert(slot.generation === generation, `a completion of an earlier use of slot ${index}`);
    slot.block = undefined;
    this.#free.push(index);
    block.reading.inFlight -= 1;
    if (res < 0) this.#settleError(block, -res);
    else this.#settleRead(block, res);
  }

  #settleRead(block: Block, count: number): void {
    const { reading } = block;
    const start = block.offset - reading.extent.offset;
    if (count === 0) {
      reading.end = Math.min(reading.end, start);
      return;
    }
    const rest = Math.min(start + block.byteLength, reading.end) - (start + count);
    if (rest <= 0) return;
    // A short read: the end of the file, or a signal, or a busy device. Reading on tells which.
    this.counts.shortReads += 1;
    const offset = block.offset + count;
    const direct = block.direct && aligned(count);
    const byteLength = direct ? Math.ceil(rest / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES : rest;
    reading.again.push({ reading, offset, byteLength, refusals: 0, direct });
  }

  #settleError(block: Block, errno: number): void {
    const { reading } = block;
    const { path } = reading.file;
    this.counts.retries += 1;
    if (errno === ERRNO.EINTR) {
      reading.again.push(block);
    } else if (errno === ERRNO.EAGAIN && block.refusals < REFUSALS_MAX) {
      // XFS answers EAGAIN even to a blocking read at times; asking again is the cure.
      reading.again.push({ ...block, refusals: block.refusals + 1 });
    } else if (errno === ERRNO.EINVAL && block.direct) {
      // The file system took O_DIRECT at open and refuses it now: read through the page cache.
      reading.again.push({ ...block, direct: false });
    } else {
      const where = { file: path, byte: block.offset };
      reading.error ??= new KernelError(errno, `read ${path} at byte ${block.offset}`, where);
      reading.again.length = 0;
    }
  }
}
