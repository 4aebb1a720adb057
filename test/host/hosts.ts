/** Hosts we do not have, each with the verdict, the cause and the first step expected of it. */
import { NEHALEM, type Simulation } from './simulate.ts';

export interface ExpectedHost {
  readonly name: string;
  readonly host: Simulation;
  /** The command line of --for, when the host is asked about one. */
  readonly required?: readonly string[];
  readonly ability: 'able' | 'able with warnings' | 'not able' | 'could not tell';
  readonly firstStep: string | null;
  /** A finding that must be there, with its status and a part of its cause. */
  readonly because?: readonly [id: string, status: string, cause: RegExp];
  /** A part of the verdict line. */
  readonly speed?: RegExp;
}

const FULL = /io_uring into (?:transparent|reserved) huge pages: full speed/;
const PREADV = /preadv2 into transparent huge pages/;
const BOOKWORM = ['debian', '12', 'Debian GNU/Linux 12 (bookworm)'] as const;
const TRIXIE = ['debian', '13', 'Debian GNU/Linux 13 (trixie)'] as const;
const BULLSEYE = ['debian', '11', 'Debian GNU/Linux 11 (bullseye)'] as const;
const JAMMY = ['ubuntu', '22.04', 'Ubuntu 22.04.5 LTS'] as const;
const NOBLE = ['ubuntu', '24.04', 'Ubuntu 24.04.2 LTS'] as const;
const FOCAL = ['ubuntu', '20.04', 'Ubuntu 20.04.6 LTS'] as const;
const RHEL9 = ['rhel', '9.5', 'Red Hat Enterprise Linux 9.5 (Plow)'] as const;
const RHEL8 = ['rhel', '8.10', 'Red Hat Enterprise Linux 8.10 (Ootpa)'] as const;
const ALPINE = ['alpine', '3.21.3', 'Alpine Linux v3.21'] as const;
const RASPBIAN = ['raspbian', '11', 'Raspbian GNU/Linux 11 (bullseye)'] as const;

const DISABLED_STEP = 'sysctl -w kernel.io_uring_disabled=0';
const DOCKER_STEP = 'docker run --security-opt seccomp=contrib/seccomp/nairobi.json ...';
const PODMAN_STEP = 'podman run --security-opt seccomp=contrib/seccomp/nairobi.json ...';
const KUBE_STEP =
  'install -D -m 0644 contrib/seccomp/nairobi.json /var/lib/kubelet/seccomp/nairobi.json';
const UPGRADE_JAMMY = 'apt-get install linux-generic-hwe-$(. /etc/os-release; echo $VERSION_ID)';

