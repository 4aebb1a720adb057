/** The members of compressed data, one behind the other, decompressed a step at a time. */
import { NairobiError } from '../errors.ts';
import { type Codec, CodecError, type CodecName } from '../kernel/codecs/codec.ts';
import { CODEC_PACKAGES, openCodec } from '../kernel/codecs/open-codec.ts';
import { viewOf } from '../kernel/syscall.ts';
import { EXPANSION_FREE_BYTES, EXPANSION_MAX } from '../limits.ts';
import { formatBytes } from '../units.ts';

/** The host's own programs, as they are called by hand. */
const TOOLS = { gz: 'gzip', zst: 'zstd', bz2: 'bzip2', xz: 'xz', lz4: 'lz4' } as const;

/** Compressed bytes in memory. */
export interface Packed {
  readonly address: bigint;
  readonly byteLength: number;
}

export class MemberDecoder implements Disposable {
  readonly #codec: Codec;
  readonly #name: CodecName;
  readonly #path: string;
  /** A member began and did not end. */
  #inside = false;
  #members = 0;
  /** Compressed bytes consumed, and bytes produced. */
  consumedBytes = 0;
  producedBytes = 0;

  /** Throws HOST where this host has no library for it. */
  constructor(path: string, name: CodecName) {
    const codec = openCodec(name);
    if (codec === undefined) throw missing(path, name);
    this.#codec = codec;
    this.#name = name;
    this.#path = path;
  }

  /** Where the data must not end. */
  get isInside(): boolean {
    return this.#inside;
  }

  /**
   * Decompresses what it can of `input`, which is undefined at the end of the data, into `room`
   * bytes. Throws BAD_DATA with the offset in the compressed data where that is damaged, cut short,
   * or a bomb.
   */
  step(
    input: Packed | undefined,
    output: bigint,
    room: number,
  ): { readonly consumed: number; readonly produced: number } {
    const padding = input === undefined ? 0 : this.#begin(input);
    if (padding > 0 && padding === input?.byteLength) return { consumed: padding, produced: 0 };
    this.#inside = true;
    const step = this.#decode(input, padding, output, room);
    this.consumedBytes += step.consumed;
    this.producedBytes += step.produced;
    this.#checkExpansion();
    if (step.ended) {
      this.#inside = false;
      this.#members += 1;
    } else if (input === undefined && step.produced === 0) {
      throw this.#error(`it ends in the middle of its ${this.#name} data`, {
        hint: 'the file was cut short: copy it again',
      });
    }
    return { consumed: padding + step.consumed, produced: step.produced };
  }

  [Symbol.dispose](): void {
    this.#codec[Symbol.dispose]();
  }

  /** Between members: passes over the zeros that pad archives, and answers how many. */
  #begin(input: Packed): number {
    if (this.#inside || this.#members === 0) return 0;
    const bytes = new Uint8Array(viewOf(input.address, input.byteLength));
    const found = bytes.findIndex((byte) => byte !== 0);
    const zeros = found < 0 ? bytes.length : found;
    this.consumedBytes += zeros;
    if (zeros < bytes.length) this.#codec.restart();
    return zeros;
  }

  #decode(
    input: Packed | undefined,
    from: number,
    output: bigint,
    room: number,
  ): ReturnType<Codec['step']> {
    try {
      // Without input the decoder gives what it still holds.
      if (input === undefined) return this.#codec.step(output, 0, output, room);
      const address = input.address + BigInt(from);
      return this.#codec.step(address, input.byteLength - from, output, room);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw this.#error(error.message, { cause: error });
    }
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
    const message = `Cannot decompress ${this.#path}: ${reason} (at byte ${byte})`;
    return new NairobiError('BAD_DATA', message, {
      where: { file: this.#path, byte },
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
