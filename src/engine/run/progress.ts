/**
 * Progress on stderr: how much of the sources was read. A thread draws it, because the main thread
 * is inside native calls; it is started for large files and streams only, and waits a second.
 */
import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { sayWhenEnded } from '../../kernel/interrupt.ts';
import { memoryPageBytes } from '../../kernel/sigbus.ts';
import type { Fd } from '../../kernel/syscall.ts';
import { IN_PLACE_BYTES_MIN } from '../../limits.ts';
import { threadEntry } from '../../thread-entry.ts';
import { undoAlongside } from '../../unfinished.ts';
import { findMappings } from '../../uring/mapped-file.ts';
import type { InputFile } from '../inputs/files.ts';
import {
  bytesRead,
  CELL,
  type ProgressNews,
  type ProgressTask,
  SIZES_AT,
} from './progress-cells.ts';

export type ProgressStyle = 'line' | 'json';

/** Takes the line away: back to its beginning, and erase to its end. */
export const ERASE_LINE = '\r\u001b[K';

/** The ring reads them, and nobody tells how far it has come. */
const COMPRESSED = /\.(gz|gzip|zst|zstd|bz2|xz|lz4)$/i;

interface Opened {
  readonly file: InputFile;
  readonly isInPlace?: boolean;
  readonly isRead?: boolean;
}

export class Progress implements Disposable {
  #style: ProgressStyle | undefined;
  #port: MessagePort | undefined;
  readonly #memory = new SharedArrayBuffer(SIZES_AT + 2 * Float64Array.BYTES_PER_ELEMENT);
  readonly #cells = new Int32Array(this.#memory, 0, SIZES_AT / Int32Array.BYTES_PER_ELEMENT);
  readonly #sizes = new Float64Array(this.#memory, SIZES_AT);
  readonly #told = new Set<string>();
  readonly #owned = new DisposableStack();

  /** Off until this is called. */
  allow(style: ProgressStyle): void {
    this.#style = style;
  }

  /** Files are about to be opened and read, or scanned after that. */
  expect(files: readonly InputFile[]): void {
    if (this.#style === undefined || this.#cells[CELL.over] !== 0) return;
    const isLong = files.some(({ kind, size }) => kind !== 'regular' || size >= IN_PLACE_BYTES_MIN);
    const isKnown = files.every(({ kind }) => kind === 'regular');
    if (isLong) this.#start(this.#style);
    this.#sizes[0] = (this.#sizes[0] ?? 0) + files.reduce((sum, { size }) => sum + size, 0);
    if (!isKnown) this.#cells[CELL.unknown] = 1;
    if (files.some(({ path }) => COMPRESSED.test(path))) this.#cells[CELL.opaque] = 1;
  }

  /** Those that were read are counted; how far a scan in place has come tells of the others. */
  opened(pieces: readonly Opened[]): void {
    for (const { file, isInPlace, isRead } of this.#port === undefined ? [] : pieces) {
      const { path, size, kind } = file;
      if (kind !== 'regular') continue;
      if (isRead === true && !this.#told.has(path)) this.advance(size);
      if (isInPlace !== true) continue;
      const pageBytes = memoryPageBytes();
      this.#port?.postMessage({
        path,
        earlier: mappingsOf(path),
        pageBytes,
      } satisfies ProgressNews);
    }
  }

  /** Where its reader may tell how many bytes of a file it has used; undefined: nobody asks. */
  tell(path: string): SharedArrayBuffer | undefined {
    if (this.#port === undefined) return undefined;
    this.#told.add(path);
    const told = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
    this.#port.postMessage({ told } satisfies ProgressNews);
    return told;
  }

  /** So many bytes were read by who knows it. */
  advance(count: number): void {
    this.#cells[CELL.counted] = 1;
    this.#sizes[1] = (this.#sizes[1] ?? 0) + count;
  }

  /** Takes the line away for good: what follows is output. */
  [Symbol.dispose](): void {
    const cells = this.#cells;
    if (Atomics.exchange(cells, CELL.over, 1) === 1 || this.#port === undefined) return;
    Atomics.notify(cells, CELL.over);
    // The thread holds the lock while it writes, which takes microseconds.
    Atomics.wait(cells, CELL.lock, 1, 1000);
    if (Atomics.load(cells, CELL.drawn) === 1) writeSync(2, ERASE_LINE);
    this.#port.close();
    this.#owned.dispose();
  }

  #start(style: ProgressStyle): void {
    if (this.#port !== undefined) return;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.unref();
    const entry = threadEntry('progress', './progress-worker.ts', import.meta.url);
    const task: ProgressTask = { style, memory: this.#memory, port: port2, before: bytesRead() };
    new Worker(entry, { workerData: task, transferList: [port2] }).unref();
    if (style === 'line') this.#eraseWhenEnded();
  }

  /** Also where a signal ends the process, at once or after what has to be undone. */
  #eraseWhenEnded(): void {
    this.#owned.use(undoAlongside(() => this[Symbol.dispose]()));
    this.#owned.use(sayWhenEnded('SIGINT', ERASE_LINE));
    this.#owned.use(sayWhenEnded('SIGTERM', ERASE_LINE));
  }
}

/** Mappings that are there before a scan begins: they tell nothing about it. */
function mappingsOf(path: string): bigint[] {
  try {
    const fd = openSync(path, 'r') as Fd;
    try {
      return findMappings(fd, fstatSync(fd).ino).map(({ address }) => address);
    } finally {
      closeSync(fd);
    }
  } catch {
    return [];
  }
}
