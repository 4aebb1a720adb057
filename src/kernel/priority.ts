/** How soon a thread is run when it wakes up among others that compute; whom a process outlives. */
import { SYS } from './constants.ts';
import { lend, syscall } from './syscall.ts';

/** struct sched_attr, its first version (linux/sched/types.h). */
const SCHED_ATTR = { size: 48, policy: 4, flags: 8, nice: 16, runtime: 24 } as const;

/** SCHED_OTHER: what every thread is unless somebody decided otherwise. */
const SCHED_OTHER = 0;
/** Threads started from then on are as any other again. */
const SCHED_FLAG_RESET_ON_FORK = 1n;

/** The shortest slice the kernel grants (sched/debug: 0.1 ms). */
const SHORTEST_SLICE_NS = 100_000n;
const USUAL_SLICE_NS = 0n;

/** Before a hundred busy programs, and behind what a host itself cannot do without. */
const BEFORE_OTHERS = -10;

/**
 * For a thread that only hands over and never computes: asks for short slices of time for it and
 * those it starts from now on, since one that wakes then comes before one that computes
 * (sched_setattr(2), EEVDF, 6.12). Where it may (root, RLIMIT_NICE), it alone is also put before
 * others: with 50 runnable on two CPUs it waited 38 ms each time it woke, then 7. A niceness that
 * somebody chose is left. An older kernel takes no notice of slices.
 */
export function runSoonWhenWoken(): boolean {
  const isAsked = setAttributes(SHORTEST_SLICE_NS);
  if (isAsked) setAttributes(SHORTEST_SLICE_NS, BEFORE_OTHERS);
  return isAsked;
}

/** For a thread that computes: as any other, whoever started it. */
export const runInTurn = (): boolean => setAttributes(USUAL_SLICE_NS);

/** All else stays as it is, also a policy that somebody chose for the process. */
function setAttributes(sliceNs: bigint, nice?: number): boolean {
  const attributes = Buffer.alloc(SCHED_ATTR.size);
  return lend(attributes, (at) => {
    const known = syscall(SYS.sched_getattr, 0, at, SCHED_ATTR.size, 0);
    if (known < 0 || attributes.readUInt32LE(SCHED_ATTR.policy) !== SCHED_OTHER) return false;
    attributes.writeBigUInt64LE(sliceNs, SCHED_ATTR.runtime);
    if (nice !== undefined) {
      if (attributes.readInt32LE(SCHED_ATTR.nice) !== 0) return false;
      attributes.writeInt32LE(nice, SCHED_ATTR.nice);
      attributes.writeBigUInt64LE(SCHED_FLAG_RESET_ON_FORK, SCHED_ATTR.flags);
    }
    return syscall(SYS.sched_setattr, 0, at, 0) === 0;
  });
}

/** prctl(2). */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** The process is killed when the one that started it is gone, whatever it does then. */
export function endWithParent(parentPid: number): void {
  syscall(SYS.prctl, PR_SET_PDEATHSIG, SIGKILL);
  if (process.ppid !== parentPid) process.exit();
}
