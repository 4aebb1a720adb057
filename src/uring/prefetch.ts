/** Brings a cold file into the page cache while somebody else already computes on its start. */
import { FADVISE, OP } from '../kernel/constants.ts';
import type { Fd } from '../kernel/syscall.ts';
import { MiB } from '../units.ts';
import { prepFadvise } from './prep.ts';
import { openRing } from './probe.ts';
import { probeOperations } from './register.ts';

/** One request: large enough to keep the device busy, small enough that the first comes soon. */
const PIECE_BYTES = 16 * MiB;
const PIECES_MAX = 256;

export interface Prefetch extends Disposable {
  /** Requests handed to the kernel; 0 where the ring cannot do it. */
  readonly requests: number;
  readonly ringFlags: readonly string[];
}

/**
 * Asks the ring to read `byteLength` bytes ahead, in the order of the file. Returns at once: the
 * kernel's own threads carry the requests out while this thread computes. Dispose of it when the
 * computation is over; what is not begun then is dropped.
 */
export function prefetch(fd: Fd, byteLength: number): Prefetch {
  const piece = Math.max(PIECE_BYTES, Math.ceil(byteLength / PIECES_MAX / MiB) * MiB);
  const requests = Math.ceil(byteLength / piece);
  const { ring, flagNames } = openRing({ entries: Math.max(1, requests), mode: 'events' });
  const able = probeOperations(ring)?.has(OP.IORING_OP_FADVISE) === true;
  for (let slot = 0; able && slot < requests; slot++) {
    const offset = slot * piece;
    const sqe = ring.getSqe();
    if (sqe === undefined) break;
    prepFadvise(sqe, {
      fd,
      offset,
      byteLength: Math.min(piece, byteLength - offset),
      advice: FADVISE.POSIX_FADV_WILLNEED,
      slot,
      generation: 0,
    });
  }
  if (able) ring.submit();
  return {
    requests: able ? requests : 0,
    ringFlags: flagNames,
    [Symbol.dispose]: () => ring.close(),
  };
}
