/**
 * A regular file held still and mapped as it lies in the page cache. What makes the mapping safe
 * is a read lease, F_SETLEASE in fcntl(2): whoever wants to write to the file or cut it short
 * waits until we are done, for at most /proc/sys/fs/lease-break-time seconds (45 unless changed).
 * Without one, a file that shrinks under a mapping is a SIGBUS.
 */
import { fstatSync } from 'node:fs';
import { close, fcntl, mmap, munmap, open } from '../kernel/calls.ts';
import { FCNTL, MAP, SIGNAL } from '../kernel/constants.ts';
import { type Address, type Fd, viewOf } from '../kernel/syscall.ts';

/** As with regions: unmapped when the last view is collected, so that none outlives it. */
const unmapWhenCollected = new FinalizationRegistry<{ address: Address; byteLength: number }>(
  ({ address, byteLength }) => {
    munmap(address, byteLength);
  },
);

export class SteadyFile implements Disposable {
  readonly fd: Fd;
  /** The whole file, in place. Not to be read after the file was let go. */
  readonly bytes: Buffer;
  #held = true;

  private constructor(fd: Fd, bytes: Buffer) {
    this.fd = fd;
    this.bytes = bytes;
  }

  /**
   * Holds `path`, or answers undefined where that cannot be: somebody has it open for writing, it
   * is not ours (and we lack CAP_LEASE), its file system has no leases, it is empty.
   */
  static hold(path: string): SteadyFile | undefined {
    const fd = open(path) as Fd;
    if (fd < 0) return undefined;
    const file = takeLease(fd) ? SteadyFile.#map(fd) : undefined;
    if (file === undefined) close(fd);
    return file;
  }

  static #map(fd: Fd): SteadyFile | undefined {
    const { size } = fstatSync(fd);
    const address = mmap(size, { protection: MAP.PROT_READ, flags: MAP.MAP_SHARED, fd });
    if (size === 0 || address < 0) return undefined;
    const memory = viewOf(BigInt(address), size);
    unmapWhenCollected.register(memory, { address: BigInt(address), byteLength: size });
    return new SteadyFile(fd, Buffer.from(memory));
  }

  /** A path that opens this very file, whatever its name has come to mean. */
  get path(): string {
    return `/proc/self/fd/${this.fd}`;
  }

  /** Lets writers go on. */
  [Symbol.dispose](): void {
    if (!this.#held) return;
    this.#held = false;
    fcntl(this.fd, FCNTL.F_SETLEASE, FCNTL.F_UNLCK);
    close(this.fd);
  }
}

/** The kernel tells of a waiting writer by a signal: one that does nothing unless asked for. */
function takeLease(fd: Fd): boolean {
  if (!fstatSync(fd).isFile()) return false;
  return (
    fcntl(fd, FCNTL.F_SETSIG, SIGNAL.SIGURG) >= 0 && fcntl(fd, FCNTL.F_SETLEASE, FCNTL.F_RDLCK) >= 0
  );
}
