/** The interface of every reader: start a stretch of a file into memory, finish it later. */
import type { Backend } from '../engine/run/report.ts';
import type { Address } from '../kernel/syscall.ts';
import type { InputFile } from './input-file.ts';

/** A stretch of a file and where in memory it goes. */
export interface Extent {
  readonly address: Address;
  readonly offset: number;
  readonly byteLength: number;
}

/** A stretch on its way. */
export interface Reading {
  readonly file: InputFile;
  readonly extent: Extent;
}

export interface ReaderFacts {
  readonly backend: Backend;
  /** Why it is not io_uring, when it is not. */
  readonly fallbackReason: string | undefined;
  readonly ringEntries: number | undefined;
  readonly ringFlags: readonly string[];
  /** What the ring was asked for and did not get. */
  readonly ringRefused: readonly string[];
  readonly readsInFlight: number;
  readonly blockBytes: number;
}

export interface BlockReader extends Disposable {
  readonly facts: ReaderFacts;
  /** Queues the stretch behind those started before. Its memory must stay until it is finished. */
  start(file: InputFile, extent: Extent): Reading;
  /** The reader to read this file with: this one, or another where it must not. */
  readerOf(file: InputFile): BlockReader;
  /** Tells that this memory will be read into from this file again and again. */
  fix(address: Address, byteLength: number, file: InputFile): void;
  /**
   * Asks for the pages of memory that is about to be filled, ahead of the reads: the first touch of
   * fresh memory costs more than reading into it. Returns at once.
   */
  prefault(address: Address, byteLength: number): void;
  /** Before that memory is given back. Nothing may be in flight. */
  unfix(): void;
  /** Moves what can be moved without waiting. */
  advance(): void;
  /**
   * Waits for the stretch; answers its bytes, fewer than asked for only at the end of the file.
   * Throws a NairobiError that names the operation, the file and the errno.
   */
  finish(reading: Reading): number;
  /**
   * Waits until nothing is in flight and forgets what was not begun: after an error, before
   * release.
   */
  drain(): void;
}

/** Reading while JavaScript stays responsive: stretches of files, each a promise. */
export interface AsyncReader extends Disposable {
  readonly facts: ReaderFacts;
  /** The reader to read this file with: this one, or another where it must not. */
  readerOf(file: InputFile): AsyncReader;
  /**
   * Reads a stretch of a file; resolves with its bytes, fewer than asked for only at the end of the
   * file. The memory and the file must stay until then, also when it is rejected: see `settled`.
   */
  read(file: InputFile, extent: Extent): Promise<number>;
  /** Resolves once nothing is in flight. */
  settled(): Promise<void>;
}
