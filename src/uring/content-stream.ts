/**
 * The content of a file or a pipe in its order, decompressed and made UTF-8 on the way, written
 * wherever the caller says: for content that is never whole in memory. What a pipe already gave to
 * one reader can be handed to the next, also in another thread.
 */
import { NairobiError } from '../errors.ts';
import { read, waitEither } from '../kernel/calls.ts';
import type { CodecName } from '../kernel/codecs/codec.ts';
import { ERRNO, KernelError } from '../kernel/errno.ts';
import { type Fd, viewOf } from '../kernel/syscall.ts';
import type { Lease } from '../memory/lease.ts';
import { Pool } from '../memory/pool.ts';
import { KiB, MiB } from '../units.ts';
import { Decompressor } from './decompress.ts';
import type { DirectWish } from './input-file.ts';
import { type IoWish, openReader } from './read-file.ts';
import { type Block, openSource, type Source } from './source.ts';
import { readSome, STREAM_FACTS } from './stream.ts';

/** What is read: plain data, so that a thread can be told. */
export interface Origin {
  readonly path: string;
  readonly compression: CodecName | undefined;
  readonly io: IoWish;
  readonly direct: DirectWish;
  /** Of a pipe that somebody opened and keeps open; undefined for a file, opened by its path. */
  readonly pipe?: Fd | undefined;
  /** What was read from the pipe already, as it came. */
  readonly already?: Uint8Array;
  /** Where it is told, as a double, how many of the compressed bytes have been used. */
  readonly told?: SharedArrayBuffer | undefined;
}

/** Readable once reading shall end: a thread that waits for a pipe could wait for ever. */
export interface Stop {
  readonly fd: Fd;
}

/** Reading was told to end. */
export class Stopped extends Error {}

/** Makes bytes other bytes; what it answers holds until the next call. */
export interface Transcoding {
  push(bytes: Buffer, isEnd: boolean): Buffer;
}

export interface StreamOptions {
  readonly stop?: Stop;
  /** What a pipe gives is kept for `recorded`. */
  readonly record?: boolean;
  /** What the bytes pass through last. */
  readonly transcoding?: Transcoding | undefined;
}

const BLOCK_BYTES = 1 * MiB;

/** Strings of this length are gone with the next collection of young objects. */
const TRANSCODED_BYTES = 64 * KiB;

/** A pipe as blocks: first what was read before, then what comes. */
class PipeSource implements Source {
  readonly path: string;
  readonly facts = { ...STREAM_FACTS, direct: false };
  readonly #lease: Lease;
  readonly #take: (address: bigint, byteLength: number) => number;
  readonly #recorded: Buffer[] | undefined;
  #already: Uint8Array;
  #offset = 0;

  constructor(
    origin: Origin,
    pool: Pool,
    take: (address: bigint, byteLength: number) => number,
    recorded: Buffer[] | undefined,
  ) {
    this.path = origin.path;
    this.#lease = pool.lease(BLOCK_BYTES);
    this.#take = take;
    this.#already = origin.already ?? new Uint8Array();
    this.#recorded = recorded;
  }

  pop(): Block | undefined {
    const { address } = this.#lease;
    const byteLength = this.#again() || this.#take(address, BLOCK_BYTES);
    if (byteLength === 0) return undefined;
    const bytes = (): Buffer => this.#lease.bytes(0, byteLength);
    this.#recorded?.push(Buffer.from(bytes()));
    const offset = this.#offset;
    this.#offset += byteLength;
    return { address, byteLength, offset, bytes, release: () => undefined };
  }

  [Symbol.dispose](): void {
    this.#lease.release();
  }

  /** Gives the next of what was read before; 0 when there is no more of it. */
  #again(): number {
    const part = this.#already.subarray(0, BLOCK_BYTES);
    this.#lease.bytes(0, part.length).set(part);
    this.#already = this.#already.subarray(part.length);
    return part.length;
  }
}

/** Fills memory with the bytes of an origin, in their order. */
export class ContentStream implements Disposable {
  readonly #origin: Origin;
  readonly #pool = new Pool();
  readonly #owned = new DisposableStack();
  readonly #stop: Stop | undefined;
  readonly #recorded: Buffer[] = [];
  readonly #input: Source | Decompressor | undefined;
  readonly #transcoding: Transcoding | undefined;
  /** What is to be transcoded next. */
  #raw: Lease | undefined;
  /** Transcoded and not read yet. */
  #ready: Uint8Array = new Uint8Array();
  #block: Block | undefined;
  /** Consumed of the block. */
  #at = 0;

