/**
 * Why io_uring_setup was refused. Errors alone do not say: Docker's seccomp profile answers EPERM
 * like the sysctl does, and Podman's answers ENOSYS like an old kernel does (moby/profiles
 * default.json; containers/common 399bd59e). What settles it is a second question: on descriptor
 * -1 io_uring_register answers EBADF wherever the kernel has io_uring and the call reaches it.
 */
import type { Facts } from '../facts.ts';
import { atLeast } from '../kernel.ts';
import { type Attempt, describeAttempt, errnoOf, type UringTrial } from '../observed.ts';
import { commandFix, type Fix, sysctlFixes } from './finding.ts';
import { memlockFixes, seccompFixes, wslFixes } from './uring-fixes.ts';

export type RefusalKind =
  | 'old kernel'
  | 'not built in'
  | 'gvisor'
  | 'wsl'
  | 'sysctl'
  | 'seccomp'
  | 'lsm'
  | 'memlock'
  | 'memory'
  | 'open files'
  | 'other';

export interface Refusal {
  readonly kind: RefusalKind;
  readonly cause: string;
  readonly fixes: readonly Fix[];
}

/** What forbids io_uring by the facts alone, without a trial: undefined when nothing does. */
export function foreseenRefusal(facts: Facts): Refusal | undefined {
  const { kernel } = facts;
  if (kernel.gvisor) return gvisor();
  if (kernel.wsl === 1)
    return { kind: 'wsl', cause: 'WSL 1 has no Linux kernel', fixes: wslFixes(1) };
  if (kernel.version !== undefined && !atLeast(kernel.version, 5, 1))
    return oldKernel(kernel.release);
  if (facts.uring.configured === false) return notBuiltIn(facts);
  return sysctlRefusal(facts);
}

/** The cause of the refusal that `trial` met; undefined when the ring was created. */
export function refusalOf(facts: Facts, trial: UringTrial): Refusal | undefined {
  const { setup } = trial;
  if (setup.outcome === 'ok') return undefined;
  if (setup.outcome === 'killed') return killed(facts, setup.signal);
  if (setup.outcome === 'timeout' || setup.outcome === 'untried') {
    return { kind: 'other', cause: `the trial: ${describeAttempt(setup)}`, fixes: [] };
  }
  if (setup.outcome === 'failed') return { kind: 'other', cause: setup.message, fixes: [] };
  switch (setup.errno) {
    case 'ENOSYS':
      return refusedEnosys(facts, trial);
    case 'EPERM':
    case 'EACCES':
      return refusedEperm(facts, trial, setup.errno);
    case 'ENOMEM':
      return refusedEnomem(facts);
    case 'EMFILE':
    case 'ENFILE':
      return {
        kind: 'open files',
        cause: `${setup.errno}: ${facts.process.openFiles.soft ?? '?'} files may be open at a time`,
        fixes: [commandFix('now', 'host', false, 'ulimit -n 4096')],
      };
    default:
      return otherErrno(facts, trial, setup.errno);
  }
}

function refusedEnosys(facts: Facts, trial: UringTrial): Refusal {
  const { kernel, uring } = facts;
  if (kernel.gvisor) return gvisor();
  if (kernel.wsl === 1)
    return { kind: 'wsl', cause: 'WSL 1 has no Linux kernel', fixes: wslFixes(1) };
  if (kernel.version !== undefined && !atLeast(kernel.version, 5, 1))
    return oldKernel(kernel.release);
  // The sysctl file exists only in a kernel that was built with io_uring.
  const evidence =
    uring.disabled !== undefined
      ? 'kernel.io_uring_disabled exists, so the kernel has io_uring'
      : uring.configured === true
        ? 'the kernel was built with CONFIG_IO_URING'
        : undefined;
  const filtered = facts.process.seccomp === 2;
  if (filtered && (evidence !== undefined || kernel.container !== undefined)) {
    return seccomp(facts, 'ENOSYS', evidence ?? `${kernel.release} has it, Seccomp: 2`);
  }
  if (uring.configured === false || !filtered) {
    return kernel.wsl === 2
      ? {
          kind: 'wsl',
          cause: `ENOSYS: WSL 2's ${kernel.release} has no io_uring`,
          fixes: wslFixes(2),
        }
      : notBuiltIn(facts);
  }
  const known = errnoOf(trial.registerBadFd);
  return seccomp(facts, 'ENOSYS', `Seccomp: 2, io_uring_register gives ${known ?? 'no errno'}`);
}

function refusedEperm(facts: Facts, trial: UringTrial, errno: string): Refusal {
  const register = errnoOf(trial.registerBadFd);
  const sysctl = sysctlRefusal(facts);
  // A kernel with io_uring says EBADF here whatever the sysctl is: another answer is a filter's.
  const filtered = register !== undefined && register !== 'EBADF';
  if (filtered && facts.process.seccomp !== 0) {
    const also = sysctl === undefined ? '' : `; besides, ${sysctl.cause}`;
    const found = seccomp(
      facts,
      errno,
      `io_uring_register on a bad descriptor gives ${register} too, where the kernel says EBADF`,
    );
    return {
      ...found,
      cause: found.cause + also,
      fixes: [...found.fixes, ...(sysctl?.fixes ?? [])],
    };
  }
  if (sysctl !== undefined) return sysctl;
  if (facts.process.seccomp === 2) {
    return seccomp(facts, errno, 'Seccomp: 2, and no sysctl forbids it');
  }
  return lsm(facts, errno);
}

