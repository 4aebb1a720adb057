/** One anonymous mapping on the best pages this host gives, and the end of its life. */
import { readFileSync } from 'node:fs';
import { assert } from '../errors.ts';
import { madvise, mmap, munmap } from '../kernel/calls.ts';
import { MADV, MAP } from '../kernel/constants.ts';
import { KernelError } from '../kernel/errno.ts';
import { type Address, viewOf } from '../kernel/syscall.ts';
import { HUGE_PAGE_BYTES } from '../limits.ts';
import { formatBytes, GiB } from '../units.ts';
import type { PageKind } from './lease.ts';

/**
 * The rungs of the ladder, best first. 1 GiB pages are taken on request only: the first touch of
 * one costs up to seconds.
 */
export type PageWish = 'auto' | PageKind;

export interface Region {
  readonly address: Address;
  readonly byteLength: number;
  readonly pageKind: PageKind;
  /** The whole region, in place. Whoever holds it, or a view of it, keeps the mapping alive. */
  readonly memory: ArrayBuffer;
}

/**
 * Unmaps a region when its ArrayBuffer is collected, and at no other time: as long as anybody
 * holds a view, its pages are there. This is why no view can outlive its mapping.
 */
const unmapWhenCollected = new FinalizationRegistry<{ address: Address; byteLength: number }>(
  ({ address, byteLength }) => {
    munmap(address, byteLength);
  },
);

const HUGETLB = {
  'hugetlb-2M': {
    bytes: Number(HUGE_PAGE_BYTES),
    flag: MAP.MAP_HUGE_2MB,
    name: 'hugepages-2048kB',
  },
  'hugetlb-1G': { bytes: Number(GiB), flag: MAP.MAP_HUGE_1GB, name: 'hugepages-1048576kB' },
} as const;

const READ_WRITE = MAP.PROT_READ | MAP.PROT_WRITE;
const PRIVATE = MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS;

/** Reserved huge pages nobody has a claim on: free minus promised (hugetlbpage.rst). */
export function spareHugePages(kind: keyof typeof HUGETLB = 'hugetlb-2M'): number {
  const read = (file: string): number => {
    try {
      const text = readFileSync(`/sys/kernel/mm/hugepages/${HUGETLB[kind].name}/${file}`, 'utf8');
      return Number.parseInt(text, 10);
    } catch {
      return 0; // no such page size on this host
    }
  };
  return Math.max(0, read('free_hugepages') - read('resv_hugepages'));
}

/**
 * Maps reserved huge pages. Every page is faulted in by MADV_POPULATE_WRITE (5.14), which answers
 * an errno where touching the page would be a SIGBUS: a cgroup's fault limit, or a pool that
 * shrank. A kernel without it gets transparent pages instead, which are as fast.
 */
function mapHugetlb(byteLength: number, kind: keyof typeof HUGETLB): number | undefined {
  const page = HUGETLB[kind];
  if (byteLength % page.bytes !== 0 || spareHugePages(kind) < byteLength / page.bytes) {
    return undefined;
  }
  const flags = PRIVATE | MAP.MAP_HUGETLB | page.flag;
  const address = mmap(byteLength, { protection: READ_WRITE, flags });
  if (address < 0) return undefined; // somebody took them in the meantime
  if (madvise(BigInt(address), byteLength, MADV.MADV_POPULATE_WRITE) < 0) {
    munmap(BigInt(address), byteLength);
    return undefined;
  }
  return address;
}

/**
 * Maps ordinary memory aligned to the huge page, so that the first and the last page can be one.
 */
