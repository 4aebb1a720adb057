/**
 * Simulated hosts: the files a kernel of some release shows, and what trials would have met there.
 * The kernel's side (features, flags, errors by release) is written from the io_uring man pages,
 * apart from the checks that judge it.
 */
import { type HostFiles, treeFiles } from '../../src/host/files.ts';
import {
  type Attempt,
  NOTHING_OBSERVED,
  type Observed,
  OK,
  type UringTrial,
} from '../../src/host/observed.ts';

const GiB = 2 ** 30;

export interface Simulation {
  /** uname -r */
  readonly release: string;
  /** ID, VERSION_ID and PRETTY_NAME of os-release. */
  readonly distribution: readonly [id: string, version: string, name: string];
  readonly architecture?: 'x64' | 'arm64' | 'arm';
  readonly uid?: number;
  readonly groups?: readonly number[];
  readonly container?: 'docker' | 'podman' | 'kubernetes' | 'lxc' | 'systemd-nspawn';
  /** What a seccomp filter answers to the three io_uring calls. */
  readonly seccomp?: 'EPERM' | 'ENOSYS' | 'EACCES' | 'kill' | 'lets them pass';
  readonly disabled?: 0 | 1 | 2;
  readonly uringGroup?: number;
  readonly selinux?: 'enforcing' | 'permissive';
  readonly lsmRefuses?: boolean;
  /** CONFIG_IO_URING=n */
  readonly withoutUring?: boolean;
  readonly gvisor?: boolean;
  readonly memlockKiB?: number | 'unlimited';
  readonly memoryGiB?: number;
  readonly pageKiB?: number;
  readonly cgroup?: 1 | 2;
  readonly memoryMaxMiB?: number;
  readonly memoryUsedMiB?: number;
  readonly cpus?: number;
  readonly quotaCpus?: number;
  /** [pids.max, pids.current] */
  readonly tasks?: readonly [max: number, current: number];
  readonly thp?: 'always' | 'madvise' | 'never' | 'none';
  /** [total, free, reserved] pages of the 2 MiB (or 512 MiB) size. */
  readonly hugePages?: readonly [total: number, free: number, reserved: number];
  readonly hugetlbLimit?: { readonly kind: 'fault' | 'rsvd'; readonly bytes: number };
  readonly cpuFlags?: string;
  readonly libc?: 'glibc' | 'musl';
  readonly nodeVersion?: string;
  readonly brokenModules?: Readonly<Record<string, Attempt>>;
  readonly environment?: readonly string[];
  /** Added, or left out when undefined. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly observed?: Partial<Observed>;
  /** A bare copy of /proc and /sys: no trial was made. */
  readonly untried?: boolean;
}

/** Flags of /proc/cpuinfo on a processor with AVX2, and on one before it. */
const HASWELL =
  'fpu sse sse2 pni ssse3 fma cx16 movbe sse4_1 sse4_2 popcnt xsave avx f16c lahf_lm abm bmi1 avx2 bmi2';
export const NEHALEM = 'fpu sse sse2 pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm';

export function simulate(given: Simulation): { files: HostFiles; observed: Observed } {
  const tree: Record<string, string | undefined> = {
    ...kernelFiles(given),
    ...processFiles(given),
    ...memoryFiles(given),
    ...cgroupFiles(given),
    ...cpuFiles(given),
    ...containerFiles(given),
    '/usr/share/zoneinfo/UTC': '',
    ...given.files,
  };
  const files = new Map<string, string>();
  for (const [path, text] of Object.entries(tree)) if (text !== undefined) files.set(path, text);
  return { files: treeFiles(files), observed: observedOf(given) };
}

function kernelFiles({ release, distribution, gvisor, selinux, ...given }: Simulation) {
  const [id, version, name] = distribution;
  const banner = gvisor
    ? `Linux version ${release} #1 SMP Sun Jan 10 15:06:54 PST 2016`
    : `Linux version ${release} (builder@host) (gcc) #1 SMP`;
  const newest = versionOf(release) >= 606 && given.withoutUring !== true;
  return {
    '/proc/sys/kernel/osrelease': `${release}\n`,
    '/proc/version': `${banner}\n`,
    '/etc/os-release': `ID=${id}\nVERSION_ID="${version}"\nPRETTY_NAME="${name}"\n`,
    '/proc/cmdline': 'BOOT_IMAGE=/vmlinuz root=UUID=x ro quiet\n',
    ...(newest || given.disabled !== undefined
      ? {
          '/proc/sys/kernel/io_uring_disabled': `${given.disabled ?? 0}\n`,
          '/proc/sys/kernel/io_uring_group': `${given.uringGroup ?? -1}\n`,
        }
      : {}),
    ...(selinux === undefined
      ? {}
      : { '/sys/fs/selinux/enforce': selinux === 'enforcing' ? '1' : '0' }),
    ...(given.withoutUring
      ? { [`/boot/config-${release}`]: '# CONFIG_IO_URING is not set\n' }
      : {}),
  };
}

