/** What the memory room hands out: bytes somebody may use until they give them back. */
import type { Bytes } from '../units.ts';

/** The pages a region really got, best first. */
export type PageKind = 'hugetlb-1G' | 'hugetlb-2M' | 'thp' | 'plain';

/**
 * A bounded piece of a region. `bytes` throws after `release`, and the mapping under a view that
 * somebody kept stays mapped until that view is collected: a stale view reads stale bytes, never
 * an unmapped page.
 */
export interface Lease extends Disposable {
  /** For the kernel: the address of the first byte. */
  readonly address: bigint;
  readonly byteLength: Bytes;
  readonly pageKind: PageKind;
  /** The bytes [offset, offset + length) in place; no copy. */
  bytes(offset?: number, length?: number): Buffer;
  release(): void;
}
