/**
 * Files in memory on reserved huge pages: a reader needs one entry of its TLB for 2 MiB of them.
 * Their length is in whole pages and write(2) is refused (hugetlbpage.rst), so they are filled
 * through a mapping; seals hold as on any memfd (4.16).
 */
import { close, ftruncate, madvise, memfdCreate, mmap, munmap } from '../kernel/calls.ts';
import { MADV, MAP, MEMFD } from '../kernel/constants.ts';
import { type Address, type Fd, viewOf } from '../kernel/syscall.ts';
import { HUGE_PAGE_BYTES } from '../limits.ts';
import { spareHugePages } from './region.ts';

const FLAGS = MEMFD.MFD_CLOEXEC | MEMFD.MFD_ALLOW_SEALING | MEMFD.MFD_HUGETLB | MEMFD.MFD_HUGE_2MB;

/** The least that holds `byteLength`. */
export const wholeHugePages = (byteLength: number): number =>
  Math.ceil(byteLength / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;

/**
 * A memfd of `byteLength` bytes (whole huge pages), not sealed yet, which `fill` has written to;
 * it must keep no view of the bytes. Undefined where the host has not so many pages to spare.
 */
export function hugeFile(
  name: string,
  byteLength: number,
  fill: (bytes: Buffer) => void,
): Fd | undefined {
  if (spareHugePages() < byteLength / HUGE_PAGE_BYTES) return undefined;
  const fd = memfdCreate(name, FLAGS);
  if (fd < 0) return undefined; // a kernel without them
  const address = mapAll(fd as Fd, byteLength);
  if (address === undefined) {
    close(fd as Fd);
    return undefined;
  }
  try {
    fill(Buffer.from(viewOf(address, byteLength)));
    return fd as Fd;
  } catch (error) {
    close(fd as Fd);
    throw error;
  } finally {
    // A file that is mapped for writing cannot be sealed against it.
    munmap(address, byteLength);
  }
}

/** With every page there, which is an errno here and would be a SIGBUS later. */
function mapAll(fd: Fd, byteLength: number): Address | undefined {
  if (ftruncate(fd, byteLength) < 0) return undefined;
  const protection = MAP.PROT_READ | MAP.PROT_WRITE;
  const address = mmap(byteLength, { protection, flags: MAP.MAP_SHARED, fd });
  if (address < 0) return undefined; // somebody took them in the meantime
  if (madvise(BigInt(address), byteLength, MADV.MADV_POPULATE_WRITE) === 0) return BigInt(address);
  munmap(BigInt(address), byteLength);
  return undefined;
}