const BARE_METAL: readonly ExpectedHost[] = [
  {
    name: 'Debian 12, kernel 6.1, nothing special',
    host: { release: '6.1.0-32-amd64', distribution: BOOKWORM },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'Debian 13, kernel 6.12',
    host: { release: '6.12.30-amd64', distribution: TRIXIE },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'Debian 11, kernel 5.10: no newer flags, still a ring',
    host: { release: '5.10.0-34-amd64', distribution: BULLSEYE, memlockKiB: 65_536 },
    ability: 'able',
    firstStep: null,
    because: ['io_uring.flags', 'info', /older than the version/],
    speed: FULL,
  },
  {
    name: 'Debian 11, kernel 5.10, the memlock limit of 64 KiB of its time',
    host: { release: '5.10.0-34-amd64', distribution: BULLSEYE, memlockKiB: 64 },
    ability: 'able',
    firstStep: null,
    because: ['io_uring.registered_buffers', 'info', /ENOMEM.*RLIMIT_MEMLOCK \(64 KiB\)/],
    speed: FULL,
  },
  {
    name: 'kernel 5.10 with memlock 16 KiB: not even the rings',
    host: { release: '5.10.0-34-amd64', distribution: BULLSEYE, memlockKiB: 16 },
    ability: 'able with warnings',
    firstStep: 'prlimit --memlock=67108864:67108864 --pid $$',
    because: ['io_uring.setup', 'warn', /before 5\.12 rings count.*16 KiB/],
    speed: PREADV,
  },
  {
    name: 'Ubuntu 22.04, kernel 5.15',
    host: { release: '5.15.0-139-generic', distribution: JAMMY, memlockKiB: 65_536 },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'Ubuntu 22.04 with the HWE kernel 6.8',
    host: { release: '6.8.0-57-generic', distribution: JAMMY },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'Ubuntu 24.04, kernel 6.8, AppArmor active and harmless',
    host: {
      release: '6.8.0-57-generic',
      distribution: NOBLE,
      files: { '/sys/kernel/security/lsm': 'lockdown,capability,yama,apparmor' },
    },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'Ubuntu 20.04, kernel 5.4: a ring without IORING_OP_READ',
    host: { release: '5.4.0-214-generic', distribution: FOCAL, memlockKiB: 65_536 },
    ability: 'able with warnings',
    firstStep: UPGRADE_JAMMY,
    because: ['io_uring.opcodes', 'warn', /5\.4\.0-214/],
    speed: PREADV,
  },
  {
    name: 'kernel 4.19: before io_uring',
    host: { release: '4.19.0-27-amd64', distribution: ['debian', '10', 'Debian GNU/Linux 10'] },
    ability: 'able with warnings',
    firstStep:
      'apt-get install -t "$(. /etc/os-release; echo $VERSION_CODENAME)-backports" linux-image-generic',
    because: ['io_uring.setup', 'warn', /ENOSYS: io_uring came with 5\.1, this is 4\.19/],
    speed: PREADV,
  },
  {
    name: 'RHEL 8, kernel 4.18, SELinux enforcing: the kernel is the cause, not SELinux',
    host: { release: '4.18.0-553.el8_10.x86_64', distribution: RHEL8, selinux: 'enforcing' },
    ability: 'able with warnings',
    firstStep: 'dnf upgrade kernel',
    because: ['io_uring.setup', 'warn', /came with 5\.1, this is 4\.18/],
    speed: PREADV,
  },
  {
    name: 'RHEL 9, kernel 5.14, io_uring disabled for everyone',
    host: {
      release: '5.14.0-503.el9.x86_64',
      distribution: RHEL9,
      disabled: 2,
      selinux: 'enforcing',
    },
    ability: 'able with warnings',
    firstStep: DISABLED_STEP,
    because: ['io_uring.setup', 'warn', /io_uring_disabled = 2 forbids io_uring to everyone/],
    speed: PREADV,
  },
  {
    name: 'RHEL 9 enabled, SELinux enforcing and harmless',
    host: {
      release: '5.14.0-503.el9.x86_64',
      distribution: RHEL9,
      disabled: 0,
      selinux: 'enforcing',
    },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'RHEL 9, SELinux refuses',
    host: {
      release: '5.14.0-503.el9.x86_64',
      distribution: RHEL9,
      disabled: 0,
      selinux: 'enforcing',
      lsmRefuses: true,
    },
    ability: 'able with warnings',
    firstStep: 'ausearch -m avc -ts recent | grep io_uring',
    because: ['io_uring.setup', 'warn', /which leaves SELinux \(enforcing\)/],
    speed: PREADV,
  },
  {
    name: 'linux-hardened: io_uring_disabled = 1, an ordinary user',
    host: {
      release: '6.12.10-hardened1',
      distribution: ['arch', '', 'Arch Linux'],
      disabled: 1,
    },
    ability: 'able with warnings',
    firstStep: DISABLED_STEP,
    because: ['io_uring.setup', 'warn', /io_uring_disabled = 1 and kernel\.io_uring_group = -1/],
    speed: PREADV,
  },
  {
    name: 'io_uring_disabled = 1, root: allowed',
    host: {
      release: '6.12.10-hardened1',
      distribution: ['arch', '', 'Arch Linux'],
      disabled: 1,
      uid: 0,
    },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'io_uring_disabled = 1, a member of io_uring_group: allowed',
    host: {
      release: '6.8.0-57-generic',
      distribution: NOBLE,
      disabled: 1,
      uringGroup: 990,
      groups: [27, 990],
    },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'io_uring_disabled = 1, not a member of io_uring_group',
    host: {
      release: '6.8.0-57-generic',
      distribution: NOBLE,
      disabled: 1,
      uringGroup: 990,
      groups: [27],
    },
    ability: 'able with warnings',
    firstStep: 'usermod -aG "$(getent group 990 | cut -d: -f1)" "$(id -un 1000)"',
    because: ['io_uring.setup', 'warn', /user 1000 is not in group 990/],
    speed: PREADV,
  },
  {
    name: 'io_uring_disabled = 2, root: forbidden too',
    host: { release: '6.12.30-amd64', distribution: TRIXIE, disabled: 2, uid: 0 },
    ability: 'able with warnings',
    firstStep: DISABLED_STEP,
    because: ['io_uring.setup', 'warn', /everyone, root too/],
    speed: PREADV,
  },
  {
    name: 'a kernel built without io_uring',
    host: { release: '6.1.77-custom', distribution: BOOKWORM, withoutUring: true },
    ability: 'able with warnings',
    firstStep: 'boot a kernel built with CONFIG_IO_URING=y',
    because: ['io_uring.setup', 'warn', /built without CONFIG_IO_URING/],
    speed: PREADV,
  },
  {
    name: 'a systemd unit whose SystemCallFilter kills',
    host: { release: '6.1.0-32-amd64', distribution: BOOKWORM, seccomp: 'kill' },
    ability: 'able with warnings',
    firstStep:
      'systemctl edit UNIT  # add: [Service] SystemCallFilter=io_uring_setup io_uring_enter io_uring_register',
    because: ['io_uring.setup', 'warn', /SIGSYS: a seccomp filter kills/],
    speed: PREADV,
  },
  {
    name: 'a systemd unit whose SystemCallFilter answers EPERM, on a 6.1 kernel without the sysctl',
    host: { release: '6.1.0-32-amd64', distribution: BOOKWORM, seccomp: 'EPERM' },
    ability: 'able with warnings',
    firstStep:
      'systemctl edit UNIT  # add: [Service] SystemCallFilter=io_uring_setup io_uring_enter io_uring_register',
    because: ['io_uring.setup', 'warn', /EPERM: a seccomp filter \(of the service manager\)/],
    speed: PREADV,
  },
];

