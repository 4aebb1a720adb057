/**
 * Tries huge pages by touching them: this process dies of SIGBUS where a limit is met that late.
 */
import { readFileSync } from 'node:fs';
import { type HugetlbTrial, OK, type ThpTrial } from '../../../host/observed.ts';
import { madvise, mmap } from '../../../kernel/calls.ts';
import { MADV, MAP } from '../../../kernel/constants.ts';
import { errnoName } from '../../../kernel/errno.ts';
import { viewOf } from '../../../kernel/syscall.ts';
import { HUGE_PAGE_BYTES } from '../../../limits.ts';

const PROTECTION = MAP.PROT_READ | MAP.PROT_WRITE;
const ANONYMOUS = MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS;

/** Maps `pages` reserved pages of `pageBytes` and writes to each. */
export function tryHugetlb(options: {
  readonly pageBytes: number;
  readonly pages: number;
}): HugetlbTrial {
  const { pageBytes, pages } = options;
  // MAP_HUGE_SHIFT: the logarithm of the page size sits in the bits from 26 up (mmap(2)).
  const size = Math.log2(pageBytes) << 26;
  const byteLength = pageBytes * pages;
  const address = mmap(byteLength, {
    protection: PROTECTION,
    flags: ANONYMOUS | MAP.MAP_HUGETLB | size,
  });
  if (address < 0) {
    return { pageBytes, pages, attempt: { outcome: 'refused', errno: errnoName(-address) } };
  }
  const bytes = new Uint8Array(viewOf(BigInt(address), byteLength));
  for (let at = 0; at < byteLength; at += pageBytes) bytes[at] = 1;
  return { pageBytes, pages, attempt: OK };
}

/** Maps an aligned region, asks for transparent huge pages, touches it and reads smaps. */
export function tryThp({ askedBytes }: { readonly askedBytes: number }): ThpTrial {
  const address = mmap(askedBytes + HUGE_PAGE_BYTES, {
    protection: PROTECTION,
    flags: ANONYMOUS | MAP.MAP_NORESERVE,
  });
  if (address < 0) return refused(askedBytes, -address);
  const aligned = Math.ceil(address / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  const advised = madvise(BigInt(aligned), askedBytes, MADV.MADV_HUGEPAGE);
  if (advised < 0) return refused(askedBytes, -advised);
  const bytes = new Uint8Array(viewOf(BigInt(aligned), askedBytes));
  for (let at = 0; at < askedBytes; at += 4096) bytes[at] = 1;
  return { attempt: OK, askedBytes, gotBytes: hugeBytesAt(aligned) };
}

function refused(askedBytes: number, errno: number): ThpTrial {
  return { attempt: { outcome: 'refused', errno: errnoName(errno) }, askedBytes, gotBytes: 0 };
}

/** AnonHugePages of the mapping that `address` lies in. */
function hugeBytesAt(address: number): number {
  let inside = false;
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    if (range !== null) {
      inside =
        Number.parseInt(range[1] ?? '', 16) <= address &&
        address < Number.parseInt(range[2] ?? '', 16);
    }
    const huge = inside ? /^AnonHugePages:\s+(\d+) kB/.exec(line) : null;
    if (huge !== null) return Number(huge[1]) * 1024;
  }
  return 0;
}
