/**
 * Makes reading a mapped file as safe as read(2). When a mapped file shrinks, or its device fails,
 * touching the missing page is SIGBUS, which ends the process: so do Polars, DuckDB and cp end.
 * JavaScript cannot handle a signal of its own fault, so the handler is 40 instructions of machine
 * code: it puts a page of zeros where the page is missing and counts. Whoever scanned the mapping
 * asks for the count afterwards, and throws the result away when it is not 0. Where no page can be
 * put, the process ends as by abort(3), which abort.ts answers with an error.
 *
 * The bytes are those of asm/x64.s and asm/arm64.s; a test assembles these and compares.
 */
import { assert } from '../errors.ts';
import { mmap, munmap } from './calls.ts';
import { MAP, SIGNAL } from './constants.ts';
import { installHandler } from './handler.ts';
import { type Address, addressOf } from './syscall.ts';

export const HANDLER_CODE: Readonly<Record<string, string>> = {
  x64:
    '488d1df9ff000048833b007458488b7e1048897b10f048ff430848237b18488b7320ba0300000041ba32000000' +
    '49c7c0ffffffff4531c9b8090000000f05483d00f0ffff7701c3b8270000000f0589c7b8ba0000000f0589c6ba' +
    '06000000b8ea0000000f05bf07000000488d734031d241ba08000000b80d0000000f05c3',
  arm64:
    '090008102a0140f9ca0300b4200840f9200900f92d210091ab7d5fc86b050091ab7d0cc8acffff352b0d40f90000' +
    '0b8a211140f9620080d2430680d204008092050080d2c81b80d2010000d41f0440b148000054c0035fd6881580d2' +
    '010000d4ec0300aa481680d2010000d4e10300aae0030caac20080d2681080d2010000d4e00080d2210101910200' +
    '80d2030180d2c81080d2010000d4c0035fd6',
};

const DATA = { armed: 0, faults: 1, address: 2, pageMask: 3, pageBytes: 4 } as const;

/** The largest page size of any kernel for these processors. */
const PAGE_BYTES_MAX = 0x10000;

let data: BigUint64Array | undefined;

function measurePageBytes(): number {
  // AT_PAGESZ without sysconf(3): mapping at an offset below the page size is refused.
  for (let size = 4096; size < PAGE_BYTES_MAX; size *= 2) {
    const address = mmap(PAGE_BYTES_MAX, {
      protection: MAP.PROT_READ,
      flags: MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS,
    });
    if (address < 0) break;
    const refused = munmap(BigInt(address + size), size) < 0;
    munmap(BigInt(address), PAGE_BYTES_MAX);
    if (!refused) return size;
  }
  return PAGE_BYTES_MAX;
}

function install(): BigUint64Array | undefined {
  return installHandler(SIGNAL.SIGBUS, HANDLER_CODE, (words) => {
    const page = BigInt(memoryPageBytes());
    words[DATA.pageMask] = BigInt.asUintN(64, -page);
    words[DATA.pageBytes] = page;
  });
}

let pageSize: number | undefined;

/** The page size of this kernel: 4 KiB on x86-64, up to 64 KiB on arm64. */
export function memoryPageBytes(): number {
  pageSize ??= measurePageBytes();
  return pageSize;
}

/**
 * Where the count of missing pages that were touched lies (8 bytes), for a thread that has no guard
 * of its own; undefined where there is no handler for the processor, or the host forbids it.
 */
export function faultCount(): Address | undefined {
  data ??= install();
  return data === undefined ? undefined : addressOf(data) + BigInt(8 * DATA.faults);
}

export interface FaultGuard extends Disposable {
  /** Missing pages that were touched since the guard was put up, anywhere in the process. */
  readonly faults: number;
}

/**
 * Guards every thread of the process until disposed of; guards nest. undefined where there is no
 * handler for the processor, or the host forbids it: then nothing may be scanned in place.
 */
export function guardFaults(): FaultGuard | undefined {
  data ??= install();
  if (data === undefined) return undefined;
  const words = data;
  const before = Atomics.load(words, DATA.faults);
  Atomics.add(words, DATA.armed, 1n);
  let standing = true;
  return {
    get faults(): number {
      return Number(Atomics.load(words, DATA.faults) - before);
    },
    [Symbol.dispose](): void {
      if (!standing) return;
      standing = false;
      const armed = Atomics.sub(words, DATA.armed, 1n);
      assert(armed > 0n, 'more fault guards were taken down than put up');
    },
  };
}
