/** How soon a thread is run when it wakes up among others that compute. */
import { SYS } from './constants.ts';
import { lend, syscall } from './syscall.ts';

/** struct sched_attr, its first version (linux/sched/types.h). */
const SCHED_ATTR = { size: 48, policy: 4, runtime: 24 } as const;

/** SCHED_OTHER: what every thread is unless somebody decided otherwise. */
const SCHED_OTHER = 0;

/** The shortest slice the kernel grants (sched/debug: 0.1 ms). */
const SHORTEST_SLICE_NS = 100_000n;
const USUAL_SLICE_NS = 0n;

/**
 * Asks for short slices of time for this thread and those it starts from now on: one that wakes
 * then comes before one that computes (sched_setattr(2), EEVDF, 6.12). No privilege is needed; an
 * older kernel takes no notice.
 */
export const runSoonWhenWoken = (): boolean => setSlice(SHORTEST_SLICE_NS);

/** For a thread that computes: as any other, whoever started it. */
export const runInTurn = (): boolean => setSlice(USUAL_SLICE_NS);

/** All else stays as it is: its niceness, and a policy that somebody chose for the process. */
function setSlice(nanoseconds: bigint): boolean {
  const attributes = Buffer.alloc(SCHED_ATTR.size);
  return lend(attributes, (at) => {
    const known = syscall(SYS.sched_getattr, 0, at, SCHED_ATTR.size, 0);
    if (known < 0 || attributes.readUInt32LE(SCHED_ATTR.policy) !== SCHED_OTHER) return false;
    attributes.writeBigUInt64LE(nanoseconds, SCHED_ATTR.runtime);
    return syscall(SYS.sched_setattr, 0, at, 0) === 0;
  });
}
