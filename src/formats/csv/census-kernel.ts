/**
 * The WebAssembly kernel of the census: counts the plain records of delimited text at some GB/s
 * and stops at the first that is not plain. Source in kernels/csv.
 */
import { readerOf } from '../../compute/reading.ts';
import { NairobiError } from '../../errors.ts';
import { moduleOf, wasm } from '../../wasm.ts';
import { KERNEL_CODE } from './kernel.generated.ts';

/** Copied into the kernel's memory at a time; small enough to stay in a core's own cache. */
export const KERNEL_CHUNK_BYTES = 256 * 1024;

/** Behind the module's own data. */
const BASE = 64 * 1024;

/** Bytes behind a chunk that the kernel may look at. */
const LOOKAHEAD = 2;

/** Bytes somewhere: fills `into` with those from `at` on and answers how many there were. */
export interface ByteSource {
  readonly length: number;
  read(into: Uint8Array, at: number): number;
}

export interface KernelRules {
  readonly delimiter: number;
  readonly lineEnd: number;
  /** -1 for none. */
  readonly quote: number;
  readonly fields: number;
}

export interface KernelScan {
  /** Plain records before `stoppedAt`, and the line ends among them. */
  readonly rows: number;
  readonly lines: number;
  /** The first byte of the record that is not plain, or the length of the text. */
  readonly stoppedAt: number;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  rowCount(): bigint;
  recordStart(): bigint;
  recordLines(): bigint;
  isQuoted(): number;
  reset(): void;
  advance(length: bigint): void;
  scan(
    base: number,
    from: number,
    to: number,
    delimiter: number,
    lineEnd: number,
    quote: number,
    hasQuote: boolean,
    fields: bigint,
  ): number;
}

export class CensusKernel {
  readonly #calls: Exports;
  readonly #memory: Uint8Array;

  constructor() {
    const env = {
      abort: () => {
        throw new NairobiError('HOST', 'The census kernel stopped');
      },
    };
    const module = moduleOf(KERNEL_CODE);
    this.#calls = new wasm.Instance(module, { env }).exports as Exports;
    this.#memory = new Uint8Array(this.#calls.memory.buffer);
  }

  /**
   * Counts from the record that starts at `start`, `chunkBytes` (a multiple of 64) at a time. With
   * `goesOn` the text ends anywhere: `stoppedAt` is then near its end, at a record's first byte.
   */
  scan(
    source: ByteSource,
    start: number,
    chunkBytes: number,
    rules: KernelRules,
    goesOn = false,
  ): KernelScan {
    const calls = this.#calls;
    calls.reset();
    for (let at = start; at < source.length; at += chunkBytes) {
      if (goesOn && source.length - at < chunkBytes + LOOKAHEAD) {
        this.#run(this.#loadSome(source, at), rules);
        return this.#stopped(at);
      }
      const { read, padded } = this.#load(source, at, chunkBytes, rules.lineEnd);
      if (this.#run(padded, rules) < padded) return this.#stopped(at);
      if (at + read >= source.length && calls.isQuoted() !== 0) return this.#stopped(at);
      calls.advance(BigInt(chunkBytes));
    }
    return this.#stopped(0, source.length);
  }

  /** Copies a chunk; the last record of the text gets the line end it may lack, then zeros. */
  #load(
    source: ByteSource,
    at: number,
    chunkBytes: number,
    lineEnd: number,
  ): { read: number; padded: number } {
    const room = this.#memory.subarray(BASE, BASE + chunkBytes + LOOKAHEAD);
    const read = source.read(room, at);
    let end = BASE + read;
    this.#memory.fill(0, end, end + LOOKAHEAD);
    if (read > chunkBytes) return { read: chunkBytes, padded: chunkBytes };
    if (this.#memory[end - 1] !== lineEnd) {
      this.#memory[end] = lineEnd;
      end += 1;
    }
    const padded = Math.ceil((end - BASE) / 64) * 64;
    this.#memory.fill(0, end, BASE + padded + LOOKAHEAD);
    return { read, padded };
  }

  /** Copies the last whole blocks that have bytes behind them to be looked at. */
  #loadSome(source: ByteSource, at: number): number {
    const length = source.length - at;
    source.read(this.#memory.subarray(BASE, BASE + length), at);
    return Math.max(0, Math.floor((length - LOOKAHEAD) / 64) * 64);
  }

  #run(length: number, rules: KernelRules): number {
    const { delimiter, lineEnd, quote, fields } = rules;
    return this.#calls.scan(
      BASE,
      0,
      length,
      delimiter,
      lineEnd,
      Math.max(0, quote),
      quote >= 0,
      BigInt(fields),
    );
  }

  #stopped(chunkAt: number, end?: number): KernelScan {
    return {
      rows: Number(this.#calls.rowCount()),
      lines: Number(this.#calls.recordLines()),
      stoppedAt: end ?? chunkAt + Number(this.#calls.recordStart()),
    };
  }
}

export const bytesInMemory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  read: readerOf(bytes),
});

let kernel: CensusKernel | undefined;

/** The kernel, compiled on first use; it keeps nothing between scans. */
export function censusKernel(): CensusKernel {
  kernel ??= new CensusKernel();
  return kernel;
}
