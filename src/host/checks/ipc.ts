/** Judges what other programs are reached with: D-Bus, memfd, seals, passing descriptors. */
import type { Facts } from '../facts.ts';
import { type Attempt, describeAttempt, type IpcTrial } from '../observed.ts';
import { type Check, commandFix, type Fix, type Verdict } from './finding.ts';

export const IPC_CHECKS: readonly Check[] = [
  {
    id: 'ipc.system_bus',
    group: 'ipc',
    title: 'D-Bus system bus: connected and authenticated',
    judge: (facts) => judgeBus(facts, 'system'),
  },
  {
    id: 'ipc.session_bus',
    group: 'ipc',
    title: 'D-Bus session bus: connected and authenticated',
    judge: (facts) => judgeBus(facts, 'session'),
  },
  {
    id: 'ipc.memfd',
    group: 'ipc',
    title: 'memfd_create, in plain and in huge pages',
    judge: (facts) =>
      withTrial(facts, ({ memfd, memfdHugetlb }) => {
        const verdict = judgeCall(memfd, 'memfd_create');
        if (verdict.status !== 'pass') return verdict;
        return { status: 'pass', found: `works; in huge pages: ${describeAttempt(memfdHugetlb)}` };
      }),
  },
  {
    id: 'ipc.sealing',
    group: 'ipc',
    title: 'file seals: memory that the other side cannot shrink under us',
    judge: (facts) => withTrial(facts, ({ sealing }) => judgeCall(sealing, 'F_ADD_SEALS')),
  },
  {
    id: 'ipc.descriptor_passing',
    group: 'ipc',
    title: 'SCM_RIGHTS: a descriptor sent over a socket',
    judge: (facts) =>
      withTrial(facts, ({ descriptorPassing }) => judgeCall(descriptorPassing, 'sendmsg')),
  },
];

function withTrial(facts: Facts, judge: (trial: IpcTrial) => Verdict): Verdict {
  const trial = facts.observed.ipc;
  return trial === undefined ? { status: 'skip', found: 'not tried' } : judge(trial);
}

function judgeCall(attempt: Attempt, call: string): Verdict {
  if (attempt.outcome === 'ok') return { status: 'pass', found: 'works' };
  return {
    status: 'info',
    found: `refused: ${describeAttempt(attempt)}`,
    needed: `${call}, for handing results to other programs without copying`,
    cause: 'an old kernel, or a seccomp filter',
  };
}

function judgeBus(facts: Facts, kind: 'system' | 'session'): Verdict {
  return withTrial(facts, (trial) => {
    const attempt = kind === 'system' ? trial.systemBus : trial.sessionBus;
    if (attempt.outcome === 'ok') return { status: 'pass', found: 'answers' };
    return {
      status: 'info',
      found: `not there: ${describeAttempt(attempt)}`,
      needed: 'nothing for the commands; a desktop or a service that publishes on D-Bus needs it',
      cause: busCause(facts, attempt),
      fixes: busFixes(facts, kind),
    };
  });
}

function busCause(facts: Facts, attempt: Attempt): string {
  if (attempt.outcome === 'refused' && attempt.errno === 'ECONNREFUSED')
    return 'nobody listens on the socket';
  if (attempt.outcome === 'refused' && attempt.errno === 'EACCES')
    return 'the socket may not be opened by this user';
  if (facts.kernel.container !== undefined)
    return 'containers have no bus unless its socket is mounted';
  return 'no daemon runs, or no session was started';
}

function busFixes(facts: Facts, kind: 'system' | 'session'): Fix[] {
  const { container, wsl } = facts.kernel;
  if (wsl > 0) {
    return [
      commandFix('persistent', 'wsl', true, "printf '[boot]\\nsystemd=true\\n' >> /etc/wsl.conf"),
    ];
  }
  if (container === 'kubernetes' || container === 'gvisor') return [];
  if (container !== undefined) {
    const socket = kind === 'system' ? '/run/dbus/system_bus_socket' : '"$XDG_RUNTIME_DIR/bus"';
    const place = container === 'podman' ? 'podman' : 'docker';
    return [commandFix('start', place, false, `${place} run -v ${socket}:${socket} ...`)];
  }
  return kind === 'system'
    ? [commandFix('persistent', 'host', true, 'systemctl enable --now dbus')]
    : [commandFix('now', 'host', false, 'dbus-run-session -- nairobi ...')];
}
