/**
 * Opens the best ring this kernel gives: asks, and on EINVAL asks for less. No version arithmetic:
 * distributions carry features back, and containers refuse what the kernel offers.
 */
import { FEATURE, OP, SETUP } from '../kernel/constants.ts';
import { ERRNO, KernelError } from '../kernel/errno.ts';
import { probeOperations, registerRingFd } from './register.ts';
import { Ring } from './ring.ts';

export type RingMode = 'loop' | 'events';

export interface RingWish {
  readonly entries: number;
  /** 'loop' waits in the kernel; 'events' is driven by the event loop through a descriptor. */
  readonly mode?: RingMode;
  /** A kernel thread that polls the submission queue: costs 25 us an operation on two cores. */
  readonly sqpoll?: boolean;
  /** Busy-polls the device; O_DIRECT reads only, on devices with poll queues. */
  readonly iopoll?: boolean;
}

export interface ObtainedRing {
  readonly ring: Ring;
  /** What was obtained, by name, such as "SUBMIT_ALL"; "REGISTERED_RING" when that is so. */
  readonly flagNames: readonly string[];
  /** What was asked for and refused. */
  readonly refused: readonly string[];
}

const { IORING_SETUP_SUBMIT_ALL: SUBMIT_ALL, IORING_SETUP_SINGLE_ISSUER: SINGLE_ISSUER } = SETUP;
const { IORING_SETUP_COOP_TASKRUN: COOP, IORING_SETUP_TASKRUN_FLAG: TASKRUN_FLAG } = SETUP;
const { IORING_SETUP_DEFER_TASKRUN: DEFER } = SETUP;

/** Best first. Each rung is refused with EINVAL by kernels older than the release beside it. */
const LADDER: readonly number[] = [
  SUBMIT_ALL | SINGLE_ISSUER | DEFER | TASKRUN_FLAG, // 6.1
  SUBMIT_ALL | SINGLE_ISSUER | COOP | TASKRUN_FLAG, // 6.0
  SUBMIT_ALL | COOP | TASKRUN_FLAG, // 5.19
  SUBMIT_ALL, // 5.18
  0,
];

/** SETUP flags by name, in the order of their bits. */
export function setupFlagNames(flags: number): string[] {
  return Object.entries(SETUP)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name.replace('IORING_SETUP_', ''));
}

function rungs({ mode = 'loop', sqpoll, iopoll }: RingWish): readonly number[] {
  // A deferring ring never wakes epoll through its own descriptor (measured on 6.18), and neither
  // deferring nor cooperating goes with a polling thread.
  const base = sqpoll ? [SUBMIT_ALL, 0] : mode === 'events' ? LADDER.slice(1) : LADDER;
  const extras =
    (sqpoll ? SETUP.IORING_SETUP_SQPOLL : 0) | (iopoll ? SETUP.IORING_SETUP_IOPOLL : 0);
  return extras === 0 ? base : base.map((rung) => rung | extras);
}

function tryRungs(entries: number, flags: readonly number[]): Ring | KernelError {
  let last = new KernelError(ERRNO.EINVAL, 'set up an io_uring');
  for (const rung of flags) {
    try {
      return new Ring({ entries, flags: rung });
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      last = error;
      if (error.errno !== ERRNO.EINVAL) break;
    }
  }
  return last;
}

/** Throws KernelError when the host refuses io_uring altogether; `refusalReason` explains it. */
export function openRing(wish: RingWish): ObtainedRing {
  const { entries, ...options } = wish;
  const asked = rungs(options as RingWish);
  let ring = tryRungs(entries, asked);
  if (ring instanceof KernelError && (wish.sqpoll === true || wish.iopoll === true)) {
    ring = tryRungs(entries, rungs({ entries, mode: wish.mode ?? 'loop' }));
  }
  if (ring instanceof KernelError) throw ring;
  const supported = probeOperations(ring);
  if (supported !== undefined && !supported.has(OP.IORING_OP_READ)) {
    ring.close();
    throw new KernelError(ERRNO.EOPNOTSUPP, 'read through io_uring');
  }
  const missing = (asked[0] ?? 0) & ~ring.flags;
  const others: readonly [string, boolean][] = [
    ['EXT_ARG', (ring.features & FEATURE.IORING_FEAT_EXT_ARG) !== 0],
    ['NODROP', (ring.features & FEATURE.IORING_FEAT_NODROP) !== 0],
    ['REGISTERED_RING', registerRingFd(ring) === 1],
  ];
  const named = (wanted: boolean): string[] =>
    others.filter(([, obtained]) => obtained === wanted).map(([name]) => name);
  return {
    ring,
    flagNames: [...setupFlagNames(ring.flags), ...named(true)],
    refused: [...setupFlagNames(missing), ...named(false)],
  };
}

/** One line on why there is no ring, for the person who runs the program. */
export function refusalReason(error: unknown): string {
  if (!(error instanceof KernelError)) return 'io_uring could not be set up';
  switch (error.errno) {
    case ERRNO.ENOSYS:
      return 'io_uring is missing: the kernel is built without it, or a seccomp profile hides it';
    case ERRNO.EPERM:
      return 'io_uring is forbidden: by sysctl kernel.io_uring_disabled or by a seccomp profile';
    case ERRNO.EACCES:
      return 'io_uring is forbidden by a security policy';
    case ERRNO.ENOMEM:
      return 'io_uring got no memory: RLIMIT_MEMLOCK is too small on this kernel';
    case ERRNO.EMFILE:
    case ERRNO.ENFILE:
      return 'io_uring got no file descriptor: too many are open';
    default:
      return error.message;
  }
}