const MEMORY: readonly ExpectedHost[] = [
  {
    name: 'transparent huge pages switched off, none reserved',
    host: { release: '6.1.0-32-amd64', distribution: BOOKWORM, thp: 'never' },
    ability: 'able with warnings',
    firstStep: 'sysctl -w vm.nr_hugepages=4',
    because: ['memory.thp', 'warn', /switched off/],
    speed: /plain pages: about two thirds/,
  },
  {
    name: 'no transparent huge pages in the kernel, enough reserved',
    host: {
      release: '5.15.0-rt',
      distribution: BOOKWORM,
      thp: 'none',
      hugePages: [64, 64, 0],
      memlockKiB: 65_536,
    },
    ability: 'able',
    firstStep: null,
    speed: /reserved huge pages: full speed/,
  },
  {
    name: 'reserved pages all promised to a database, THP off: reserve as many more',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      thp: 'never',
      hugePages: [512, 300, 300],
    },
    ability: 'able with warnings',
    firstStep: 'sysctl -w vm.nr_hugepages=516',
    because: ['memory.hugetlb', 'warn', /of 300 free pages 300 are promised/],
  },
  {
    name: 'three pages free, four wanted: one more',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      thp: 'never',
      hugePages: [3, 3, 0],
    },
    ability: 'able with warnings',
    firstStep: 'sysctl -w vm.nr_hugepages=4',
    because: ['memory.hugetlb', 'warn', /others hold them/],
  },
  {
    name: 'a cgroup with 200 MiB left of its limit',
    host: { release: '6.1.0-32-amd64', distribution: BOOKWORM, memoryMaxMiB: 200 },
    ability: 'able with warnings',
    firstStep: 'systemctl set-property UNIT MemoryMax=512M',
    because: ['memory.available', 'warn', /\/sys\/fs\/cgroup\/app\/memory\.max/],
  },
  {
    name: 'a cgroup with 44 MiB left: not enough to start in',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      memoryMaxMiB: 64,
      container: 'kubernetes',
      seccomp: 'lets them pass',
    },
    ability: 'not able',
    firstStep: 'kubectl set resources deployment NAME --limits=memory=512Mi',
    because: ['memory.available', 'fail', /memory\.max/],
  },
  {
    name: 'little memory on cgroup v1 in Docker',
    host: {
      release: '5.15.0-139-generic',
      distribution: JAMMY,
      cgroup: 1,
      memoryMaxMiB: 128,
      container: 'docker',
      seccomp: 'lets them pass',
    },
    ability: 'able with warnings',
    firstStep: 'docker run --memory 512m ...',
    because: ['memory.available', 'warn', /memory\.limit_in_bytes/],
  },
];

