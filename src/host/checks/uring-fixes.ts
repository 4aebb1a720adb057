/** What mends a refused ring: by kind of container, or on the host itself. */
import type { ContainerKind } from '../kernel.ts';
import { commandFix, type Fix } from './finding.ts';

/** The profile in contrib/seccomp allows what Node and nairobi call, io_uring too; nothing else. */
export function seccompFixes(container: ContainerKind | undefined): Fix[] {
  switch (container) {
    case 'docker':
    case 'containerd':
    case 'container':
      return [
        commandFix(
          'start',
          'docker',
          false,
          'docker run --security-opt seccomp=contrib/seccomp/nairobi.json ...',
        ),
      ];
    case 'podman':
      return [
        commandFix(
          'start',
          'podman',
          false,
          'podman run --security-opt seccomp=contrib/seccomp/nairobi.json ...',
        ),
      ];
    case 'kubernetes':
      return [
        commandFix(
          'start',
          'kubernetes',
          true,
          'install -D -m 0644 contrib/seccomp/nairobi.json /var/lib/kubelet/seccomp/nairobi.json',
          'kubectl apply -f contrib/kubernetes/nairobi.yaml',
        ),
      ];
    case 'lxc':
      return [
        commandFix(
          'start',
          'lxc',
          true,
          'lxc config set NAME security.syscalls.deny_default=false  # or list io_uring_* in security.syscalls.allow',
        ),
      ];
    case 'systemd-nspawn':
      return [
        commandFix(
          'start',
          'systemd',
          true,
          'systemd-nspawn --system-call-filter="io_uring_setup io_uring_enter io_uring_register" ...',
        ),
      ];
    default:
      return [
        commandFix(
          'persistent',
          'systemd',
          true,
          'systemctl edit UNIT  # add: [Service] SystemCallFilter=io_uring_setup io_uring_enter io_uring_register',
        ),
      ];
  }
}

/** 64 MiB: the pool of 8 MiB several times over, and what SPDK warns below. */
export function memlockFixes(container: ContainerKind | undefined): Fix[] {
  if (container === 'docker' || container === 'containerd' || container === 'container') {
    return [commandFix('start', 'docker', false, 'docker run --ulimit memlock=67108864 ...')];
  }
  if (container === 'podman') {
    return [commandFix('start', 'podman', false, 'podman run --ulimit memlock=67108864 ...')];
  }
  if (container === 'kubernetes') {
    const command =
      'install -D -m 0644 contrib/systemd/memlock.conf /etc/systemd/system/containerd.service.d/memlock.conf';
    return [
      commandFix(
        'start',
        'kubernetes',
        true,
        command,
        'systemctl daemon-reload',
        'systemctl restart containerd',
      ),
    ];
  }
  return [
    commandFix('now', 'host', true, 'prlimit --memlock=67108864:67108864 --pid $$'),
    {
      when: 'persistent',
      place: 'host',
      root: true,
      actions: [
        {
          kind: 'file',
          path: '/etc/security/limits.d/60-nairobi-memlock.conf',
          content:
            '# written by nairobi doctor: KiB of memory a user may lock\n* - memlock 65536\n',
        },
      ],
    },
    commandFix(
      'persistent',
      'systemd',
      true,
      'systemctl edit UNIT  # add: [Service] LimitMEMLOCK=64M',
    ),
  ];
}

/** Windows keeps its kernel until it is told to update. */
export function wslFixes(generation: 1 | 2): Fix[] {
  const command =
    generation === 1
      ? 'wsl.exe --set-version "$WSL_DISTRO_NAME" 2'
      : 'wsl.exe --update && wsl.exe --shutdown';
  return [commandFix('persistent', 'wsl', false, command)];
}

export function taskFixes(container: ContainerKind | undefined): Fix[] {
  switch (container) {
    case undefined:
      return [
        commandFix('persistent', 'systemd', true, 'systemctl set-property UNIT TasksMax=256'),
      ];
    case 'podman':
      return [commandFix('start', 'podman', false, 'podman run --pids-limit 256 ...')];
    case 'kubernetes':
      return [
        commandFix(
          'start',
          'kubernetes',
          true,
          'raise podPidsLimit in the configuration of the kubelet',
        ),
      ];
    default:
      return [commandFix('start', 'docker', false, 'docker run --pids-limit 256 ...')];
  }
}
