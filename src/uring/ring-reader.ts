/**
 * Keeps N reads in flight through a ring. A completion carries the slot it belongs to and the
 * generation of the slot's use, so that none can be credited to another request.
 */
import { assert } from '../errors.ts';
import { SETUP } from '../kernel/constants.ts';
import { ERRNO } from '../kernel/errno.ts';
import { READ_BLOCK_BYTES, READS_IN_FLIGHT } from '../limits.ts';
import type { BlockReader, Extent, ReaderFacts, Reading } from './block-reader.ts';
import { PreadReader } from './fallback.ts';
import { interruption, isToldToStop } from './file-errors.ts';
import { FixedResources } from './fixed.ts';
import type { InputFile } from './input-file.ts';
import { prefault } from './prefault.ts';
import { prepCancel, prepRead } from './prep.ts';
import { type ObtainedRing, openRing } from './probe.ts';
import type { Completion, Ring } from './ring.ts';
import { type Block, RingReading } from './ring-reading.ts';

interface Slot {
  generation: number;
  block: Block | undefined;
}

export interface RingReaderOptions {
  readonly readsInFlight?: number;
  readonly blockBytes?: number;
  /** Called when a read has been waited for this long without an answer, and at every doubling. */
  readonly onStall?: (stall: Stall) => void;
  readonly stallMs?: number;
}

/** A read nobody answers: a dead network file system, a device that hangs. */
export interface Stall {
  readonly path: string;
  readonly byte: number;
  readonly waitedMs: number;
}

export const STALL_MS = 10_000;

/** After a signal, reads in flight are cancelled and get this long to come back. */
const CANCEL_MS = 1000;

/** The user data of what is no read: no slot has these numbers. */
const CANCEL_SLOT = 0xffff_ffff;
const PREFAULT_SLOT = 0xffff_fffe;

export class RingReader implements BlockReader {
  #ring: Ring;
  #obtained: ObtainedRing;
  #fixed: FixedResources;
  readonly #slots: Slot[];
  readonly #free: number[];
  readonly #options: RingReaderOptions;
  readonly #blockBytes: number;
  #queue: RingReading[] = [];
  #prefaults = 0;
  #interrupted = false;
  /** The device refused to be polled: the ring is exchanged once nothing is in flight. */
  #polledInVain = false;
  /** Requests, and those of them that had to be made again: a test asks. */
  readonly counts = { reads: 0, again: 0 };

  constructor(obtained: ObtainedRing, options: RingReaderOptions = {}) {
    const { ring } = obtained;
    const depth = Math.min(options.readsInFlight ?? READS_IN_FLIGHT, ring.sqEntries);
    this.#ring = ring;
    this.#obtained = obtained;
    this.#fixed = new FixedResources(ring);
    this.#options = options;
    this.#blockBytes = options.blockBytes ?? READ_BLOCK_BYTES;
    this.#slots = Array.from({ length: depth }, () => ({ generation: 0, block: undefined }));
    this.#free = this.#slots.map((_, index) => index);
  }

