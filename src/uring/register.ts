/**
 * io_uring_register: buffers, the ring's own descriptor, an eventfd, and the probe of operations.
 */
import { ioUringRegister } from '../kernel/calls.ts';
import { IO_URING_OP_SUPPORTED, REGISTER } from '../kernel/constants.ts';
import { IOVEC, PROBE, PROBE_OP, RSRC_UPDATE } from '../kernel/layout.ts';
import { type Address, type Fd, lend } from '../kernel/syscall.ts';
import type { Ring } from './ring.ts';

/** The most the kernel takes as one registered buffer (io_uring/rsrc.c). */
export const REGISTERED_BUFFER_BYTES_MAX = 2 ** 30;

/**
 * Registers one stretch of memory as fixed buffers, 1 GiB each. Answers 0, or -ENOMEM when
 * RLIMIT_MEMLOCK is too small for an unprivileged user: unregistered reads then do the same.
 */
export function registerBuffers(ring: Ring, address: Address, byteLength: number): number {
  const count = Math.ceil(byteLength / REGISTERED_BUFFER_BYTES_MAX);
  const iovecs = new BigUint64Array((count * IOVEC.size) / 8);
  for (let index = 0; index < count; index++) {
    const start = index * REGISTERED_BUFFER_BYTES_MAX;
    iovecs[index * 2] = address + BigInt(start);
    iovecs[index * 2 + 1] = BigInt(Math.min(REGISTERED_BUFFER_BYTES_MAX, byteLength - start));
  }
  return lend(iovecs, (vector) =>
    ioUringRegister(ring.fd, REGISTER.IORING_REGISTER_BUFFERS, vector, count),
  );
}

export const unregisterBuffers = (ring: Ring): number =>
  ioUringRegister(ring.fd, REGISTER.IORING_UNREGISTER_BUFFERS, 0n, 0);

/** Registers descriptors; request N of `fixedFile` then means `fds[N]`. */
export function registerFiles(ring: Ring, fds: readonly Fd[]): number {
  return lend(Int32Array.from(fds), (list) =>
    ioUringRegister(ring.fd, REGISTER.IORING_REGISTER_FILES, list, fds.length),
  );
}

export const unregisterFiles = (ring: Ring): number =>
  ioUringRegister(ring.fd, REGISTER.IORING_UNREGISTER_FILES, 0n, 0);

/** Registers the ring itself, so that entering it needs no look-up (5.18). Answers 1, or -errno. */
export function registerRingFd(ring: Ring): number {
  const update = new Uint32Array(RSRC_UPDATE.size / 4);
  const index = RSRC_UPDATE.fields.offset.at / 4;
  update[index] = 0xffff_ffff; // the kernel picks one
  update[RSRC_UPDATE.fields.data.at / 4] = ring.fd;
  const result = lend(update, (one) =>
    ioUringRegister(ring.fd, REGISTER.IORING_REGISTER_RING_FDS, one, 1),
  );
  if (result !== 1) return result;
  ring.enterByIndex(update[index] ?? 0, () => {
    update[RSRC_UPDATE.fields.data.at / 4] = 0;
    lend(update, (one) => ioUringRegister(ring.fd, REGISTER.IORING_UNREGISTER_RING_FDS, one, 1));
  });
  return result;
}

/** Makes `eventFd` readable whenever a completion arrives. */
export function registerEventfd(ring: Ring, eventFd: Fd): number {
  return lend(Int32Array.of(eventFd), (one) =>
    ioUringRegister(ring.fd, REGISTER.IORING_REGISTER_EVENTFD, one, 1),
  );
}

/** The operations this kernel performs; undefined when it cannot be asked (before 5.6). */
export function probeOperations(ring: Ring): ReadonlySet<number> | undefined {
  const OPERATIONS_MAX = 256;
  const answer = new Uint8Array(PROBE.size + OPERATIONS_MAX * PROBE_OP.size);
  const result = lend(answer, (out) =>
    ioUringRegister(ring.fd, REGISTER.IORING_REGISTER_PROBE, out, OPERATIONS_MAX),
  );
  if (result < 0) return undefined;
  const view = new DataView(answer.buffer);
  const supported = new Set<number>();
  for (let op = 0; op < view.getUint8(PROBE.fields.opsLen.at); op++) {
    const flags = view.getUint16(PROBE.size + op * PROBE_OP.size + PROBE_OP.fields.flags.at, true);
    if ((flags & IO_URING_OP_SUPPORTED) !== 0) supported.add(op);
  }
  return supported;
}
