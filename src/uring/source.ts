/**
 * Sources of bytes, whatever the device: open, pop blocks with the buffer they are in, release.
 * A file keeps its next blocks in flight meanwhile; a stream gives what has arrived. A socket will
 * be one more implementation of the same two methods.
 */
import { assert } from '../errors.ts';
import { READ_BLOCK_BYTES, READS_IN_FLIGHT } from '../limits.ts';
import type { Lease } from '../memory/lease.ts';
import type { Pool } from '../memory/pool.ts';
import type { BlockReader, ReaderFacts, Reading } from './block-reader.ts';
import { shrunkError } from './file-errors.ts';
import { type DirectWish, type InputFile, openInput } from './input-file.ts';
import { readSome, STREAM_FACTS, widenPipe } from './stream.ts';

/** Bytes of a source that are yours until you release them. */
export interface Block {
  readonly address: bigint;
  readonly byteLength: number;
  /** Of its first byte in the source. */
  readonly offset: number;
  /** In place; valid until `release`. */
  bytes(): Buffer;
  release(): void;
}

export interface Source extends Disposable {
  readonly path: string;
  readonly facts: ReaderFacts & { readonly direct: boolean };
  /** The next block in the order of the source, waiting for it; undefined at the end. */
  pop(): Block | undefined;
}

export interface SourceOptions {
  readonly pool: Pool;
  readonly reader: BlockReader;
  readonly direct?: DirectWish;
  readonly blockBytes?: number;
  /** Blocks in flight or in the caller's hands. */
  readonly depth?: number;
  /** Where to begin; for files only. */
  readonly offset?: number;
}

/** One buffer of the window and the read that fills it. */
interface Slot {
  readonly at: number;
  reading: Reading | undefined;
  offset: number;
}

/**
 * A file as blocks. Its window of buffers is small and used over and over, so that it stays in the
 * processor's cache: a gigabyte through 8 MiB is a third faster than into a gigabyte (docs/io.md).
 */
class FileSource implements Source {
  readonly path: string;
  readonly facts: Source['facts'];
  readonly #file: InputFile;
  readonly #reader: BlockReader;
  readonly #lease: Lease;
  readonly #blockBytes: number;
  /** Started, in the order of the file. */
  readonly #started: Slot[] = [];
  readonly #free: Slot[];
  #next: number;
  #held = 0;

  constructor(file: InputFile, options: SourceOptions) {
    this.path = file.path;
    this.#file = file;
    this.#reader = options.reader.readerOf(file);
    this.#blockBytes = options.blockBytes ?? READ_BLOCK_BYTES;
    this.#next = options.offset ?? 0;
    const depth = options.depth ?? READS_IN_FLIGHT;
    this.#lease = options.pool.lease(depth * this.#blockBytes);
    this.#reader.fix(this.#lease.address, this.#lease.byteLength, file);
    const at = (index: number): number => index * this.#blockBytes;
    this.#free = Array.from({ length: depth }, (_, index) => ({
      at: at(index),
      reading: undefined,
      offset: 0,
    }));
    this.facts = { ...this.#reader.facts, direct: file.directFd !== undefined };
    this.#fill();
  }

  pop(): Block | undefined {
    const slot = this.#started.shift();
    if (slot?.reading === undefined) {
      assert(this.#held === 0 || this.#next >= this.#file.size, 'every block is in your hands');
      return undefined;
    }
    const { reading, offset } = slot;
    const byteLength = this.#reader.finish(reading);
    if (byteLength < reading.extent.byteLength) {
      throw shrunkError(this.#file, offset + byteLength);
    }
    slot.reading = undefined;
    this.#held += 1;
    let held = true;
    return {
      address: reading.extent.address,
      byteLength,
      offset,
      bytes: () => {
        assert(held, 'the bytes of a released block were asked for');
        return this.#lease.bytes(slot.at, byteLength);
      },
      release: () => {
        if (!held) return;
        held = false;
        this.#held -= 1;
        this.#free.push(slot);
        this.#fill();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#reader.drain();
    this.#reader.unfix();
    this.#lease.release();
    this.#file[Symbol.dispose]();
  }

  #fill(): void {
    while (this.#next < this.#file.size) {
      const slot = this.#free.pop();
      if (slot === undefined) return;
      const byteLength = Math.min(this.#blockBytes, this.#file.size - this.#next);
      slot.offset = this.#next;
      slot.reading = this.#reader.start(this.#file, {
        address: this.#lease.address + BigInt(slot.at),
        offset: this.#next,
        byteLength,
      });
      this.#started.push(slot);
      this.#next += byteLength;
    }
  }
}

/** A pipe or a /proc file as blocks, one at a time. */
class StreamSource implements Source {
  readonly path: string;
  readonly facts = { ...STREAM_FACTS, direct: false };
  readonly #file: InputFile;
  readonly #lease: Lease;
  #offset = 0;

  constructor(file: InputFile, { pool, blockBytes = READ_BLOCK_BYTES }: SourceOptions) {
    this.path = file.path;
    this.#file = file;
    this.#lease = pool.lease(blockBytes);
    widenPipe(file);
  }

  pop(): Block | undefined {
    const { address } = this.#lease;
    const byteLength = readSome(this.#file, address, this.#lease.byteLength);
    if (byteLength === 0) return undefined;
    const offset = this.#offset;
    this.#offset += byteLength;
    return {
      address,
      byteLength,
      offset,
      bytes: () => this.#lease.bytes(0, byteLength),
      release: () => undefined,
    };
  }

  [Symbol.dispose](): void {
    this.#lease.release();
    this.#file[Symbol.dispose]();
  }
}

/** Opens a file, block device, pipe, FIFO or /proc file. Throws when it cannot be opened. */
export function openSource(path: string, options: SourceOptions): Source {
  const file = openInput(path, options.direct ?? 'auto');
  try {
    const sized = file.size > 0 && file.kind !== 'stream';
    return sized ? new FileSource(file, options) : new StreamSource(file, options);
  } catch (error) {
    options.reader.drain();
    file[Symbol.dispose]();
    throw error;
  }
}
