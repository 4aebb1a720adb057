/** Judges io_uring: whether a ring can be had, and how good a one. */
import type { Facts } from '../facts.ts';
import { describeAttempt } from '../observed.ts';
import { type Check, sysctlFixes, type Verdict } from './finding.ts';
import { seccompFixes, taskFixes } from './uring-fixes.ts';
import { foreseenRefusal, refusalOf, worked } from './uring-refusal.ts';
import { RING_CHECKS } from './uring-ring.ts';

const NEED = 'io_uring for reads in flight; without it nairobi reads with preadv2, with more CPU';

export const URING_CHECKS: readonly Check[] = [
  { id: 'io_uring.setup', group: 'io_uring', title: 'a ring can be created', judge: judgeSetup },
  {
    id: 'io_uring.disabled',
    group: 'io_uring',
    title: 'kernel.io_uring_disabled and kernel.io_uring_group',
    judge: judgeDisabled,
  },
  {
    id: 'io_uring.seccomp',
    group: 'io_uring',
    title: 'no seccomp filter stands before the three io_uring calls',
    judge: judgeSeccomp,
  },
  {
    id: 'io_uring.lsm',
    group: 'io_uring',
    title: 'no security module forbids it',
    judge: judgeLsm,
  },
  {
    id: 'io_uring.cgroup',
    group: 'io_uring',
    title: "room for the kernel's worker threads in our control group (pids.max)",
    judge: judgeTasks,
  },
  ...RING_CHECKS,
];

function judgeSetup(facts: Facts): Verdict {
  const trial = facts.observed.uring;
  if (trial === undefined) {
    const foreseen = foreseenRefusal(facts);
    if (foreseen !== undefined) {
      return {
        status: 'warn',
        found: 'not tried; it would be refused',
        needed: NEED,
        cause: foreseen.cause,
        fixes: foreseen.fixes,
      };
    }
    return facts.live
      ? { status: 'unknown', found: 'the trial gave no answer', needed: NEED }
      : {
          status: 'info',
          found: `not tried in this capture; ${facts.kernel.release} has io_uring`,
        };
  }
  const refusal = refusalOf(facts, trial);
  if (refusal === undefined) {
    const cost = trial.nopMicroseconds;
    return {
      status: 'pass',
      found: `a ring was created${cost === undefined ? '' : `, ${cost.toFixed(2)} µs per operation`}`,
      ...(cost === undefined ? {} : { measures: { nop_microseconds: cost } }),
    };
  }
  return {
    status: refusal.kind === 'other' ? 'unknown' : 'warn',
    found:
      trial.setup.outcome === 'refused'
        ? `refused: ${trial.setup.errno}`
        : `no ring: ${describeAttempt(trial.setup)}`,
    needed: NEED,
    cause: refusal.cause,
    fixes: refusal.fixes,
  };
}

function judgeDisabled(facts: Facts): Verdict {
  const { disabled, group } = facts.uring;
  if (disabled === undefined) {
    return { status: 'skip', found: 'this kernel has no such sysctl (it came with 6.6)' };
  }
  const found = `io_uring_disabled = ${disabled}, io_uring_group = ${group ?? -1}`;
  if (disabled === 0) return { status: 'pass', found };
  if (disabled === 2) {
    return {
      status: 'warn',
      found,
      needed: NEED,
      cause: 'the administrator forbids io_uring to everyone',
      fixes: sysctlFixes('kernel.io_uring_disabled', 0, false),
    };
  }
  const member = group !== undefined && group >= 0 && facts.process.groups.includes(group);
  if (facts.process.capabilities.sysAdmin || member) {
    return {
      status: 'info',
      found: `${found}: allowed to this user, not to others`,
    };
  }
  return {
    status: 'warn',
    found,
    needed: NEED,
    cause: 'only administrators and members of io_uring_group may use it',
    fixes: sysctlFixes('kernel.io_uring_disabled', 0, false),
    rootAdds: 'root may use io_uring here',
  };
}

function judgeSeccomp(facts: Facts): Verdict {
  const { seccomp } = facts.process;
  if (seccomp === undefined)
    return { status: 'unknown', found: 'the kernel does not say (Seccomp:)' };
  if (seccomp === 0) return { status: 'pass', found: 'no seccomp filter' };
  const trial = facts.observed.uring;
  if (trial === undefined)
    return { status: 'info', found: 'a seccomp filter is active; not tried' };
  if (worked(trial.setup))
    return { status: 'pass', found: 'a filter is active and lets io_uring pass' };
  const refusal = refusalOf(facts, trial);
  if (refusal?.kind !== 'seccomp') {
    return { status: 'pass', found: 'a filter is active; it is not what refuses io_uring' };
  }
  return {
    status: 'warn',
    found: 'the filter refuses io_uring_setup',
    needed: 'io_uring_setup, io_uring_enter and io_uring_register allowed',
    cause: refusal.cause,
    fixes: seccompFixes(facts.kernel.container),
  };
}

/**
 * io_uring's workers and an SQPOLL thread count as tasks of ours, beside Node's and Polars' own.
 */
const TASKS_NEEDED = 32;

function judgeTasks(facts: Facts): Verdict {
  const { tasks } = facts.uring;
  if (tasks === undefined) return { status: 'pass', found: 'no limit' };
  const found = `${tasks.left} tasks left of ${tasks.max} (${tasks.file})`;
  if (tasks.left >= TASKS_NEEDED) return { status: 'pass', found };
  return {
    status: 'warn',
    found,
    needed: `room for ${TASKS_NEEDED} threads: Node's, Polars' and the ring's workers`,
    cause: `the limit in ${tasks.file}`,
    fixes: taskFixes(facts.kernel.container),
  };
}

function judgeLsm(facts: Facts): Verdict {
  const { lsm, selinux } = facts.kernel;
  const active = [...lsm, ...(selinux === undefined ? [] : [`selinux ${selinux}`])];
  const trial = facts.observed.uring;
  const found = active.length === 0 ? 'none is active' : active.join(', ');
  if (trial === undefined) return { status: active.length === 0 ? 'pass' : 'info', found };
  const refusal = refusalOf(facts, trial);
  if (refusal?.kind !== 'lsm') return { status: 'pass', found };
  return { status: 'warn', found, needed: NEED, cause: refusal.cause, fixes: refusal.fixes };
}