  get facts(): ReaderFacts {
    return {
      backend: 'io_uring',
      fallbackReason: undefined,
      ringEntries: this.#ring.sqEntries,
      ringFlags: [...this.#obtained.flagNames, ...this.#fixed.names],
      ringRefused: this.#obtained.refused,
      readsInFlight: this.#slots.length,
      blockBytes: this.#blockBytes,
    };
  }

  readerOf(file: InputFile): BlockReader {
    return file.ringUnfit === undefined ? this : new PreadReader(file.ringUnfit);
  }

  fix(address: bigint, byteLength: number, file: InputFile): void {
    this.#fixed.fix(address, byteLength, file);
  }

  unfix(): void {
    this.#fixed.unfix();
  }

  prefault(address: bigint, byteLength: number): void {
    if ((this.#ring.flags & SETUP.IORING_SETUP_IOPOLL) !== 0) return;
    const room = this.#ring.sqSpace - this.#slots.length;
    this.#prefaults += prefault(this.#ring, { address, byteLength, room, slot: PREFAULT_SLOT });
    this.#ring.submit();
  }

  start(file: InputFile, extent: Extent): Reading {
    assert(file.ringUnfit === undefined, `${file.path} is not for a ring: ask readerOf`);
    const reading = new RingReading(file, extent, this.#blockBytes);
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
    const { stallMs = STALL_MS } = this.#options;
    let patienceMs = stallMs;
    let waitedMs = 0;
    while (!reading.finished) {
      this.#issue();
      if (this.#wait(patienceMs)) {
        [waitedMs, patienceMs] = [0, stallMs];
      } else {
        waitedMs += patienceMs;
        patienceMs = waitedMs;
        this.tellStall(waitedMs);
      }
      this.#reap();
    }
    this.#queue = this.#queue.filter((other) => other !== reading);
    return reading.result();
  }

  drain(): void {
    this.#queue = [];
    if (this.#interrupted) this.#cancelAll();
    while (this.#inFlight > 0) {
      const answered = this.#wait(this.#interrupted ? CANCEL_MS : undefined);
      this.#reap();
      // Its memory stays lent: the kernel may write there yet.
      if (!answered) throw interruption(this.#oldestPath());
    }
  }

  [Symbol.dispose](): void {
    this.drain();
    this.#ring.close();
  }

  get #inFlight(): number {
    return this.#slots.length - this.#free.length + this.#prefaults;
  }

  /** Waits for a completion; false when the time passed. Throws when told to stop. */
  #wait(timeoutMs: number | undefined): boolean {
    const waking = this.#ring.submitAndWait(timeoutMs);
    if (waking !== 'interrupted') return waking === 'woken';
    if (!this.#interrupted && isToldToStop()) {
      this.#interrupted = true;
      throw interruption(this.#oldestPath());
    }
    return true;
  }

  #oldest(): Block | undefined {
    return this.#slots.find(({ block }) => block !== undefined)?.block;
  }

  #oldestPath(): string {
    return this.#oldest()?.reading.file.path ?? 'a file';
  }

  /** Names the oldest read in flight to whoever asked to hear of stalls. */
  tellStall(waitedMs: number): void {
    const block = this.#oldest();
    if (block === undefined) return;
    const { path } = block.reading.file;
    this.#options.onStall?.({ path, byte: block.offset, waitedMs });
  }

  #cancelAll(): void {
    for (const [slot, { generation, block }] of this.#slots.entries()) {
      const sqe = block === undefined ? undefined : this.#ring.getSqe();
      if (sqe === undefined) continue;
      prepCancel(sqe, { slot, generation }, { slot: CANCEL_SLOT, generation: 0 });
    }
  }

  /** Prepares a request for every free slot that there is work for. */
  #issue(): void {
    if (this.#polledInVain && !this.#exchangeRing()) return;
    for (const reading of this.#queue) {
      while (this.#free.length > 0) {
        const block = reading.take();
        if (block === undefined) break;
        if (!this.#prepare(block)) {
          reading.putBack(block);
          return;
        }
      }
      if (this.#free.length === 0) return;
    }
  }

  #prepare(block: Block): boolean {
    const sqe = this.#ring.getSqe();
    if (sqe === undefined) return false;
    const index = this.#free.pop();
    const slot = index === undefined ? undefined : this.#slots[index];
    assert(index !== undefined && slot !== undefined, 'a free slot');
    const { file, extent } = block.reading;
    const fd = (block.direct ? file.directFd : undefined) ?? file.fd;
    const fixedFile = this.#fixed.fileOf(fd);
    slot.generation = (slot.generation + 1) >>> 0;
    slot.block = block;
    this.counts.reads += 1;
    const address = extent.address + BigInt(block.offset - extent.offset);
    prepRead(sqe, {
      fd: fixedFile ?? fd,
      fixedFile: fixedFile !== undefined,
      address,
      bufferIndex: this.#fixed.bufferOf(address, block.byteLength),
      byteLength: block.byteLength,
      offset: block.offset,
      slot: index,
      generation: slot.generation,
    });
    return true;
  }

  /** Takes every completion that is there. */
  #reap(): void {
    for (;;) {
      const completion = this.#ring.peek();
      if (completion === undefined) return;
      this.#ring.seen();
      if (completion.slot === PREFAULT_SLOT) this.#prefaults -= 1;
      else if (completion.slot !== CANCEL_SLOT) this.#settle(completion);
    }
  }

  #settle({ slot: index, generation, res }: Completion): void {
    const slot = this.#slots[index];
    const block = slot?.block;
    assert(slot !== undefined && block !== undefined, `a completion for the idle slot ${index}`);
    assert(slot.generation === generation, `a completion of an earlier use of slot ${index}`);
    slot.block = undefined;
    this.#free.push(index);
    if (res === -ERRNO.EOPNOTSUPP && this.#obtained.flagNames.includes('IOPOLL')) {
      this.#polledInVain = true;
      block.reading.putBack(block);
      return;
    }
    if (block.reading.settle(block, res)) this.counts.again += 1;
  }

  /** A ring that waits for interrupts in place of the one that polls the device. */
  #exchangeRing(): boolean {
    if (this.#inFlight > 0) return false;
    this.#polledInVain = false;
    this.#fixed.unfix();
    this.#ring.close();
    const { refused } = this.#obtained;
    const next = openRing({ entries: this.#ring.sqEntries });
    this.#obtained = { ...next, refused: [...new Set([...refused, ...next.refused, 'IOPOLL'])] };
    this.#ring = next.ring;
    this.#fixed = new FixedResources(next.ring);
    return true;
  }
}