const CONTAINERS: readonly ExpectedHost[] = [
  {
    name: 'Docker 25 with its default seccomp profile',
    host: {
      release: '6.8.0-57-generic',
      distribution: BOOKWORM,
      container: 'docker',
      seccomp: 'EPERM',
      uid: 0,
    },
    ability: 'able with warnings',
    firstStep: DOCKER_STEP,
    because: ['io_uring.setup', 'warn', /EPERM: a seccomp filter \(of docker\).*EBADF/],
    speed: PREADV,
  },
  {
    name: 'Docker with the profile of our kit',
    host: {
      release: '6.8.0-57-generic',
      distribution: BOOKWORM,
      container: 'docker',
      seccomp: 'lets them pass',
      uid: 0,
    },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'Docker with our profile on a host with io_uring_disabled = 2: the sysctl, not seccomp',
    host: {
      release: '6.8.0-57-generic',
      distribution: BOOKWORM,
      container: 'docker',
      seccomp: 'lets them pass',
      disabled: 2,
      uid: 0,
    },
    ability: 'able with warnings',
    firstStep: DISABLED_STEP,
    because: ['io_uring.setup', 'warn', /io_uring_disabled = 2/],
    speed: PREADV,
  },
  {
    name: 'Docker default profile and io_uring_disabled = 2: both are named',
    host: {
      release: '6.8.0-57-generic',
      distribution: BOOKWORM,
      container: 'docker',
      seccomp: 'EPERM',
      disabled: 2,
      uid: 0,
    },
    ability: 'able with warnings',
    firstStep: DOCKER_STEP,
    because: ['io_uring.setup', 'warn', /seccomp filter.*besides.*io_uring_disabled = 2/],
    speed: PREADV,
  },
  {
    name: 'Podman: ENOSYS from seccomp on a new kernel',
    host: {
      release: '6.12.30-amd64',
      distribution: TRIXIE,
      container: 'podman',
      seccomp: 'ENOSYS',
    },
    ability: 'able with warnings',
    firstStep: PODMAN_STEP,
    because: [
      'io_uring.setup',
      'warn',
      /ENOSYS: a seccomp filter \(of podman\).*io_uring_disabled exists/,
    ],
    speed: PREADV,
  },
  {
    name: 'Podman on a 5.15 kernel without the sysctl: still seccomp',
    host: {
      release: '5.15.0-139-generic',
      distribution: JAMMY,
      container: 'podman',
      seccomp: 'ENOSYS',
    },
    ability: 'able with warnings',
    firstStep: PODMAN_STEP,
    because: ['io_uring.setup', 'warn', /ENOSYS: a seccomp filter \(of podman\)/],
    speed: PREADV,
  },
  {
    name: 'Podman on kernel 4.18: the kernel, not seccomp',
    host: {
      release: '4.18.0-553.el8_10.x86_64',
      distribution: RHEL8,
      container: 'podman',
      seccomp: 'ENOSYS',
    },
    ability: 'able with warnings',
    firstStep: 'dnf upgrade kernel',
    because: ['io_uring.setup', 'warn', /came with 5\.1, this is 4\.18/],
    speed: PREADV,
  },
  {
    name: 'gVisor',
    host: {
      release: '4.4.0',
      distribution: BOOKWORM,
      gvisor: true,
      container: 'docker',
      thp: 'none',
    },
    ability: 'able with warnings',
    firstStep: 'docker run --runtime=runc ...',
    because: ['io_uring.setup', 'warn', /gVisor/],
    speed: /preadv2 into plain pages/,
  },
  {
    name: 'Kubernetes without hugepages in the pod, containerd 2 profile',
    host: {
      release: '6.1.0-32-cloud-amd64',
      distribution: BOOKWORM,
      container: 'kubernetes',
      seccomp: 'EPERM',
      hugePages: [64, 64, 0],
      hugetlbLimit: { kind: 'fault', bytes: 0 },
    },
    ability: 'able with warnings',
    firstStep: KUBE_STEP,
    because: ['memory.hugetlb_touch', 'warn', /fault limit in .*hugetlb\.2MB\.max/],
  },
  {
    name: 'Kubernetes, io_uring allowed, huge pages on the node but none for the pod',
    host: {
      release: '6.1.0-32-cloud-amd64',
      distribution: BOOKWORM,
      container: 'kubernetes',
      seccomp: 'lets them pass',
      hugePages: [64, 64, 0],
      hugetlbLimit: { kind: 'fault', bytes: 0 },
    },
    ability: 'able with warnings',
    firstStep: 'kubectl set resources deployment NAME --limits=hugepages-2Mi=8Mi,memory=512Mi',
    because: ['memory.hugetlb_cgroup', 'warn', /first touch is SIGBUS/],
  },
  {
    name: 'Kubernetes with hugepages-2Mi in the pod and our profile',
    host: {
      release: '6.1.0-32-cloud-amd64',
      distribution: BOOKWORM,
      container: 'kubernetes',
      seccomp: 'lets them pass',
      hugePages: [64, 64, 0],
      hugetlbLimit: { kind: 'fault', bytes: 64 * 2 ** 20 },
    },
    ability: 'able',
    firstStep: null,
    speed: /reserved huge pages: full speed/,
  },
  {
    name: 'a container whose runtime sets the reservation limit',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      container: 'docker',
      seccomp: 'lets them pass',
      hugePages: [64, 64, 0],
      hugetlbLimit: { kind: 'rsvd', bytes: 0 },
    },
    ability: 'able with warnings',
    firstStep: 'echo 8388608 > /sys/fs/cgroup/app/hugetlb.2MB.rsvd.max',
    because: ['memory.hugetlb_cgroup', 'warn', /reservation limit: mmap fails/],
  },
  {
    name: 'an LXC container with a seccomp policy',
    host: {
      release: '6.8.12-9-pve',
      distribution: BOOKWORM,
      container: 'lxc',
      seccomp: 'EPERM',
    },
    ability: 'able with warnings',
    firstStep:
      'lxc config set NAME security.syscalls.deny_default=false  # or list io_uring_* in security.syscalls.allow',
    because: ['io_uring.setup', 'warn', /seccomp filter \(of lxc\)/],
  },
  {
    name: 'systemd-nspawn',
    host: {
      release: '6.12.30-amd64',
      distribution: TRIXIE,
      container: 'systemd-nspawn',
      seccomp: 'EPERM',
    },
    ability: 'able with warnings',
    firstStep:
      'systemd-nspawn --system-call-filter="io_uring_setup io_uring_enter io_uring_register" ...',
    because: ['io_uring.setup', 'warn', /seccomp filter \(of systemd-nspawn\)/],
  },
  {
    name: 'a container with room for twelve more threads',
    host: {
      release: '6.12.30-amd64',
      distribution: TRIXIE,
      container: 'podman',
      seccomp: 'lets them pass',
      tasks: [20, 8],
    },
    ability: 'able with warnings',
    firstStep: 'podman run --pids-limit 256 ...',
    because: ['io_uring.cgroup', 'warn', /limit in .*pids\.max/],
  },
  {
    name: 'a processor quota of half a core in Docker',
    host: {
      release: '6.8.0-57-generic',
      distribution: BOOKWORM,
      container: 'docker',
      seccomp: 'lets them pass',
      quotaCpus: 0.5,
    },
    ability: 'able',
    firstStep: null,
    because: ['cpu.threads', 'info', /quota in .*cpu\.max/],
    speed: FULL,
  },
];

