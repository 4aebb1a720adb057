/**
 * Regions, lent and taken back. First touch of fresh memory is what makes reading slow (2 s/GB on
 * 4K pages), so a released region is kept for the next lease of its size or less.
 */
import { assert, NairobiError } from '../errors.ts';
import { HUGE_PAGE_BYTES } from '../limits.ts';
import { type Bytes, bytes, formatBytes, GiB } from '../units.ts';
import type { Lease, PageKind } from './lease.ts';
import { discardPages, mapRegion, type PageWish, type Region, reserveRegion } from './region.ts';

export interface PoolOptions {
  /** What regions are made of; 'auto' is reserved huge pages when spare, else transparent ones. */
  readonly pages?: PageWish;
  /** The most the pool maps at one time; a lease beyond it is a MEMORY_LIMIT error. */
  readonly limitBytes?: Bytes;
}

/** See Pool.open. */
export interface Room {
  readonly address: bigint;
  /** How far the content may grow. */
  readonly byteLength: number;
  /** Lends the first `used` bytes, written to or not, and gives the other addresses back. */
  keep(used: number): Lease;
  /** Gives all of it back. No view of it may be left. */
  drop(): void;
  /** What to throw when the content is longer. */
  tooSmall(): NairobiError;
}

/** A kept region may be this much larger than what is asked for: else it is mapped anew. */
const WASTE_FACTOR = 2;

/**
 * Every region that is lent, of all pools: one that nobody gives back stays mapped for good, since
 * the kernel may still write there.
 */
const LENT = new Set<Region>();

/** Addresses are free, yet not without end: half of what arm64 with 39-bit addresses has. */
const GROW_BYTES_MAX = 256 * GiB;

class PoolLease implements Lease {
  readonly byteLength: Bytes;
  readonly #region: Region;
  #giveBack: (() => void) | undefined;

  constructor(region: Region, byteLength: Bytes, giveBack: () => void) {
    this.#region = region;
    this.byteLength = byteLength;
    this.#giveBack = giveBack;
  }

