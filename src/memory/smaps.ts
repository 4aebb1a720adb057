/** What /proc/self/smaps says about one mapping: the proof of the pages a region really got. */
import { readFileSync } from 'node:fs';

export interface MappingProof {
  /** The page size the mapping is made of: 4 KiB, or the huge page's. */
  readonly kernelPageBytes: number;
  /** Bytes on transparent huge pages at this moment. */
  readonly anonHugeBytes: number;
  /** Bytes on reserved huge pages at this moment. */
  readonly hugetlbBytes: number;
  /**
   * The two-letter flags; "hg" is MADV_HUGEPAGE, "ht" hugetlb (Documentation/filesystems/proc.rst).
   */
  readonly vmFlags: readonly string[];
}

/** The entry of the mapping that holds `address`; undefined when nothing is mapped there. */
export function proveMapping(
  address: bigint,
  smaps: string = readFileSync('/proc/self/smaps', 'utf8'),
): MappingProof | undefined {
  const lines = smaps.split('\n');
  const start = lines.findIndex((line) => {
    const range = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line);
    return (
      range !== null && BigInt(`0x${range[1]}`) <= address && address < BigInt(`0x${range[2]}`)
    );
  });
  if (start < 0) return undefined;
  const fields = new Map<string, string>();
  for (const line of lines.slice(start + 1)) {
    const field = /^(\w+):\s+(.*)$/.exec(line);
    if (field === null) break;
    fields.set(field[1] ?? '', (field[2] ?? '').trim());
  }
  const kilobytes = (name: string): number => Number.parseInt(fields.get(name) ?? '0', 10) * 1024;
  return {
    kernelPageBytes: kilobytes('KernelPageSize'),
    anonHugeBytes: kilobytes('AnonHugePages'),
    hugetlbBytes: kilobytes('Private_Hugetlb') + kilobytes('Shared_Hugetlb'),
    vmFlags: (fields.get('VmFlags') ?? '').split(' '),
  };
}
