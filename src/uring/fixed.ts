/**
 * What a ring keeps hold of between requests: one stretch of memory, whose pages need no pinning
 * then, and the descriptors of one file, which need no look-up.
 */
import { assert } from '../errors.ts';
import type { Fd } from '../kernel/syscall.ts';
import type { InputFile } from './input-file.ts';
import {
  REGISTERED_BUFFER_BYTES_MAX,
  registerBuffers,
  registerFiles,
  unregisterBuffers,
  unregisterFiles,
} from './register.ts';
import type { Ring } from './ring.ts';

export class FixedResources {
  #ring: Ring;
  #memory: { readonly address: bigint; readonly end: bigint } | undefined;
  #fds: readonly Fd[] = [];

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /** "REGISTERED_BUFFERS" and "REGISTERED_FILES", as far as the kernel agreed. */
  get names(): readonly string[] {
    return [
      ...(this.#memory === undefined ? [] : ['REGISTERED_BUFFERS']),
      ...(this.#fds.length === 0 ? [] : ['REGISTERED_FILES']),
    ];
  }

  /**
   * Registers both; each may be refused, with no harm: RLIMIT_MEMLOCK is 64 KiB in places
   * (iree#23654). What was registered before is let go.
   */
  fix(address: bigint, byteLength: number, file: InputFile): void {
    this.unfix();
    if (byteLength <= REGISTERED_BUFFER_BYTES_MAX) {
      const result = registerBuffers(this.#ring, address, byteLength);
      if (result >= 0) this.#memory = { address, end: address + BigInt(byteLength) };
    }
    const fds = file.directFd === undefined ? [file.fd] : [file.fd, file.directFd];
    if (registerFiles(this.#ring, fds) >= 0) this.#fds = fds;
  }

  /** Before the memory goes back: the ring holds the pages, not the addresses. */
  unfix(): void {
    if (this.#memory !== undefined) {
      const result = unregisterBuffers(this.#ring);
      assert(result === 0, `registered buffers stayed registered (${result})`);
    }
    if (this.#fds.length > 0) {
      const result = unregisterFiles(this.#ring);
      assert(result === 0, `registered files stayed registered (${result})`);
    }
    this.#memory = undefined;
    this.#fds = [];
  }

  /** The index of the registered buffer that holds the piece. */
  bufferOf(address: bigint, byteLength: number): number | undefined {
    if (this.#memory === undefined) return undefined;
    const { address: start, end } = this.#memory;
    return address >= start && address + BigInt(byteLength) <= end ? 0 : undefined;
  }

  /** The index of the registered descriptor. */
  fileOf(fd: Fd): number | undefined {
    const index = this.#fds.indexOf(fd);
    return index < 0 ? undefined : index;
  }
}