function processFiles({ uid = 1000, groups = [], seccomp, cpus = 4, ...given }: Simulation) {
  const memlock = given.memlockKiB ?? 8192;
  const bytes = memlock === 'unlimited' ? memlock : memlock * 1024;
  const capabilities =
    uid === 0 && given.container === undefined ? '000001ffffffffff' : '0'.repeat(16);
  const all = `0-${cpus - 1}`;
  return {
    '/proc/self/status': [
      `Uid:\t${uid}\t${uid}\t${uid}\t${uid}`,
      `Gid:\t${uid}\t${uid}\t${uid}\t${uid}`,
      `Groups:\t${groups.join(' ')} `,
      `CapEff:\t${capabilities}`,
      'NoNewPrivs:\t0',
      `Seccomp:\t${seccomp === undefined ? 0 : 2}`,
      `Cpus_allowed_list:\t${cpus === 1 ? '0' : all}`,
      '',
    ].join('\n'),
    '/proc/self/limits': [
      'Limit                     Soft Limit           Hard Limit           Units     ',
      'Max open files            1024                 524288               files     ',
      `Max locked memory         ${bytes}               ${bytes}               bytes     `,
      '',
    ].join('\n'),
  };
}

function memoryFiles({ memoryGiB = 8, thp = 'madvise', pageKiB = 4, ...given }: Simulation) {
  const [total, free, reserved] = given.hugePages ?? [0, 0, 0];
  // 64 KiB base pages have 512 MiB huge pages by default, and 2 MiB ones beside them.
  const defaultKiB = pageKiB === 64 ? 524_288 : 2048;
  const pool = '/sys/kernel/mm/hugepages/hugepages-2048kB';
  const modes = ['always', 'madvise', 'never'];
  return {
    '/proc/meminfo': [
      `MemTotal:       ${memoryGiB * 2 ** 20} kB`,
      `MemAvailable:   ${Math.round(memoryGiB * 2 ** 20 * 0.7)} kB`,
      'SwapTotal:      0 kB',
      'SwapFree:       0 kB',
      `Hugepagesize:   ${defaultKiB} kB`,
      '',
    ].join('\n'),
    [`${pool}/nr_hugepages`]: `${total}\n`,
    [`${pool}/free_hugepages`]: `${free}\n`,
    [`${pool}/resv_hugepages`]: `${reserved}\n`,
    ...(thp === 'none'
      ? {}
      : {
          '/sys/kernel/mm/transparent_hugepage/enabled': `${modes.map((mode) => (mode === thp ? `[${mode}]` : mode)).join(' ')}\n`,
          '/sys/kernel/mm/transparent_hugepage/defrag': 'always defer [madvise] never\n',
        }),
  };
}

