/** Judges how good a ring can be had: flags, features, operations, registered buffers, polling. */
import { formatBytes } from '../../units.ts';
import type { Facts } from '../facts.ts';
import { atLeast } from '../kernel.ts';
import { describeAttempt, type UringTrial } from '../observed.ts';
import type { Check, Verdict } from './finding.ts';
import { memlockFixes } from './uring-fixes.ts';
import { worked } from './uring-refusal.ts';

/** Flags the reader asks for, with the kernel each came with; it steps down by trying. */
const WANTED_FLAGS: Readonly<Record<string, string>> = {
  CQSIZE: '5.5',
  SUBMIT_ALL: '5.18',
  COOP_TASKRUN: '5.19',
  TASKRUN_FLAG: '5.19',
  SINGLE_ISSUER: '6.0',
  DEFER_TASKRUN: '6.1',
};

/** Features the reader cannot do without or does better with. */
const WANTED_FEATURES: Readonly<Record<string, string>> = {
  SINGLE_MMAP: '5.4',
  NODROP: '5.5',
  RW_CUR_POS: '5.6',
  EXT_ARG: '5.11',
};

export const RING_CHECKS: readonly Check[] = [
  {
    id: 'io_uring.flags',
    group: 'io_uring',
    title: 'set-up flags, each tried',
    judge: (facts) =>
      withRing(facts, (trial) => {
        const missing = Object.keys(WANTED_FLAGS).filter((flag) => !worked(trial.flags[flag]));
        return gaps('flags', WANTED_FLAGS, missing);
      }),
  },
  {
    id: 'io_uring.features',
    group: 'io_uring',
    title: 'feature bits the kernel offers',
    judge: (facts) =>
      withRing(facts, (trial) => {
        const missing = Object.keys(WANTED_FEATURES).filter(
          (name) => !trial.features.includes(name),
        );
        return gaps('features', WANTED_FEATURES, missing);
      }),
  },
  {
    id: 'io_uring.opcodes',
    group: 'io_uring',
    title: 'operations the reader uses, asked of IORING_REGISTER_PROBE',
    judge: judgeOpcodes,
  },
  {
    id: 'io_uring.registered_buffers',
    group: 'io_uring',
    title: 'registered buffers, against RLIMIT_MEMLOCK',
    judge: judgeRegistered,
  },
  {
    id: 'io_uring.sqpoll',
    group: 'io_uring',
    title: 'SQPOLL, tried, and what it costs here',
    judge: judgeSqpoll,
  },
  { id: 'io_uring.iopoll', group: 'io_uring', title: 'IOPOLL rings', judge: judgeIopoll },
];

function judgeOpcodes(facts: Facts): Verdict {
  return withRing(facts, (trial) => {
    const names = Object.keys(trial.opcodes);
    if (names.length === 0) {
      return {
        status: 'warn',
        found: 'this kernel cannot be asked (IORING_REGISTER_PROBE came with 5.6)',
        needed: 'READ and the probe; older kernels get preadv2',
        cause: `kernel ${facts.kernel.release}`,
      };
    }
    const missing = names.filter((name) => trial.opcodes[name] === false);
    if (missing.length === 0) return { status: 'pass', found: names.join(', ') };
    return {
      status: missing.includes('READ') ? 'warn' : 'info',
      found: `missing: ${missing.join(', ')}`,
      needed: 'the reader does without each but READ',
      cause: `kernel ${facts.kernel.release}`,
    };
  });
}

