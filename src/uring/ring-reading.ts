/** A stretch of a file on its way through a ring, and the pieces the kernel is asked for. */
import { assert } from '../errors.ts';
import { ERRNO, KernelError } from '../kernel/errno.ts';
import { DIRECT_ALIGN_BYTES } from '../limits.ts';
import type { Extent, Reading } from './block-reader.ts';
import type { InputFile } from './input-file.ts';

/** What one request of the kernel is about. */
export interface Block {
  readonly reading: RingReading;
  /** In the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** Tries so far that ended in EAGAIN. */
  readonly refusals: number;
  readonly direct: boolean;
}

/** A read refused this often with EAGAIN is an error, not a busy moment. */
const REFUSALS_MAX = 1000;

const aligned = (count: number): boolean => count % DIRECT_ALIGN_BYTES === 0;
const alignUp = (count: number): number =>
  Math.ceil(count / DIRECT_ALIGN_BYTES) * DIRECT_ALIGN_BYTES;

export class RingReading implements Reading {
  readonly file: InputFile;
  readonly extent: Extent;
  readonly #blockBytes: number;
  /** Where the next fresh block starts, counted from the start of the extent. */
  #cursor = 0;
  /** Pieces to read again: the rest of short reads, and interrupted ones. */
  readonly #again: Block[] = [];
  /** The lowest offset, counted from the extent's start, at which the file had ended. */
  #end: number;
  #inFlight = 0;
  #error: Error | undefined;

  constructor(file: InputFile, extent: Extent, blockBytes: number) {
    assert(extent.byteLength >= 0, 'an extent of negative length');
    this.file = file;
    this.extent = extent;
    this.#blockBytes = blockBytes;
    this.#end = extent.byteLength;
  }

  get finished(): boolean {
    return this.#begun && this.#inFlight === 0 && this.#again.length === 0;
  }

  /** Once finished: the bytes that are there. Throws what went wrong. */
  result(): number {
    assert(this.finished, 'the result of a reading that goes on');
    if (this.#error !== undefined) throw this.#error;
    return this.#end;
  }

  /** The next piece to ask for; undefined when all were. It is in flight until it is settled. */
  take(): Block | undefined {
    const block = this.#again.pop() ?? this.#fresh();
    if (block !== undefined) this.#inFlight += 1;
    return block;
  }

  /** The queue was full: the block was not asked for after all. */
  putBack(block: Block): void {
    this.#inFlight -= 1;
    this.#again.push(block);
  }

  /** What the kernel answered: a count, or -errno. True when the block is to be asked for again. */
  settle(block: Block, result: number): boolean {
    this.#inFlight -= 1;
    const again = result < 0 ? this.#settleError(block, -result) : this.#rest(block, result);
    if (again !== undefined && this.#error === undefined) this.#again.push(again);
    return again !== undefined;
  }

  get #begun(): boolean {
    return this.#cursor >= this.#end || this.#error !== undefined;
  }

  #fresh(): Block | undefined {
    if (this.#begun) return undefined;
    const { offset, byteLength, address } = this.extent;
    const start = this.#cursor;
    const wanted = Math.min(this.#blockBytes, byteLength - start);
    const direct =
      this.file.directFd !== undefined &&
      aligned(offset + start) &&
      aligned(Number(address % BigInt(DIRECT_ALIGN_BYTES)) + start);
    // The last block is asked for whole pages; the file's end cuts it short. See `readFile`,
    // which leaves room for it.
    const length = direct ? alignUp(wanted) : wanted;
    this.#cursor = start + length;
    return { reading: this, offset: offset + start, byteLength: length, refusals: 0, direct };
  }

  /** A short read: the end of the file, or a signal, or a busy device. Reading on tells which. */
  #rest(block: Block, count: number): Block | undefined {
    const start = block.offset - this.extent.offset;
    if (count === 0) {
      this.#end = Math.min(this.#end, start);
      return undefined;
    }
    const rest = Math.min(start + block.byteLength, this.#end) - (start + count);
    if (rest <= 0) return undefined;
    const direct = block.direct && aligned(count);
    return {
      reading: this,
      offset: block.offset + count,
      byteLength: direct ? alignUp(rest) : rest,
      refusals: 0,
      direct,
    };
  }

  #settleError(block: Block, errno: number): Block | undefined {
    if (errno === ERRNO.EINTR) return block;
    // XFS answers EAGAIN even to a blocking read at times; asking again is the cure.
    if (errno === ERRNO.EAGAIN && block.refusals < REFUSALS_MAX) {
      return { ...block, refusals: block.refusals + 1 };
    }
    // The file system took O_DIRECT at open and refuses it now: read through the page cache.
    if (errno === ERRNO.EINVAL && block.direct) return { ...block, direct: false };
    const { path } = this.file;
    const where = { file: path, byte: block.offset };
    this.#error ??= new KernelError(errno, `read ${path} at byte ${block.offset}`, where);
    this.#again.length = 0;
    return undefined;
  }
}
