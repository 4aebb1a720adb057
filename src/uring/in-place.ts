/**
 * Scanning a regular file where it is, in the page cache: no copy, no memory of ours, and every
 * plan of Polars works on it. Measured the fastest hand-over by far (docs/io.md). What makes plain
 * path scans a risk is taken away: a missing page is counted instead of being the process's end,
 * the file cannot be exchanged between opening and scanning, and its share of the process's memory
 * has a bound.
 */
import { fstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { NairobiError } from '../errors.ts';
import { close, mmap, munmap, open } from '../kernel/calls.ts';
import { MAP } from '../kernel/constants.ts';
import { checked } from '../kernel/errno.ts';
import { type FaultGuard, guardFaults, memoryPageBytes } from '../kernel/sigbus.ts';
import type { Fd } from '../kernel/syscall.ts';
import { threadEntry } from '../thread-entry.ts';
import { formatBytes, MiB } from '../units.ts';
import { cachedShare } from './input-file.ts';
import { findMappings } from './mapped-file.ts';
import { type Prefetch, prefetch } from './prefetch.ts';
import type { WardenOrder, WardenReport } from './warden.ts';

export interface InPlaceOptions {
  /**
   * The most of the file that may be mapped at one time, for plans that go through it in order.
   * Undefined: all of it, which the page cache holds anyway and gives up when memory is short.
   */
  readonly windowBytes?: number;
}

export interface InPlaceFacts {
  readonly size: number;
  /** Of the file in the page cache when it was opened, 0 to 1. */
  readonly cachedShare: number;
  /** Requests to the ring to read ahead; 0 when the file was cached or a warden reads ahead. */
  readonly prefetches: number;
  readonly ringFlags: readonly string[];
  readonly windowBytes: number | undefined;
}

/** A whole file in the page cache needs no reading ahead; a few missing pages are no matter. */
const CACHED_ENOUGH = 0.99;

/** Below this, the window of a scan would be smaller than what its threads work on. */
export const WINDOW_BYTES_MIN = 32 * MiB;

/** Without it the scan only takes more memory: no reason to wait for ever. */
const WARDEN_WAIT_MS = 3000;

function wardenFile(): string {
  return fileURLToPath(threadEntry('warden', './warden.ts', import.meta.url));
}

export class InPlace implements Disposable {
  readonly path: string;
  readonly facts: InPlaceFacts;
  readonly #fd: Fd;
  readonly #guard: FaultGuard;
  readonly #prefetch: Prefetch | undefined;
  readonly #over = new SharedArrayBuffer(8);
  readonly #warden: Worker | undefined;
  readonly #size: number;
  readonly #modifiedMs: number;
  #report: Promise<WardenReport | undefined> = Promise.resolve(undefined);
  #closed = false;

  constructor(path: string, fd: Fd, guard: FaultGuard, options: InPlaceOptions) {
    const stat = fstatSync(fd);
    const share = cachedShare(fd, stat.size);
    const cold = share < CACHED_ENOUGH;
    const bounded = options.windowBytes !== undefined && options.windowBytes < stat.size;
    this.path = path;
    this.#fd = fd;
    this.#guard = guard;
    this.#size = stat.size;
    this.#modifiedMs = stat.mtimeMs;
    if (cold && !bounded) this.#prefetch = tryPrefetch(fd, stat.size);
    if (bounded) {
      this.#warden = this.#start({
        fd,
        windowBytes: Math.max(WINDOW_BYTES_MIN, options.windowBytes),
        ahead: cold,
        pageBytes: memoryPageBytes(),
        earlier: new Set(findMappings(fd, stat.ino).map(({ address }) => address)),
        over: this.#over,
      });
    }
    this.facts = {
      size: stat.size,
      cachedShare: share,
      prefetches: this.#prefetch?.requests ?? 0,
      ringFlags: this.#prefetch?.ringFlags ?? [],
      windowBytes: bounded ? options.windowBytes : undefined,
    };
  }

  /**
   * What Polars scans: our descriptor, so that a file of the same name put in its place is not
   * read. Waits for the warden: on a busy host a scan is a gigabyte ahead before a thread starts.
   */
  get scanPath(): string {
    const isStanding = (): boolean => Atomics.load(new Int32Array(this.#over), 1) !== 0;
    if (this.#warden !== undefined && !isStanding()) {
      Atomics.wait(new Int32Array(this.#over), 1, 0, WARDEN_WAIT_MS);
    }
    return `/proc/self/fd/${this.#fd}`;
  }

  /** Open as long as this is. */
  get fd(): Fd {
    return this.#fd;
  }

  /** Bytes the file has now. */
  get currentSize(): number {
    return fstatSync(this.#fd).size;
  }

  /** True when the file was written to since it was opened; growth alone harms no scan. */
  get changed(): boolean {
    return fstatSync(this.#fd).mtimeMs !== this.#modifiedMs;
  }

  /**
   * To be asked after every computation over it, before its result is used: throws when pages were
   * missing or the file became shorter, since the result is then of zeros.
   */
  verify(): void {
    const { size } = fstatSync(this.#fd);
    const where = { file: this.path };
    if (size < this.#size) {
      throw new NairobiError(
        'IO',
        `${this.path} became shorter while it was read: ${formatBytes(this.#size)} when opened, ${formatBytes(size)} now`,
        { where, hint: 'read it again when nothing writes to it, or pass --io uring' },
      );
    }
    if (this.#guard.faults === 0) return;
    throw new NairobiError('IO', `Cannot read all of ${this.path}: pages of it could not be read`, {
      where,
      hint: 'the device failed, or the file was cut and written again; look at "dmesg", or pass --io uring',
    });
  }

  /** What the warden took away, once the scan is closed; undefined when there was none. */
  get report(): Promise<WardenReport | undefined> {
    return this.#report;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#prefetch?.[Symbol.dispose]();
    this.#guard[Symbol.dispose]();
    const over = new Int32Array(this.#over);
    Atomics.store(over, 0, 1);
    Atomics.notify(over, 0);
    // The warden uses the descriptor until it has answered.
    if (this.#warden === undefined) close(this.#fd);
    else void this.#report.finally(() => close(this.#fd));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #start(order: WardenOrder): Worker {
    const worker = new Worker(wardenFile(), { workerData: order });
    worker.unref(); // a forgotten scan does not keep the process alive
    this.#report = new Promise((resolve) => {
      worker.once('message', (report: WardenReport) => resolve(report));
      // Without it the scan only takes more memory; its answer is the same.
      worker.once('error', () => resolve(undefined));
      worker.once('exit', () => resolve(undefined));
    });
    return worker;
  }
}

/** Reading ahead only saves time: a host without a ring reads as the pages are touched. */
function tryPrefetch(fd: Fd, size: number): Prefetch | undefined {
  try {
    return prefetch(fd, size);
  } catch {
    return undefined;
  }
}

/** File systems without a page cache refuse with ENODEV: FUSE with direct_io, 9p. */
function canBeMapped(fd: Fd): boolean {
  const address = mmap(1, { protection: MAP.PROT_READ, flags: MAP.MAP_SHARED, fd });
  if (address < 0) return false;
  munmap(BigInt(address), 1);
  return true;
}

/**
 * Opens a regular file for scanning in place; undefined when it cannot be: it is no regular file,
 * it is empty, its file system maps no files, or this host has no fault guard. Throws when it
 * cannot be opened at all.
 */
export function openInPlace(path: string, options: InPlaceOptions = {}): InPlace | undefined {
  const fd = checked(open(path), `open ${path}`, { file: path }) as Fd;
  const stat = fstatSync(fd);
  const guard = stat.isFile() && stat.size > 0 && canBeMapped(fd) ? guardFaults() : undefined;
  if (guard === undefined) {
    close(fd);
    return undefined;
  }
  return new InPlace(path, fd, guard, options);
}