function tryMapAligned(byteLength: number): number {
  const total = byteLength + HUGE_PAGE_BYTES;
  const address = mmap(total, { protection: READ_WRITE, flags: PRIVATE | MAP.MAP_NORESERVE });
  if (address < 0) return address;
  const aligned = Math.ceil(address / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  const end = aligned + byteLength;
  if (aligned > address) munmap(BigInt(address), aligned - address);
  if (address + total > end) munmap(BigInt(end), address + total - end);
  return aligned;
}

function transparentPagesAllowed(): boolean {
  try {
    return !readFileSync('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8').includes('[never]');
  } catch {
    return false; // CONFIG_TRANSPARENT_HUGEPAGE=n
  }
}

function climb(byteLength: number, wish: PageWish): { address: number; pageKind: PageKind } {
  for (const kind of ['hugetlb-1G', 'hugetlb-2M'] as const) {
    const wanted = wish === kind || (wish === 'auto' && kind === 'hugetlb-2M');
    const address = wanted ? mapHugetlb(byteLength, kind) : undefined;
    if (address !== undefined) return { address, pageKind: kind };
  }
  const address = tryMapAligned(byteLength);
  if (address < 0) throw new KernelError(-address, `map ${formatBytes(byteLength)} of memory`);
  return { address, pageKind: wish === 'plain' ? 'plain' : adviseHuge(address, byteLength) };
}

function adviseHuge(address: number, byteLength: number): PageKind {
  const huge =
    transparentPagesAllowed() && madvise(BigInt(address), byteLength, MADV.MADV_HUGEPAGE) === 0;
  return huge ? 'thp' : 'plain';
}

/**
 * Maps `byteLength` bytes (a multiple of the huge page). A wish is a wish: what was got is in
 * `pageKind`. Throws KernelError when there is no memory at all.
 */
export function mapRegion(byteLength: number, wish: PageWish = 'auto'): Region {
  const { address, pageKind } = climb(byteLength, wish);
  return registered(address, byteLength, pageKind);
}

function registered(address: number, byteLength: number, pageKind: PageKind): Region {
  const memory = viewOf(BigInt(address), byteLength);
  unmapWhenCollected.register(memory, { address: BigInt(address), byteLength });
  return { address: BigInt(address), byteLength, pageKind, memory };
}

/** Addresses without memory yet, for content whose length nobody knows: see Pool.grow. */
export interface Reserve {
  readonly address: Address;
  /** How far the content may grow. */
  readonly byteLength: number;
  /** Keeps the first `byteLength` bytes (whole huge pages are kept) and unmaps the rest. */
  keep(byteLength: number): Region;
  /** Unmaps all of it, once, unless it was kept. No view of it was given out. */
  drop(): void;
}

/**
 * Reserves addresses for up to `wanted` bytes; memory comes page by page as it is touched. A host
 * that counts reservations (vm.overcommit_memory=2) may give fewer, down to one huge page.
 */
export function reserveRegion(wanted: number): Reserve {
  for (let byteLength = wanted; ; byteLength = roundUp(byteLength / 2)) {
    const address = tryMapAligned(byteLength);
    if (address < 0 && byteLength <= HUGE_PAGE_BYTES) {
      throw new KernelError(-address, `map ${formatBytes(byteLength)} of memory`);
    }
    if (address < 0) continue;
    const pageKind = adviseHuge(address, byteLength);
    let isOurs = true;
    return {
      address: BigInt(address),
      byteLength,
      keep(used: number): Region {
        assert(isOurs, 'a reservation is kept or dropped once');
        isOurs = false;
        const kept = Math.max(HUGE_PAGE_BYTES, roundUp(used));
        if (kept < byteLength) munmap(BigInt(address + kept), byteLength - kept);
        return registered(address, kept, pageKind);
      },
      // Twice would take away what somebody else has there by then.
      drop: () => {
        if (isOurs) munmap(BigInt(address), byteLength);
        isOurs = false;
      },
    };
  }
}

const roundUp = (count: number): number => Math.ceil(count / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;

/**
 * Gives the pages back and keeps the addresses mapped. Not for reserved huge pages: touching one
 * again when the host has none left would be a SIGBUS.
 */
export function discardPages(region: Region): void {
  if (region.pageKind.startsWith('hugetlb')) return;
  madvise(region.address, region.byteLength, MADV.MADV_DONTNEED);
}
