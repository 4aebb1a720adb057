/** Judges the kernel and its surroundings. */
import { atLeast } from '../kernel.ts';
import { type Check, commandFix, type Verdict } from './finding.ts';

export const KERNEL_CHECKS: readonly Check[] = [
  {
    id: 'kernel.version',
    group: 'kernel',
    title: 'kernel release, against what the fast paths need',
    judge: ({ kernel }): Verdict => {
      const { version, release } = kernel;
      const found = `Linux ${release || '(release unknown)'}`;
      if (version === undefined) return { status: 'unknown', found };
      if (atLeast(version, 5, 10)) return { status: 'pass', found };
      const needed = atLeast(version, 5, 1)
        ? 'a kernel of 5.10 or later for every ring operation used; older ones fall back to preadv2'
        : 'a kernel of 5.1 or later for io_uring; older ones read with preadv2';
      return {
        status: kernel.gvisor ? 'info' : 'warn',
        found,
        needed,
        cause: kernel.gvisor
          ? 'gVisor answers with a made-up release'
          : `kernel ${release} is older`,
        ...(kernel.gvisor || kernel.wsl > 0
          ? {}
          : { fixes: [commandFix('persistent', 'host', true, newerKernel(kernel.distribution))] }),
      };
    },
  },
  {
    id: 'kernel.wsl',
    group: 'kernel',
    title: 'Windows Subsystem for Linux, and which generation',
    judge: ({ kernel }): Verdict => {
      if (kernel.wsl === 0) return { status: 'skip', found: 'not WSL' };
      if (kernel.wsl === 1) {
        return {
          status: 'warn',
          found: 'WSL 1: system calls are translated, there is no Linux kernel',
          needed: 'WSL 2 for io_uring, huge pages and O_DIRECT',
          cause: `release ${kernel.release}`,
          fixes: [
            commandFix('persistent', 'wsl', false, 'wsl.exe --set-version "$WSL_DISTRO_NAME" 2'),
          ],
        };
      }
      if (atLeast(kernel.version, 5, 15)) {
        return { status: 'pass', found: `WSL 2 with kernel ${kernel.release}` };
      }
      return {
        status: 'warn',
        found: `WSL 2 with the old kernel ${kernel.release}`,
        needed: 'the 5.15 kernel or later: io_uring is off in the older ones',
        cause: 'Windows keeps the kernel until it is updated',
        fixes: [commandFix('persistent', 'wsl', false, 'wsl.exe --update && wsl.exe --shutdown')],
      };
    },
  },
  {
    id: 'kernel.container',
    group: 'kernel',
    title: 'container kind and what confines it',
    judge: ({ kernel, process }): Verdict => {
      const filter = process.seccomp === 2 ? 'with a seccomp filter' : 'without a seccomp filter';
      if (kernel.container === undefined) {
        return process.seccomp === 2
          ? {
              status: 'info',
              found: 'no container, but a seccomp filter (systemd unit or sandbox)',
            }
          : { status: 'pass', found: 'no container' };
      }
      return { status: 'info', found: `${kernel.container}, ${filter}` };
    },
  },
  {
    id: 'kernel.gvisor',
    group: 'kernel',
    title: 'gVisor, a kernel in user space',
    judge: ({ kernel }): Verdict => {
      if (!kernel.gvisor) return { status: 'skip', found: 'not gVisor' };
      return {
        status: 'warn',
        found: 'gVisor: system calls go to a kernel in user space',
        needed: 'a real kernel for io_uring and huge pages; nairobi reads with preadv2 here',
        cause: 'the sandbox runs with runsc',
        fixes: [
          commandFix('start', 'docker', false, 'docker run --runtime=runc ...'),
          commandFix(
            'start',
            'kubernetes',
            false,
            'remove "runtimeClassName: gvisor" from the pod',
          ),
        ],
      };
    },
  },
  {
    id: 'kernel.architecture',
    group: 'kernel',
    title: 'processor architecture, against the native modules that exist',
    judge: ({ kernel }): Verdict => {
      const found = kernel.architecture;
      if (found === 'x64' || found === 'arm64') return { status: 'pass', found };
      if (found === 'arm' || found === 'ia32') {
        return {
          status: 'fail',
          found: `${found} (32-bit)`,
          needed:
            'a 64-bit user space: nodejs-polars has no 32-bit build, and io_uring misbehaves there',
          cause: 'the operating system image is 32-bit',
          fixes: [
            {
              when: 'persistent',
              place: 'host',
              root: true,
              actions: [{ kind: 'note', text: 'install the 64-bit image (arm64) of the system' }],
            },
          ],
        };
      }
      return {
        status: 'warn',
        found,
        needed: 'x64 or arm64: the native modules are built for these',
        cause: 'no build of every native module for this architecture',
      };
    },
  },
  {
    id: 'kernel.page_size',
    group: 'kernel',
    title: 'base page size',
    judge: ({ kernel }): Verdict => {
      const size = kernel.pageBytes;
      if (size === undefined) return { status: 'unknown', found: 'page size not known' };
      const found = `${size / 1024} KiB pages`;
      if (size === 4096) return { status: 'pass', found };
      return {
        status: 'info',
        found,
        needed: 'nothing: huge pages are larger here (64 KiB base pages have 512 MiB ones)',
      };
    },
  },
];

function newerKernel(distribution: { readonly id: string }): string {
  switch (distribution.id) {
    case 'debian':
      return 'apt-get install -t "$(. /etc/os-release; echo $VERSION_CODENAME)-backports" linux-image-generic';
    case 'raspbian':
      return 'apt-get update && apt-get full-upgrade';
    case 'ubuntu':
      return 'apt-get install linux-generic-hwe-$(. /etc/os-release; echo $VERSION_ID)';
    case 'alpine':
      return 'apk upgrade linux-lts';
    case 'rhel':
    case 'centos':
    case 'rocky':
    case 'almalinux':
      return 'dnf upgrade kernel';
    default:
      return 'upgrade the distribution, or its kernel package, to 5.10 or later';
  }
}
