/** How soon a thread is run when it wakes up among others that compute. */
import { SYS } from './constants.ts';
import { lend, syscall } from './syscall.ts';

/** struct sched_attr, its first version (linux/sched/types.h). */
const SCHED_ATTR = { size: 48, runtime: 24 } as const;

/** The shortest slice the kernel grants (sched/debug: 0.1 ms). */
const SHORTEST_SLICE_NS = 100_000n;

/**
 * Asks for short slices of time: a thread that wakes then comes before one that computes
 * (sched_setattr(2), EEVDF, 6.12). No privilege is needed; an older kernel takes no notice.
 */
export function runSoonWhenWoken(): boolean {
  const attributes = Buffer.alloc(SCHED_ATTR.size);
  attributes.writeUInt32LE(SCHED_ATTR.size);
  attributes.writeBigUInt64LE(SHORTEST_SLICE_NS, SCHED_ATTR.runtime);
  return lend(attributes, (at) => syscall(SYS.sched_setattr, 0, at, 0)) === 0;
}
