/** Compressed files and streams, decompressed through bounded buffers into memory of the pool. */
import type { CodecName } from '../kernel/codecs/codec.ts';
import { openCodec } from '../kernel/codecs/open-codec.ts';
import type { Lease } from '../memory/lease.ts';
import type { Pool } from '../memory/pool.ts';
import { MiB } from '../units.ts';
import { decompressBuiltIn } from './built-in-codec.ts';
import { MemberDecoder, type Packed } from './member-decoder.ts';
import { type Block, openSource, type Source, type SourceOptions } from './source.ts';

/** zlib and bzip2 count in 32 bits. */
const STEP_BYTES_MAX = 64 * MiB;

/** Turns the blocks of a source into decompressed pieces, written where the caller says. */
export class Decompressor implements Disposable {
  readonly #source: Source;
  readonly #decoder: MemberDecoder;
  #block: Block | undefined;
  /** Consumed of the block. */
  #at = 0;

  constructor(source: Source, name: CodecName) {
    this.#source = source;
    this.#decoder = new MemberDecoder(source.path, name);
  }

  /** Compressed bytes consumed. */
  get consumedBytes(): number {
    return this.#decoder.consumedBytes;
  }

  /**
   * Fills memory with decompressed bytes; fewer than asked for only at the end. Throws BAD_DATA
   * with the offset in the compressed file where that is damaged, cut short, or a bomb.
   */
  read(address: bigint, byteLength: number): number {
    let count = 0;
    while (count < byteLength) {
      const input = this.#input();
      if (input === undefined && !this.#decoder.isInside) break;
      const room = Math.min(STEP_BYTES_MAX, byteLength - count);
      const step = this.#decoder.step(input, address + BigInt(count), room);
      this.#at += step.consumed;
      count += step.produced;
    }
    return count;
  }

  [Symbol.dispose](): void {
    this.#block?.release();
    this.#decoder[Symbol.dispose]();
    this.#source[Symbol.dispose]();
  }

  /** What is left of the block, or the next one; undefined at the end of the source. */
  #input(): Packed | undefined {
    if (this.#block === undefined || this.#at === this.#block.byteLength) {
      this.#block?.release();
      this.#block = this.#source.pop();
      this.#at = 0;
    }
    const block = this.#block;
    if (block === undefined) return undefined;
    return { address: block.address + BigInt(this.#at), byteLength: block.byteLength - this.#at };
  }
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