function judgeRegistered(facts: Facts): Verdict {
  return withRing(facts, (trial) => {
    const wanted = facts.needs.registeredBytes;
    const got = trial.registeredBytes ?? 0;
    const { memlock } = facts.process;
    const limit = memlock.soft === undefined ? 'unknown' : limitText(memlock.soft);
    const measures = { registered_bytes: got, wanted_bytes: wanted };
    if (got >= wanted) {
      return {
        status: 'pass',
        found: `${formatBytes(got)} registered; memlock ${limit}`,
        measures,
      };
    }
    const attempt = trial.registerBuffers;
    const why = attempt === undefined ? 'not tried' : describeAttempt(attempt);
    const memlockMet = attempt?.outcome === 'refused' && attempt.errno === 'ENOMEM';
    return {
      status: 'info',
      found: `${formatBytes(got)} of ${formatBytes(wanted)} could be registered (${why}); memlock ${limit}`,
      needed: `${formatBytes(wanted)} registered; without it reads use plain buffers, 0-3 ms per GB slower`,
      cause: memlockMet
        ? `ENOMEM: registered buffers count against RLIMIT_MEMLOCK (${limit}) on every kernel`
        : `io_uring_register: ${why}`,
      fixes: memlockMet ? memlockFixes(facts.kernel.container) : [],
      measures,
    };
  });
}

function judgeSqpoll(facts: Facts): Verdict {
  return withRing(facts, (trial) => {
    const attempt = trial.flags['SQPOLL'];
    if (attempt === undefined) return { status: 'skip', found: 'not tried' };
    if (!worked(attempt)) {
      const old = !atLeast(facts.kernel.version, 5, 13);
      return {
        status: 'info',
        found: `refused: ${describeAttempt(attempt)}`,
        needed: 'nothing: SQPOLL is used on request only (--sqpoll)',
        cause: old
          ? 'before 5.13 it needs CAP_SYS_NICE (5.11) or CAP_SYS_ADMIN'
          : 'a security module or seccomp forbids the kernel thread',
        ...(old ? { rootAdds: 'root may use SQPOLL on this kernel' } : {}),
      };
    }
    const cost = trial.sqpollMicroseconds;
    const single = facts.cpu.allowed.length === 1 || facts.cpu.online === 1;
    const measures = cost === undefined ? {} : { measures: { sqpoll_microseconds: cost } };
    const each = cost === undefined ? '' : `, ${cost.toFixed(1)} µs per operation`;
    const against =
      trial.nopMicroseconds === undefined
        ? ''
        : ` against ${trial.nopMicroseconds.toFixed(2)} without`;
    return {
      status: single ? 'info' : 'pass',
      found: `works${each}${against}${single ? '; one CPU: do not use it' : ''}`,
      ...measures,
    };
  });
}

function judgeIopoll(facts: Facts): Verdict {
  return withRing(facts, (trial) => {
    const attempt = trial.flags['IOPOLL'];
    if (attempt === undefined) return { status: 'skip', found: 'not tried' };
    if (!worked(attempt)) {
      return {
        status: 'info',
        found: `refused: ${describeAttempt(attempt)}; used on request only`,
      };
    }
    return {
      status: 'pass',
      found: 'such a ring was created; reads poll only where the device has poll queues',
    };
  });
}

/** Every question about a ring is moot without one; io_uring.setup says why. */
function withRing(facts: Facts, judge: (trial: UringTrial) => Verdict): Verdict {
  const trial = facts.observed.uring;
  if (trial === undefined || !worked(trial.setup)) {
    return { status: 'skip', found: 'no ring: see io_uring.setup' };
  }
  return judge(trial);
}

function gaps(
  what: string,
  wanted: Readonly<Record<string, string>>,
  missing: readonly string[],
): Verdict {
  if (missing.length === 0) return { status: 'pass', found: Object.keys(wanted).join(', ') };
  const since = missing.map((name) => `${name} (${wanted[name]})`).join(', ');
  return {
    status: 'info',
    found: `missing: ${since}`,
    needed: `nothing: the reader steps down ${what === 'flags' ? 'flag by flag' : 'and does without'}`,
    cause: 'a kernel older than the version in brackets',
  };
}

function limitText(bytes: number): string {
  return Number.isFinite(bytes) ? formatBytes(bytes) : 'unlimited';
}