function cgroupFiles(given: Simulation): Record<string, string> {
  const { cgroup = 2, memoryMaxMiB, memoryUsedMiB = 20, quotaCpus, hugetlbLimit, tasks } = given;
  const root = '24 1 8:1 / / rw - ext4 /dev/sda1 rw\n';
  if (cgroup === 2) {
    const base = '/sys/fs/cgroup/app';
    return {
      '/proc/self/mountinfo': `${root}30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n${boundFiles(given)}`,
      '/proc/self/cgroup': '0::/app\n',
      [`${base}/memory.max`]: memoryMaxMiB === undefined ? 'max\n' : `${memoryMaxMiB * 2 ** 20}\n`,
      [`${base}/memory.current`]: `${memoryUsedMiB * 2 ** 20}\n`,
      [`${base}/pids.max`]: `${tasks?.[0] ?? 'max'}\n`,
      [`${base}/pids.current`]: `${tasks?.[1] ?? 5}\n`,
      [`${base}/cpu.max`]:
        quotaCpus === undefined ? 'max 100000\n' : `${quotaCpus * 100_000} 100000\n`,
      ...(hugetlbLimit === undefined
        ? {}
        : {
            [`${base}/hugetlb.2MB.${hugetlbLimit.kind === 'rsvd' ? 'rsvd.' : ''}max`]: `${hugetlbLimit.bytes}\n`,
            [`${base}/hugetlb.2MB.${hugetlbLimit.kind === 'rsvd' ? 'rsvd.' : ''}current`]: '0\n',
          }),
    };
  }
  const mount = (name: string): string =>
    `3 24 0:3 / /sys/fs/cgroup/${name} rw - cgroup cgroup rw,${name}\n`;
  const names = ['memory', 'cpu', 'hugetlb'];
  const memory = '/sys/fs/cgroup/memory/app';
  return {
    '/proc/self/mountinfo': root + names.map(mount).join('') + boundFiles(given),
    '/proc/self/cgroup': names.map((name, index) => `${index + 1}:${name}:/app\n`).join(''),
    [`${memory}/memory.limit_in_bytes`]:
      memoryMaxMiB === undefined ? '9223372036854771712\n' : `${memoryMaxMiB * 2 ** 20}\n`,
    [`${memory}/memory.usage_in_bytes`]: `${memoryUsedMiB * 2 ** 20}\n`,
    '/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us': `${quotaCpus === undefined ? -1 : quotaCpus * 100_000}\n`,
    '/sys/fs/cgroup/cpu/app/cpu.cfs_period_us': '100000\n',
    ...(hugetlbLimit === undefined
      ? {}
      : { '/sys/fs/cgroup/hugetlb/app/hugetlb.2MB.limit_in_bytes': `${hugetlbLimit.bytes}\n` }),
  };
}

function boundFiles({ container }: Simulation): string {
  return container === 'docker' ? '40 24 8:1 /x /etc/hosts rw - ext4 /dev/sda1 rw\n' : '';
}

function cpuFiles({ cpus = 4, cpuFlags, architecture = 'x64' }: Simulation) {
  const flags =
    architecture === 'x64'
      ? `model name\t: Some Processor\nflags\t\t: ${cpuFlags ?? HASWELL}`
      : `Features\t: ${cpuFlags ?? 'fp asimd evtstrm crc32'}`;
  return {
    '/proc/cpuinfo': `processor\t: 0\n${flags}\n\n`,
    '/sys/devices/system/cpu/online': cpus === 1 ? '0\n' : `0-${cpus - 1}\n`,
    '/sys/devices/system/node/online': '0\n',
  };
}

function containerFiles({ container }: Simulation): Record<string, string> {
  switch (container) {
    case 'docker':
      return { '/.dockerenv': '' };
    case 'podman':
      return { '/run/.containerenv': 'engine="podman-5.4.2"\n' };
    case 'kubernetes':
      return { '/var/run/secrets/kubernetes.io/serviceaccount/namespace': 'default' };
    case 'lxc':
    case 'systemd-nspawn':
      return { '/run/systemd/container': `${container}\n` };
    default:
      return {};
  }
}

function observedOf(given: Simulation): Observed {
  if (given.untried) {
    return { ...NOTHING_OBSERVED, architecture: given.architecture ?? 'x64', ...given.observed };
  }
  const names = ['koffi', 'nodejs-polars', 'libpg-query', 'canvas'];
  const [total = 0, free = 0, reserved = 0] = given.hugePages ?? [];
  const pages = Math.min(4, free - reserved);
  const thp = given.thp ?? 'madvise';
  return {
    ...NOTHING_OBSERVED,
    architecture: given.architecture ?? 'x64',
    release: given.release,
    pageBytes: (given.pageKiB ?? 4) * 1024,
    nodeVersion: given.nodeVersion ?? 'v24.21.0',
    libc: given.libc ?? 'glibc',
    environment: ['LANG=C.UTF-8', ...(given.environment ?? [])],
    uring: uringTrial(given),
    hugetlb: total > 0 && pages > 0 ? [{ pageBytes: 2 ** 21, pages, attempt: touch(given) }] : [],
    thp:
      thp === 'madvise' || thp === 'always'
        ? { attempt: OK, askedBytes: 2 ** 23, gotBytes: 2 ** 23 }
        : undefined,
    modules: names.map((name) => ({
      name,
      attempt: given.brokenModules?.[name] ?? OK,
      version: '1.0.0',
      milliseconds: 10,
    })),
    directories: [
      {
        path: '/data',
        purpose: 'working directory',
        exists: true,
        readable: true,
        writable: true,
        freeBytes: 100 * GiB,
        totalBytes: 200 * GiB,
        freeInodes: 1e6,
        totalInodes: 2e6,
        device: '8:1',
        direct: OK,
        directAlignBytes: 512,
      },
    ],
    bundledFont: true,
    clock: { synchronised: true, timeZone: 'UTC', zonesKnown: true, localeKnown: true },
    ...given.observed,
  };
}