  /** How it is read. */
  readonly facts: Source['facts'];

  constructor(origin: Origin, options: StreamOptions = {}) {
    this.#origin = origin;
    this.#stop = options.stop;
    this.#transcoding = options.transcoding;
    this.facts = { ...STREAM_FACTS, direct: false };
    const isPlain = origin.compression === undefined && !origin.already?.length;
    if (origin.pipe !== undefined && isPlain) return;
    const source = this.#open(options.record === true ? this.#recorded : undefined);
    this.facts = source.facts;
    try {
      const input =
        origin.compression === undefined ? source : new Decompressor(source, origin.compression);
      this.#input = this.#owned.use(input);
    } catch (error) {
      source[Symbol.dispose]();
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** What was read from a pipe so far, as it came. */
  get recorded(): Uint8Array {
    return Buffer.concat(this.#recorded);
  }

  /**
   * Writes the next bytes to an address and answers how many; 0 only at the end. Throws Stopped
   * when it was told to stop meanwhile, BAD_DATA and IO where the origin is damaged.
   */
  read(address: bigint, byteLength: number): number {
    const transcoding = this.#transcoding;
    if (transcoding === undefined) return this.#read(address, byteLength);
    this.#raw ??= this.#pool.lease(TRANSCODED_BYTES);
    for (let isEnd = false; !isEnd && this.#ready.length === 0; ) {
      const got = this.#read(this.#raw.address, TRANSCODED_BYTES);
      isEnd = got === 0;
      this.#ready = transcoding.push(this.#raw.bytes(0, got), isEnd);
    }
    const part = this.#ready.subarray(0, byteLength);
    if (part.length > 0) new Uint8Array(viewOf(address, part.length)).set(part);
    this.#ready = this.#ready.subarray(part.length);
    return part.length;
  }

  [Symbol.dispose](): void {
    this.#block?.release();
    this.#raw?.release();
    this.#owned.dispose();
    this.#pool[Symbol.dispose]();
  }

  /** Decompressed, in the encoding it is in. */
  #read(address: bigint, byteLength: number): number {
    const input = this.#input;
    if (input === undefined) return this.#take(address, byteLength);
    if (input instanceof Decompressor) return this.#unpack(input, address, byteLength);
    return this.#copy(input, address, byteLength);
  }

  #open(recorded: Buffer[] | undefined): Source {
    const origin = this.#origin;
    if (origin.pipe !== undefined) {
      const take = (address: bigint, length: number): number => this.#take(address, length);
      return new PipeSource(origin, this.#pool, take, recorded);
    }
    const { path, io, direct } = origin;
    const reader = this.#owned.use(openReader(io));
    return openSource(path, { pool: this.#pool, reader, direct });
  }

  #unpack(input: Decompressor, address: bigint, byteLength: number): number {
    const count = input.read(address, Math.min(byteLength, BLOCK_BYTES));
    const { told } = this.#origin;
    if (told !== undefined) new Float64Array(told)[0] = input.consumedBytes;
    return count;
  }

  #copy(source: Source, address: bigint, byteLength: number): number {
    this.#block ??= source.pop();
    const block = this.#block;
    if (block === undefined) return 0;
    const part = block.bytes().subarray(this.#at, this.#at + byteLength);
    new Uint8Array(viewOf(address, part.length)).set(part);
    this.#at += part.length;
    if (this.#at === block.byteLength) {
      block.release();
      this.#block = undefined;
      this.#at = 0;
    }
    return part.length;
  }

  /** From the pipe itself. */
  #take(address: bigint, byteLength: number): number {
    const { pipe, path } = this.#origin;
    if (pipe === undefined) throw new NairobiError('IO', `${path} is no pipe`);
    const room = Math.min(byteLength, BLOCK_BYTES);
    if (this.#stop === undefined) {
      return readSome({ path, fd: pipe, kind: 'stream' }, address, room);
    }
    for (;;) {
      const ready = waitEither(pipe, this.#stop.fd);
      if (ready === false) throw new Stopped();
      const result = ready === true ? read(pipe, address, room) : ready;
      if (result >= 0) return result;
      if (result === -ERRNO.EINTR || result === -ERRNO.EAGAIN) continue;
      throw new KernelError(-result, `read ${path}`, { file: path });
    }
  }
}
