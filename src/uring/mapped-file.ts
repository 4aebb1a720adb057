/** Where in this process a file is mapped, and how far somebody has read in the mapping. */
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import type { Address, Fd } from '../kernel/syscall.ts';

export interface FileMapping {
  readonly address: Address;
  readonly byteLength: number;
}

/**
 * The mappings of the file behind `fd` from its start on, by /proc/self/maps. What lies in several
 * lines, because a page of it is sealed, is one; it ends where somebody mapped something else.
 */
export function findMappings(fd: Fd, inode: number): FileMapping[] {
  const path = readlinkSync(`/proc/self/fd/${fd}`);
  const found: { readonly address: Address; byteLength: number }[] = [];
  for (const line of readFileSync('/proc/self/maps', 'utf8').split('\n')) {
    // 7f00-7f10 r--s 00000000 fe:00 1234   /path
    const match = /^([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ (\d+)\s+(.*)$/.exec(line);
    if (match === null || Number(match[4]) !== inode || match[5] !== path) continue;
    const address = BigInt(`0x${match[1]}`);
    const byteLength = Number(BigInt(`0x${match[2]}`) - address);
    const offset = Number(`0x${match[3]}`);
    const before = found.at(-1);
    if (offset === 0) found.push({ address, byteLength });
    else if (
      before?.byteLength === offset &&
      before.address + BigInt(before.byteLength) === address
    ) {
      before.byteLength += byteLength;
    }
  }
  return found;
}

/**
 * Bit 63 of a pagemap entry: the page is mapped here (Documentation/admin-guide/mm/pagemap.rst).
 */
const PRESENT_BIT_OF_LAST_BYTE = 0x80;
const ENTRY_BYTES = 8;

/** Follows a reader that goes through a mapping from its start to its end. */
export class Frontier implements Disposable {
  readonly #mapping: FileMapping;
  readonly #pageBytes: number;
  readonly #pagemap = openSync('/proc/self/pagemap', 'r');
  readonly #entries: Buffer;
  /** Bytes from the start that were reached. */
  reached = 0;

  /** Looks in steps of `stepBytes`: a step counts as reached when one of its pages is mapped. */
  constructor(mapping: FileMapping, pageBytes: number, stepBytes: number) {
    this.#mapping = mapping;
    this.#pageBytes = pageBytes;
    this.#entries = Buffer.alloc((stepBytes / pageBytes) * ENTRY_BYTES);
  }

  advance(): number {
    const step = (this.#entries.byteLength / ENTRY_BYTES) * this.#pageBytes;
    while (this.reached < this.#mapping.byteLength && this.#anyPresent()) this.reached += step;
    this.reached = Math.min(this.reached, this.#mapping.byteLength);
    return this.reached;
  }

  [Symbol.dispose](): void {
    closeSync(this.#pagemap);
  }

  #anyPresent(): boolean {
    const page = (Number(this.#mapping.address) + this.reached) / this.#pageBytes;
    const count = readSync(
      this.#pagemap,
      this.#entries,
      0,
      this.#entries.byteLength,
      page * ENTRY_BYTES,
    );
    for (let at = ENTRY_BYTES - 1; at < count; at += ENTRY_BYTES) {
      if (((this.#entries[at] ?? 0) & PRESENT_BIT_OF_LAST_BYTE) !== 0) return true;
    }
    return false;
  }
}