const OTHERS: readonly ExpectedHost[] = [
  {
    name: 'Raspberry Pi OS, 64-bit, on a Pi 5 with 16 KiB pages',
    host: {
      release: '6.12.25+rpt-rpi-2712',
      distribution: BOOKWORM,
      architecture: 'arm64',
      pageKiB: 16,
      memoryGiB: 4,
    },
    ability: 'able',
    firstStep: null,
    because: ['kernel.page_size', 'info', /^$/],
    speed: FULL,
  },
  {
    name: 'Raspberry Pi OS, 32-bit',
    host: {
      release: '6.1.21-v7+',
      distribution: RASPBIAN,
      architecture: 'arm',
      memoryGiB: 1,
      brokenModules: {
        'nodejs-polars': {
          outcome: 'failed',
          message: "Cannot find module 'nodejs-polars-linux-arm'",
        },
      },
    },
    ability: 'not able',
    firstStep: 'install the 64-bit image (arm64) of the system',
    because: ['kernel.architecture', 'fail', /32-bit/],
  },
  {
    name: 'Jetson, kernel 5.10-tegra',
    host: {
      release: '5.10.216-tegra',
      distribution: FOCAL,
      architecture: 'arm64',
      memlockKiB: 65_536,
    },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'Jetson, kernel 4.9-tegra, an old JetPack',
    host: {
      release: '4.9.337-tegra',
      distribution: ['ubuntu', '18.04', 'Ubuntu 18.04.6 LTS'],
      architecture: 'arm64',
    },
    ability: 'able with warnings',
    firstStep: UPGRADE_JAMMY,
    because: ['io_uring.setup', 'warn', /came with 5\.1, this is 4\.9/],
    speed: PREADV,
  },
  {
    name: 'Alpine, musl, all modules there',
    host: { release: '6.12.13-0-lts', distribution: ALPINE, libc: 'musl' },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'Alpine, musl, with the glibc binaries of Polars',
    host: {
      release: '6.12.13-0-lts',
      distribution: ALPINE,
      libc: 'musl',
      brokenModules: {
        'nodejs-polars': {
          outcome: 'failed',
          message: 'Error loading shared library ld-linux-x86-64.so.2',
        },
      },
    },
    ability: 'not able',
    firstStep: 'npm install --libc=musl',
    because: ['runtime.polars', 'fail', /no binary for linux-x64 with musl/],
  },
  {
    name: 'WSL 2, kernel 6.6',
    host: { release: '6.6.87.2-microsoft-standard-WSL2', distribution: NOBLE },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'WSL 2, kernel 5.4 of 2020, without io_uring',
    host: {
      release: '5.4.72-microsoft-standard-WSL2',
      distribution: FOCAL,
      withoutUring: true,
      files: { '/boot/config-5.4.72-microsoft-standard-WSL2': '' },
    },
    ability: 'able with warnings',
    firstStep: 'wsl.exe --update && wsl.exe --shutdown',
    because: ['io_uring.setup', 'warn', /WSL 2's 5\.4\.72/],
    speed: PREADV,
  },
  {
    name: 'WSL 1',
    host: {
      release: '4.4.0-19041-Microsoft',
      distribution: FOCAL,
      thp: 'none',
    },
    ability: 'able with warnings',
    firstStep: 'wsl.exe --set-version "$WSL_DISTRO_NAME" 2',
    because: ['io_uring.setup', 'warn', /WSL 1/],
    speed: /preadv2 into plain pages/,
  },
  {
    name: 'a machine with a processor before AVX2, where Polars dies',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      cpuFlags: NEHALEM,
      brokenModules: { 'nodejs-polars': { outcome: 'killed', signal: 'SIGILL' } },
    },
    ability: 'not able',
    firstStep: 'virt-xml VM --edit --cpu host-passthrough',
    because: ['runtime.polars', 'fail', /lacks instructions/],
  },
  {
    name: 'Node.js 20',
    host: { release: '6.1.0-32-amd64', distribution: BOOKWORM, nodeVersion: 'v20.19.4' },
    ability: 'not able',
    firstStep: 'npm run setup',
    because: ['runtime.node', 'fail', /v20\.19\.4 is too old/],
  },
  {
    name: 'canvas broken, nobody asked for a chart',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      brokenModules: { canvas: { outcome: 'killed', signal: 'SIGSEGV' } },
    },
    ability: 'able with warnings',
    firstStep: 'npm install --include=optional canvas',
    because: ['render.canvas', 'warn', /died of SIGSEGV/],
  },
  {
    name: 'canvas broken, a chart was asked for',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      brokenModules: { canvas: { outcome: 'killed', signal: 'SIGSEGV' } },
    },
    required: ['render.canvas'],
    ability: 'not able',
    firstStep: 'npm install --include=optional canvas',
    because: ['render.canvas', 'fail', /died of SIGSEGV/],
  },
  {
    name: 'Polars hangs while it loads',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      brokenModules: { 'nodejs-polars': { outcome: 'timeout' } },
    },
    ability: 'could not tell',
    firstStep: null,
    because: ['runtime.polars', 'unknown', /did not finish loading/],
  },
  {
    name: 'UV_USE_IO_URING is set',
    host: {
      release: '6.1.0-32-amd64',
      distribution: BOOKWORM,
      environment: ['UV_USE_IO_URING=1'],
    },
    ability: 'able with warnings',
    firstStep: 'unset UV_USE_IO_URING',
    because: ['runtime.uv_io_uring', 'warn', /libuv/],
    speed: FULL,
  },
  {
    name: 'a graphics card whose device the user may not open',
    host: {
      release: '6.12.30-amd64',
      distribution: TRIXIE,
      observed: {
        devices: [{ path: '/dev/dri/renderD128', usable: false }],
        gl: {
          attempt: { outcome: 'ok' },
          backend: 'egl-surfaceless',
          renderer: 'llvmpipe (LLVM 19.1.7, 256 bits)',
          hardware: false,
        },
      },
    },
    ability: 'able with warnings',
    firstStep: 'usermod -aG render "$(id -un 1000)"  # then log in again',
    because: ['render.devices', 'warn', /not in the group/],
    speed: FULL,
  },
  {
    name: 'an NVIDIA container without the graphics capability',
    host: {
      release: '6.8.0-57-generic',
      distribution: NOBLE,
      container: 'docker',
      seccomp: 'lets them pass',
      environment: ['NVIDIA_DRIVER_CAPABILITIES=compute,utility'],
      files: { '/proc/driver/nvidia/version': 'NVRM version: 570' },
      observed: { devices: [{ path: '/dev/nvidia0', usable: true }] },
    },
    ability: 'able with warnings',
    firstStep: 'docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics ...',
    because: ['render.nvidia', 'warn', /without graphics/],
  },
  {
    name: 'an installation without its assets',
    host: {
      release: '6.12.13-0-lts',
      distribution: ALPINE,
      observed: { bundledFont: false },
    },
    ability: 'able with warnings',
    firstStep: 'npm install --global nairobi',
    because: ['render.fonts', 'warn', /not whole/],
  },
  {
    name: 'a bare copy of /proc and /sys: nothing was tried, io_uring is foreseen',
    host: { release: '6.1.0-32-amd64', distribution: BOOKWORM, untried: true },
    ability: 'able',
    firstStep: null,
    speed: FULL,
  },
  {
    name: 'a bare copy of a host with io_uring disabled: the refusal is foreseen',
    host: { release: '6.12.30-amd64', distribution: TRIXIE, disabled: 2, untried: true },
    ability: 'able with warnings',
    firstStep: DISABLED_STEP,
    because: ['io_uring.setup', 'warn', /io_uring_disabled = 2/],
  },
];

export const HOSTS: readonly ExpectedHost[] = [...BARE_METAL, ...MEMORY, ...CONTAINERS, ...OTHERS];
