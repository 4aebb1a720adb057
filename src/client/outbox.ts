/** What is to be sent over a stream and what the kernel has not taken of it yet. */
import { close } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import type { UnixStream } from '../kernel/unix-socket.ts';

interface Parcel {
  readonly bytes: Uint8Array;
  readonly fds: readonly Fd[];
}

export class Outbox {
  readonly #owns: boolean;
  readonly #parcels: Parcel[] = [];
  #bytes = 0;
  #fds = 0;

  /** `ownsFds`: descriptors are closed once they are with the kernel, or with `clear`. */
  constructor({ ownsFds }: { readonly ownsFds: boolean }) {
    this.#owns = ownsFds;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Descriptors that wait. */
  get fds(): number {
    return this.#fds;
  }

  get isEmpty(): boolean {
    return this.#parcels.length === 0;
  }

  /** The descriptors go with the first of the bytes. */
  push(bytes: Uint8Array, fds: readonly Fd[] = []): void {
    this.#parcels.push({ bytes, fds });
    this.#bytes += bytes.length;
    this.#fds += fds.length;
  }

  /** Sends as much as the kernel takes now. KernelError where the peer is gone. */
  flush(stream: UnixStream): void {
    for (let next = this.#parcels[0]; next !== undefined; next = this.#parcels[0]) {
      const { bytes, fds } = next;
      const sent = stream.send(bytes, fds);
      this.#bytes -= sent;
      if (sent > 0) this.#release(fds);
      if (sent < bytes.length) {
        if (sent > 0) this.#parcels[0] = { bytes: bytes.subarray(sent), fds: [] };
        return;
      }
      this.#parcels.shift();
    }
  }

  /** Nobody is there to take the rest. */
  clear(): void {
    for (const { fds } of this.#parcels.splice(0)) this.#release(fds);
    this.#bytes = 0;
  }

  #release(fds: readonly Fd[]): void {
    this.#fds -= fds.length;
    if (this.#owns) for (const fd of fds) close(fd);
  }
}