/**
 * io_uring_disabled=2 stops everyone; 1 all but CAP_SYS_ADMIN and the members of io_uring_group.
 */
function sysctlRefusal(facts: Facts): Refusal | undefined {
  const { disabled, group } = facts.uring;
  const { capabilities, groups, uid } = facts.process;
  if (disabled === 2) {
    return {
      kind: 'sysctl',
      cause: 'EPERM: kernel.io_uring_disabled = 2 forbids io_uring to everyone, root too',
      fixes: sysctlFixes('kernel.io_uring_disabled', 0, false),
    };
  }
  if (disabled !== 1 || capabilities.sysAdmin) return undefined;
  if (group !== undefined && group >= 0) {
    if (groups.includes(group)) return undefined;
    return {
      kind: 'sysctl',
      cause: `EPERM: kernel.io_uring_disabled = 1 and user ${uid} is not in group ${group} (kernel.io_uring_group)`,
      fixes: [
        commandFix(
          'persistent',
          'host',
          true,
          `usermod -aG "$(getent group ${group} | cut -d: -f1)" "$(id -un ${uid})"`,
        ),
        ...sysctlFixes('kernel.io_uring_disabled', 0, false),
      ],
    };
  }
  return {
    kind: 'sysctl',
    cause:
      'EPERM: kernel.io_uring_disabled = 1 and kernel.io_uring_group = -1: only administrators may',
    fixes: sysctlFixes('kernel.io_uring_disabled', 0, false),
  };
}

function seccomp(facts: Facts, errno: string, evidence: string): Refusal {
  const where = facts.kernel.container ?? 'the service manager';
  return {
    kind: 'seccomp',
    cause: `${errno}: a seccomp filter (of ${where}) refuses it: ${evidence}`,
    fixes: seccompFixes(facts.kernel.container),
  };
}

function killed(facts: Facts, signal: string): Refusal {
  if (signal !== 'SIGSYS')
    return { kind: 'other', cause: `the trial died of ${signal}`, fixes: [] };
  return {
    kind: 'seccomp',
    cause: 'SIGSYS: a seccomp filter kills the caller (systemd SystemCallFilter= without an errno)',
    fixes: seccompFixes(facts.kernel.container),
  };
}

function lsm(facts: Facts, errno: string): Refusal {
  const { lsm: modules, selinux, label } = facts.kernel;
  const mandatory = modules.filter(
    (name) => !['capability', 'lockdown', 'yama', 'bpf'].includes(name),
  );
  const named =
    selinux === 'enforcing' ? 'SELinux (enforcing)' : mandatory.join(', ') || 'a security module';
  const by = label === undefined ? named : `${named}, label ${label}`;
  const fixes =
    selinux === 'enforcing'
      ? [
          commandFix(
            'persistent',
            'host',
            true,
            'ausearch -m avc -ts recent | grep io_uring',
            'ausearch -m avc -ts recent | audit2allow -M nairobi-uring && semodule -i nairobi-uring.pp',
          ),
        ]
      : [commandFix('now', 'host', true, 'journalctl -k --grep "io_uring|apparmor" --since -5min')];
  return {
    kind: 'lsm',
    cause: `${errno}: no sysctl and no seccomp filter forbids it, which leaves ${by}`,
    fixes,
  };
}

/** Before 5.12 the rings themselves were charged to RLIMIT_MEMLOCK. */
function refusedEnomem(facts: Facts): Refusal {
  const soft = facts.process.memlock.soft;
  if (!atLeast(facts.kernel.version, 5, 12) && soft !== undefined && soft < 64 * 2 ** 20) {
    return {
      kind: 'memlock',
      cause: `ENOMEM: before 5.12 rings count against RLIMIT_MEMLOCK, which is ${soft / 1024} KiB here`,
      fixes: memlockFixes(facts.kernel.container),
    };
  }
  return { kind: 'memory', cause: 'ENOMEM: no memory for the rings', fixes: [] };
}

function otherErrno(facts: Facts, trial: UringTrial, errno: string): Refusal {
  const register = errnoOf(trial.registerBadFd);
  if (facts.process.seccomp === 2 && register === errno) {
    return seccomp(
      facts,
      errno,
      `io_uring_register gives ${errno} too, where the kernel says EBADF`,
    );
  }
  return { kind: 'other', cause: `io_uring_setup: ${errno}`, fixes: [] };
}

function gvisor(): Refusal {
  return {
    kind: 'gvisor',
    cause: 'gVisor has no io_uring unless it is switched on (runsc --iouring)',
    fixes: [commandFix('start', 'docker', false, 'docker run --runtime=runc ...')],
  };
}

function oldKernel(release: string): Refusal {
  return {
    kind: 'old kernel',
    cause: `ENOSYS: io_uring came with 5.1, this is ${release}`,
    fixes: [],
  };
}

function notBuiltIn(facts: Facts): Refusal {
  const cause = `ENOSYS: ${facts.kernel.release} was built without CONFIG_IO_URING`;
  const command = 'boot a kernel built with CONFIG_IO_URING=y';
  return {
    kind: 'not built in',
    cause,
    fixes: [
      { when: 'persistent', place: 'host', root: true, actions: [{ kind: 'note', text: command }] },
    ],
  };
}

/** "works" / "EPERM" / ... for tables. */
export function worked(attempt: Attempt | undefined): boolean {
  return attempt?.outcome === 'ok';
}
