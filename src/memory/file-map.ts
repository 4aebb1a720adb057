/**
 * A regular file mapped as it lies in the page cache, to be looked at here and there. Touching it
 * after the file was cut short is SIGBUS, so a fault guard (kernel/sigbus.ts) has to stand.
 */
import { fstatSync } from 'node:fs';
import { mmap, munmap } from '../kernel/calls.ts';
import { MAP } from '../kernel/constants.ts';
import { KernelError } from '../kernel/errno.ts';
import { type Address, type Fd, viewOf } from '../kernel/syscall.ts';
import { formatBytes } from '../units.ts';

/** As with regions: unmapped when the last view is collected, so that none outlives it. */
const unmapWhenCollected = new FinalizationRegistry<{ address: Address; byteLength: number }>(
  ({ address, byteLength }) => {
    munmap(address, byteLength);
  },
);

/** All bytes of the file, in place, as of now. Throws KernelError when it cannot be mapped. */
export function mapFile(fd: Fd): Buffer {
  const { size } = fstatSync(fd);
  const address = mmap(size, { protection: MAP.PROT_READ, flags: MAP.MAP_SHARED, fd });
  if (address < 0) throw new KernelError(-address, `map ${formatBytes(size)} of a file`);
  const memory = viewOf(BigInt(address), size);
  unmapWhenCollected.register(memory, { address: BigInt(address), byteLength: size });
  return Buffer.from(memory);
}
