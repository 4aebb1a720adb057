/** Compressed files and streams, decompressed through bounded buffers into memory of the pool. */
import { NairobiError } from '../errors.ts';
import { type Codec, CodecError, type CodecName } from '../kernel/codecs/codec.ts';
import { CODEC_PACKAGES, openCodec } from '../kernel/codecs/open-codec.ts';
import { EXPANSION_FREE_BYTES, EXPANSION_MAX } from '../limits.ts';
import type { Lease } from '../memory/lease.ts';
import type { Pool } from '../memory/pool.ts';
import { formatBytes, MiB } from '../units.ts';
import { decompressBuiltIn } from './built-in-codec.ts';
import { type Block, openSource, type Source, type SourceOptions } from './source.ts';

/** zlib and bzip2 count in 32 bits. */
const STEP_BYTES_MAX = 64 * MiB;

/** The host's own programs, as they are called by hand. */
const TOOLS = { gz: 'gzip', zst: 'zstd', bz2: 'bzip2', xz: 'xz', lz4: 'lz4' } as const;

/** Turns the blocks of a source into decompressed pieces, written where the caller says. */
export class Decompressor implements Disposable {
  readonly #source: Source;
  readonly #codec: Codec;
  readonly #name: CodecName;
  #block: Block | undefined;
  /** Consumed of the block. */
  #at = 0;
  /** A member began and did not end. */
  #inside = false;
  #members = 0;
  /** Compressed bytes consumed, and bytes produced. */
  consumedBytes = 0;
  producedBytes = 0;

  constructor(source: Source, name: CodecName) {
    const codec = openCodec(name);
    if (codec === undefined) throw missing(source.path, name);
    this.#source = source;
    this.#codec = codec;
    this.#name = name;
  }

  /**
   * Fills memory with decompressed bytes; fewer than asked for only at the end. Throws BAD_DATA
   * with the offset in the compressed file where that is damaged, cut short, or a bomb.
   */
  read(address: bigint, byteLength: number): number {
    let count = 0;
    while (count < byteLength) {
      if (!this.#hasInput() && !this.#inside) break;
      const room = Math.min(STEP_BYTES_MAX, byteLength - count);
      count += this.#step(address + BigInt(count), room);
    }
    return count;
  }

  [Symbol.dispose](): void {
    this.#block?.release();
    this.#codec[Symbol.dispose]();
    this.#source[Symbol.dispose]();
  }

  /** Takes the next block when the present one is used up; false at the end of the source. */
  #hasInput(): boolean {
    if (this.#block !== undefined && this.#at < this.#block.byteLength) return true;
    this.#block?.release();
    this.#block = this.#source.pop();
    this.#at = 0;
    return this.#block !== undefined;
  }

  #step(output: bigint, room: number): number {
    const block = this.#block;
    if (block !== undefined && !this.#inside && this.#members > 0 && !this.#begin(block)) return 0;
    this.#inside = true;
    const length = (block?.byteLength ?? 0) - this.#at;
    // Without input the decoder gives what it still holds.
    const input = block === undefined ? output : block.address + BigInt(this.#at);
    let step: ReturnType<Codec['step']>;
    try {
      step = this.#codec.step(input, length, output, room);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw this.#error(error.message, { cause: error });
    }
    this.#at += step.consumed;
    this.consumedBytes += step.consumed;
    this.producedBytes += step.produced;
    this.#checkExpansion();
    if (step.ended) {
      this.#inside = false;
      this.#members += 1;
    } else if (block === undefined && step.produced === 0) {
      throw this.#error(`it ends in the middle of its ${this.#name} data`, {
        hint: 'the file was cut short: copy it again',
      });
    }
    return step.produced;
  }

  /** Between members: passes over the zeros that pad archives; false when the block is over. */
  #begin(block: Block): boolean {
    const bytes = block.bytes();
    while (this.#at < bytes.length && bytes[this.#at] === 0) {
      this.#at += 1;
      this.consumedBytes += 1;
    }
    if (this.#at === bytes.length) return false;
    this.#codec.restart();
    return true;
  }

  #checkExpansion(): void {
    const { producedBytes, consumedBytes } = this;
    if (producedBytes < EXPANSION_FREE_BYTES) return;
    if (producedBytes < consumedBytes * EXPANSION_MAX) return;
    throw this.#error(
      `${formatBytes(consumedBytes)} of it have become ${formatBytes(producedBytes)}: a decompression bomb`,
      { hint: 'if it is meant to be so, decompress it by hand and pipe it in' },
    );
  }

  #error(reason: string, details: { hint?: string; cause?: unknown } = {}): NairobiError {
    const byte = this.consumedBytes;
    const message = `Cannot decompress ${this.#source.path}: ${reason} (at byte ${byte})`;
    return new NairobiError('BAD_DATA', message, {
      where: { file: this.#source.path, byte },
      hint: `copy the file again; what is wrong with it says: ${TOOLS[this.#name]} -t FILE`,
      ...details,
    });
  }
}

function missing(path: string, name: CodecName): NairobiError {
  const tool = TOOLS[name];
  return new NairobiError('HOST', `Cannot decompress ${path}: this host lacks a ${name} library`, {
    hint: `install ${CODEC_PACKAGES[name]}, or run: ${tool} -dc FILE | nairobi ... -`,
  });
}

export interface Decompressed {
  readonly lease: Lease;
  readonly byteLength: number;
  readonly facts: Source['facts'];
}

/** All of a compressed file, decompressed. MEMORY_LIMIT when it does not fit the pool. */
export function readDecompressed(
  path: string,
  name: CodecName,
  options: SourceOptions,
): Decompressed {
  return decompressSource(openSource(path, options), name, options.pool);
}

/** All of a compressed source, decompressed. The source is closed in any case. */
export function decompressSource(source: Source, name: CodecName, pool: Pool): Decompressed {
  if ((name === 'gz' || name === 'zst') && !hasCodec(name)) {
    using own = source;
    return { ...decompressBuiltIn(own, name, pool), facts: own.facts };
  }
  using decompressor = openOver(source, name);
  const lease = pool.grow((address, room) => {
    const count = decompressor.read(address, room);
    // Full to the last byte: is there more?
    return count < room || decompressor.read(address, 1) === 0 ? count : room + 1;
  });
  return { lease, byteLength: lease.byteLength, facts: source.facts };
}

/** True when this host can decompress it step by step. */
export function hasCodec(name: CodecName): boolean {
  using codec = openCodec(name);
  return codec !== undefined;
}

function openOver(source: Source, name: CodecName): Decompressor {
  try {
    return new Decompressor(source, name);
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}