function touch({ hugetlbLimit }: Simulation): Attempt {
  if (hugetlbLimit === undefined || hugetlbLimit.bytes >= 2 ** 23) return OK;
  return hugetlbLimit.kind === 'fault'
    ? { outcome: 'killed', signal: 'SIGBUS' }
    : refused('ENOMEM');
}

function refused(errno: string): Attempt {
  return { outcome: 'refused', errno };
}

/** 5.15.3 -> 515: good enough to compare up to minor 99. */
function versionOf(release: string): number {
  const [major = 0, minor = 0] = release.split('.').map(Number.parseFloat);
  return major * 100 + minor;
}

/** What the kernel and what stands before it answer. */
function uringTrial(given: Simulation): UringTrial {
  const version = versionOf(given.release);
  const present = version >= 501 && given.withoutUring !== true && given.gvisor !== true;
  const answer = (fromKernel: Attempt): Attempt => {
    if (given.seccomp === 'kill') return { outcome: 'killed', signal: 'SIGSYS' };
    if (given.seccomp !== undefined && given.seccomp !== 'lets them pass')
      return refused(given.seccomp);
    return present ? fromKernel : refused('ENOSYS');
  };
  const setup = answer(setupAnswer(given, version));
  const works = setup.outcome === 'ok';
  const since = (needed: number): Attempt => (version >= needed ? OK : refused('EINVAL'));
  return {
    setup,
    registerBadFd: answer(refused('EBADF')),
    enterBadFd: answer(refused('EBADF')),
    features: works ? featuresOf(version) : [],
    flags: works
      ? {
          CQSIZE: since(505),
          SUBMIT_ALL: since(518),
          COOP_TASKRUN: since(519),
          TASKRUN_FLAG: since(519),
          SINGLE_ISSUER: since(600),
          DEFER_TASKRUN: since(601),
          IOPOLL: OK,
          SQPOLL: version >= 513 || given.uid === 0 ? OK : refused('EPERM'),
        }
      : {},
    opcodes: works && version >= 506 ? { NOP: true, READ: true, READ_FIXED: true } : {},
    ...registration(given, works),
    nopMicroseconds: works ? 0.7 : undefined,
    sqpollMicroseconds: undefined,
  };
}

function setupAnswer({ disabled = 0, uid = 1000, ...given }: Simulation, version: number): Attempt {
  const administrator = uid === 0 && given.container === undefined;
  const member = (given.groups ?? []).includes(given.uringGroup ?? -1);
  if (disabled === 2 || (disabled === 1 && !administrator && !member)) return refused('EPERM');
  if (given.lsmRefuses) return refused('EACCES');
  const memlock =
    given.memlockKiB === 'unlimited' ? Number.POSITIVE_INFINITY : (given.memlockKiB ?? 8192);
  if (version < 512 && memlock < 32 && !administrator) return refused('ENOMEM');
  return OK;
}

function featuresOf(version: number): string[] {
  const table: readonly (readonly [string, number])[] = [
    ['SINGLE_MMAP', 504],
    ['NODROP', 505],
    ['RW_CUR_POS', 506],
    ['EXT_ARG', 511],
  ];
  return table.filter(([, since]) => version >= since).map(([name]) => name);
}

function registration(given: Simulation, works: boolean) {
  if (!works) return { registeredBytes: undefined, registerBuffers: undefined };
  const administrator = given.uid === 0 && given.container === undefined;
  const limit =
    given.memlockKiB === 'unlimited' || administrator ? 65_536 : (given.memlockKiB ?? 8192);
  let bytes = 2 ** 23;
  while (bytes > limit * 1024) bytes /= 2;
  return { registeredBytes: bytes, registerBuffers: bytes < 2 ** 23 ? refused('ENOMEM') : OK };
}