  get address(): bigint {
    assert(this.#giveBack !== undefined, 'the address of a released lease was asked for');
    return this.#region.address;
  }

  get pageKind(): PageKind {
    return this.#region.pageKind;
  }

  bytes(offset = 0, length = this.byteLength - offset): Buffer {
    assert(this.#giveBack !== undefined, 'the bytes of a released lease were asked for');
    assert(
      offset >= 0 && length >= 0 && offset + length <= this.byteLength,
      `bytes ${offset}..${offset + length} are outside a lease of ${this.byteLength}`,
    );
    return Buffer.from(this.#region.memory, offset, length);
  }

  release(): void {
    const giveBack = this.#giveBack;
    this.#giveBack = undefined;
    giveBack?.();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

export class Pool implements Disposable {
  readonly #pages: PageWish;
  readonly #limitBytes: number;
  readonly #idle: Region[] = [];
  readonly #lent = new Set<Region>();
  #peakBytes = 0;

  constructor(options: PoolOptions = {}) {
    this.#pages = options.pages ?? 'auto';
    this.#limitBytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Bytes mapped now: lent and kept. */
  get mappedBytes(): number {
    let total = 0;
    for (const region of [...this.#idle, ...this.#lent]) total += region.byteLength;
    return total;
  }

  /** The most that was mapped at one time. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Of `mappedBytes`, what sits on reserved huge pages, which RSS does not show. */
  get hugetlbBytes(): number {
    let total = 0;
    for (const region of [...this.#idle, ...this.#lent]) {
      if (region.pageKind.startsWith('hugetlb')) total += region.byteLength;
    }
    return total;
  }

  /**
   * Lends at least `byteLength` bytes, starting on a huge page. Their content is whatever was
   * there before. Throws MEMORY_LIMIT beyond the pool's limit.
   */
  lease(byteLength: number): Lease {
    assert(Number.isSafeInteger(byteLength) && byteLength >= 0, `no lease of ${byteLength} bytes`);
    const region = this.#take(
      Math.max(1, Math.ceil(byteLength / HUGE_PAGE_BYTES)) * HUGE_PAGE_BYTES,
    );
    return this.#lend(region, byteLength);
  }

  /** As lease, with as much as the limit leaves where that is less. */
  leaseUpTo(byteLength: number): Lease {
    let lent = 0;
    for (const region of this.#lent) lent += region.byteLength;
    const left = Math.floor((this.#limitBytes - lent) / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
    return this.lease(Math.min(byteLength, Math.max(HUGE_PAGE_BYTES, left)));
  }

  /**
   * Addresses for content whose length is not known; memory comes as they are written to. Whoever
   * asks keeps or drops them. Throws MEMORY_LIMIT when the pool's limit leaves none.
   */
  open(): Room {
    // New addresses: what was used before would stay in memory beside them.
    this.trim();
    const left = Math.min(GROW_BYTES_MAX, this.#limitBytes - this.mappedBytes);
    const room = Math.floor(left / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
    if (room <= 0) throw this.#tooMuch(this.mappedBytes + HUGE_PAGE_BYTES);
    const reserve = reserveRegion(room);
    return {
      address: reserve.address,
      byteLength: reserve.byteLength,
      keep: (used) => {
        const region = reserve.keep(used);
        this.#peakBytes = Math.max(this.#peakBytes, this.mappedBytes + region.byteLength);
        return this.#lend(region, used);
      },
      drop: () => reserve.drop(),
      tooSmall: () => this.#tooMuch(this.mappedBytes + 2 * reserve.byteLength),
    };
  }

  /**
   * Room for content whose length is not known: `fill` writes from the start of the addresses it
   * is given and answers how many bytes it wrote. Throws MEMORY_LIMIT when all of the room is
   * written to and `fill` asks for more by answering more than the room.
   */
  grow(fill: (address: bigint, room: number) => number): Lease {
    const room = this.open();
    try {
      const used = fill(room.address, room.byteLength);
      if (used > room.byteLength) throw room.tooSmall();
      return room.keep(used);
    } catch (error) {
      room.drop();
      throw error;
    }
  }

  /**
   * Lets go of every region that is not lent: ordinary pages return to the host now (a stale view
   * then reads zeros), reserved ones when the last view of them is collected.
   */
  trim(): void {
    for (const region of this.#idle.splice(0)) discardPages(region);
  }

  [Symbol.dispose](): void {
    this.trim();
  }

  #lend(region: Region, byteLength: number): Lease {
    this.#lent.add(region);
    LENT.add(region);
    return new PoolLease(region, bytes(byteLength), () => {
      this.#lent.delete(region);
      LENT.delete(region);
      this.#idle.push(region);
    });
  }

  #take(wanted: number): Region {
    let best = -1;
    for (const [index, region] of this.#idle.entries()) {
      const fits = region.byteLength >= wanted && region.byteLength <= wanted * WASTE_FACTOR;
      if (fits && region.byteLength < (this.#idle[best]?.byteLength ?? Number.POSITIVE_INFINITY)) {
        best = index;
      }
    }
    const [kept] = best < 0 ? [] : this.#idle.splice(best, 1);
    if (kept !== undefined) return kept;
    if (this.mappedBytes + wanted > this.#limitBytes) this.trim();
    this.#checkLimit(wanted);
    const region = mapRegion(wanted, this.#pages);
    this.#peakBytes = Math.max(this.#peakBytes, this.mappedBytes + wanted);
    return region;
  }

  #checkLimit(wanted: number): void {
    const needed = this.mappedBytes + wanted;
    if (needed > this.#limitBytes) throw this.#tooMuch(needed);
  }

  #tooMuch(needed: number): NairobiError {
    return new NairobiError(
      'MEMORY_LIMIT',
      `Reading needs ${formatBytes(needed)} of buffers, but the limit is ${formatBytes(this.#limitBytes)}`,
      { hint: `pass --memory-limit ${Math.ceil(needed / 2 ** 20)}MiB or more` },
    );
  }
}
