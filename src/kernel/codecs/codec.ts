/**
 * Decompressors of the host's own libraries, which every distribution carries because its package
 * manager needs them, behind one interface: from memory to memory, a piece at a time.
 */
import type { Address } from '../syscall.ts';

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
