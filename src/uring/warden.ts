/**
 * The worker thread beside a scan in place: reads ahead of it and takes away behind it, so that a
 * file of any size passes through a bounded window of memory. Started by `in-place.ts`.
 *
 * Taking pages away from a mapping that another thread may unmap at any moment would, in a bad
 * moment, hit whatever was mapped there next: the heap, say, whose pages would be zeros. Polars
 * unmaps in calls of 32 MiB from the mapping's start on (strace, 0.26.1). So the first page of each
 * such stretch is sealed (mseal, 6.10) and the mapping looked up once more: from then on no call
 * that covers this page can unmap any of it. Not more than this page, and only behind the scan,
 * since nothing can be put in the place of a sealed one, as the fault guard (kernel/sigbus.ts) does
 * when the file becomes shorter. Where nothing is sealed, MADV_PAGEOUT serves, which never loses
 * data but drops the pages from the page cache as well.
 */
import { fstatSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { fadvise, madvise, mseal } from '../kernel/calls.ts';
import { FADVISE, MADV } from '../kernel/constants.ts';
import type { Fd } from '../kernel/syscall.ts';
import { MiB } from '../units.ts';
import { type FileMapping, Frontier, findMappings } from './mapped-file.ts';

export interface WardenOrder {
  readonly fd: Fd;
  /** What of the file may be mapped at one time. */
  readonly windowBytes: number;
  /** Read ahead of the scan as well: the file is not in the page cache. */
  readonly ahead: boolean;
  readonly pageBytes: number;
  /** Mappings of earlier scans: sealed by their wardens, nobody reads in them any more. */
  readonly earlier: ReadonlySet<bigint>;
  /** Two words: the scan is over when the first is not 0; the second becomes 1 with the start. */
  readonly over: SharedArrayBuffer;
}

export interface WardenReport {
  readonly trimmedBytes: number;
  readonly sealed: boolean;
}

const TICK_MS = 4;
const STEP_BYTES = 2 * MiB;

/** What one call of Polars unmaps: each begins with a sealed page before it is emptied. */
const STRETCH_BYTES = 32 * MiB;

/** Each sealed page takes two of the 65,530 mappings that a process may have (vm.max_map_count). */
const STRETCHES_MAX = 8192;

/** Taking away what is not there costs some microseconds for a gigabyte. */
const AGAIN_TICKS = 16;

/** One mapping of the file and how far it was read and taken away. */
class Attended implements Disposable {
  readonly mapping: FileMapping;
  readonly frontier: Frontier;
  /** Bytes from its start that are certain to stay the file's. */
  held = 0;
  trimmed = 0;
  #mayHold = true;
  /** Since pages were taken away. */
  #ticks = 0;

  constructor(mapping: FileMapping, pageBytes: number) {
    this.mapping = mapping;
    this.frontier = new Frontier(mapping, pageBytes, STEP_BYTES);
  }

  /**
   * Takes away what lies further than half the window behind the frontier: threads parse there. One
   * that is behind the others, as on a busy host, brings pages back that were taken away: so it is
   * always all from the start on, now and then also when the frontier stands. Polars has a second
   * mapping in which it looks here and there (measured, 0.26.1): what lies ahead goes as well.
   */
  trim(order: WardenOrder): void {
    const { reached } = this.frontier;
    this.#ticks += 1;
    const isFar = reached - this.trimmed >= order.windowBytes;
    if (!isFar && this.#ticks < AGAIN_TICKS) return;
    this.#ticks = 0;
    if (isFar) this.trimmed = reached - order.windowBytes / 2;
    this.#hold(order, this.trimmed);
    const { address, byteLength } = this.mapping;
    const certain = Math.min(this.trimmed, this.held);
    madvise(address, certain, MADV.MADV_DONTNEED);
    this.#pageOut(certain, this.trimmed);
    const ahead = Math.ceil((reached + order.windowBytes) / STEP_BYTES) * STEP_BYTES;
    // Where nothing can be held all goes that way, and the page cache would be empty.
    if (this.held > 0) this.#pageOut(ahead, byteLength);
  }

  /** Seals the stretches that begin before `end`. */
  #hold({ fd, pageBytes }: WardenOrder, end: number): void {
    const { address, byteLength } = this.mapping;
    const before = this.held;
    let sealed = before;
    const most = Math.min(end, byteLength, STRETCHES_MAX * STRETCH_BYTES);
    for (; this.#mayHold && sealed < most; sealed += STRETCH_BYTES) {
      this.#mayHold = mseal(address + BigInt(sealed), pageBytes) === 0;
      if (!this.#mayHold) break;
    }
    if (sealed === before) return;
    // Some of it may have been unmapped, and something else mapped, before it was sealed.
    const now = findMappings(fd, fstatSync(fd).ino).find((other) => other.address === address);
    this.held = Math.min(sealed, byteLength, now?.byteLength ?? 0);
    this.#mayHold &&= this.held === Math.min(sealed, byteLength);
  }

  #pageOut(from: number, to: number): void {
    if (from < to) madvise(this.mapping.address + BigInt(from), to - from, MADV.MADV_PAGEOUT);
  }

  [Symbol.dispose](): void {
    this.frontier[Symbol.dispose]();
    // What is sealed stays mapped until the process ends; its pages need not.
    madvise(this.mapping.address, this.held, MADV.MADV_DONTNEED);
  }
}

class Warden {
  readonly #order: WardenOrder;
  readonly #inode: number;
  readonly #attended = new Map<bigint, Attended>();
  #ahead = 0;

  constructor(order: WardenOrder) {
    this.#order = order;
    this.#inode = fstatSync(order.fd).ino;
  }

  tick(): void {
    this.#find();
    let reached = 0;
    for (const attended of this.#attended.values()) {
      reached = Math.max(reached, attended.frontier.advance());
      attended.trim(this.#order);
    }
    const { fd, windowBytes, ahead } = this.#order;
    if (!ahead || reached + windowBytes - this.#ahead < STEP_BYTES) return;
    const until = reached + windowBytes;
    fadvise(fd, this.#ahead, until - this.#ahead, FADVISE.POSIX_FADV_WILLNEED);
    this.#ahead = until;
  }

  end(): WardenReport {
    let trimmedBytes = 0;
    let sealed = false;
    for (const attended of this.#attended.values()) {
      trimmedBytes += attended.trimmed;
      sealed ||= attended.held > 0;
      attended[Symbol.dispose]();
    }
    return { trimmedBytes, sealed };
  }

  #find(): void {
    const { fd, pageBytes, earlier } = this.#order;
    const present = findMappings(fd, this.#inode);
    const addresses = new Set(present.map(({ address }) => address));
    for (const [address, attended] of this.#attended) {
      if (addresses.has(address)) continue;
      attended[Symbol.dispose]();
      this.#attended.delete(address);
    }
    for (const mapping of present) {
      if (earlier.has(mapping.address) || this.#attended.has(mapping.address)) continue;
      this.#attended.set(mapping.address, new Attended(mapping, pageBytes));
    }
  }
}

function stand(order: WardenOrder): WardenReport {
  const warden = new Warden(order);
  const over = new Int32Array(order.over);
  Atomics.store(over, 1, 1);
  Atomics.notify(over, 1);
  while (Atomics.load(over, 0) === 0) {
    warden.tick();
    Atomics.wait(over, 0, 0, TICK_MS);
  }
  return warden.end();
}

parentPort?.postMessage(stand(workerData as WardenOrder));
