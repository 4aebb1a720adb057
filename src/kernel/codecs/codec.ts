/**
 * Decompressors of the host's own libraries, which every distribution carries because its package
 * manager needs them, behind one interface: from memory to memory, a piece at a time.
 */
import type { Address } from '../syscall.ts';
import { openBzip2 } from './bzip2.ts';
import { openLz4 } from './lz4.ts';
import { openXz } from './xz.ts';
import { openZlib } from './zlib.ts';
import { openZstd } from './zstd.ts';

export type CodecName = 'gz' | 'zst' | 'bz2' | 'xz' | 'lz4';

export interface Step {
  readonly consumed: number;
  readonly produced: number;
  /** The member (gz), frame (zst, lz4) or stream (bz2, xz) ended; more may follow. */
  readonly ended: boolean;
}

export interface Codec extends Disposable {
  /** Decompresses what it can. Throws CodecError on data that is not of this codec. */
  step(input: Address, inputLength: number, output: Address, outputLength: number): Step;
  /** Before the next member. */
  restart(): void;
}

/** The data is broken; the message says how, in the library's words. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
}

const OPENERS: Readonly<Record<CodecName, () => Codec | undefined>> = {
  gz: openZlib,
  zst: openZstd,
  bz2: openBzip2,
  xz: openXz,
  lz4: openLz4,
};

/** The package that brings the library, by its Debian name, for the hint where it is missing. */
export const CODEC_PACKAGES: Readonly<Record<CodecName, string>> = {
  gz: 'zlib1g',
  zst: 'libzstd1',
  bz2: 'libbz2-1.0',
  xz: 'liblzma5',
  lz4: 'liblz4-1',
};

/** undefined when the host lacks the library. */
export const openCodec = (name: CodecName): Codec | undefined => OPENERS[name]();
