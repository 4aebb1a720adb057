/**
 * The worker thread beside a scan in place: reads ahead of it and takes away behind it, so that a
 * file of any size passes through a bounded window of memory. Started by `in-place.ts`.
 *
 * Taking pages away from a mapping that another thread may unmap at any moment would, in a bad
 * moment, hit whatever was mapped there next. So the first page of the mapping is sealed (mseal,
 * 6.10) and the mapping looked up once more: from then on no call that covers this page can unmap
 * any of it. Not more than this page, since nothing can be put in the place of a sealed one, as the
 * fault guard (kernel/sigbus.ts) does when the file becomes shorter; and the first is read first.
 * Where it cannot be sealed, MADV_PAGEOUT serves, which never loses data but drops the pages from
 * the page cache as well.
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

/** Taking away what is not there costs some microseconds for a gigabyte. */
const AGAIN_TICKS = 16;

/** One mapping of the file and how far it was read and taken away. */
class Attended implements Disposable {
  readonly mapping: FileMapping;
  readonly frontier: Frontier;
  /** Undefined until the mapping is certain to stay. */
  advice: number | undefined;
  trimmed = 0;
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
    this.advice ??= makeStay(order, this.mapping);
    if (this.advice === undefined) return;
    if (isFar) this.trimmed = reached - order.windowBytes / 2;
    const { address, byteLength } = this.mapping;
    madvise(address, this.trimmed, this.advice);
    const ahead = Math.ceil((reached + order.windowBytes) / STEP_BYTES) * STEP_BYTES;
    // Not where taking away empties the page cache, too.
    const canComeBack = this.advice === MADV.MADV_DONTNEED && ahead < byteLength;
    if (canComeBack) madvise(address + BigInt(ahead), byteLength - ahead, this.advice);
  }

  [Symbol.dispose](): void {
    this.frontier[Symbol.dispose]();
    if (this.advice === undefined) return;
    // A sealed mapping stays until the process ends; its pages need not.
    madvise(this.mapping.address, this.mapping.byteLength, this.advice);
  }
}

/** The advice that may be given about the mapping; undefined when it went away meanwhile. */
function makeStay({ fd, pageBytes }: WardenOrder, mapping: FileMapping): number | undefined {
  if (mseal(mapping.address, pageBytes) < 0) return MADV.MADV_PAGEOUT;
  const same = (other: FileMapping): boolean =>
    other.address === mapping.address && other.byteLength === mapping.byteLength;
  return findMappings(fd, fstatSync(fd).ino).some(same) ? MADV.MADV_DONTNEED : undefined;
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
      sealed ||= attended.advice === MADV.MADV_DONTNEED;
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
