/** Facts about the kernel and what this process runs inside of: release, WSL, container, gVisor. */
import { type HostFiles, keyedLines } from './files.ts';
import type { Observed } from './observed.ts';

export type ContainerKind =
  | 'docker'
  | 'podman'
  | 'kubernetes'
  | 'containerd'
  | 'lxc'
  | 'systemd-nspawn'
  | 'gvisor'
  | 'container';

export interface KernelVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

export interface KernelFacts {
  readonly release: string;
  readonly version: KernelVersion | undefined;
  readonly distribution: { readonly id: string; readonly version: string; readonly name: string };
  /** 1 translates system calls and has no Linux kernel; 2 is a real kernel in a VM. */
  readonly wsl: 0 | 1 | 2;
  readonly gvisor: boolean;
  readonly container: ContainerKind | undefined;
  /** As Node names it: x64, arm64, arm, riscv64... */
  readonly architecture: string;
  readonly pageBytes: number | undefined;
  /** Active Linux security modules, from securityfs, else from what each leaves behind. */
  readonly lsm: readonly string[];
  readonly selinux: 'enforcing' | 'permissive' | undefined;
  /** This process' AppArmor or SELinux label. */
  readonly label: string | undefined;
  /** hugepages=, default_hugepagesz=, transparent_hugepage=, psi= ... of the boot command line. */
  readonly bootOptions: readonly string[];
}

/** Boot options that bear on us; the rest of the command line may hold secrets and is not kept. */
export const BOOT_OPTION =
  /^(?:(?:default_)?hugepage(?:s|sz)|transparent_hugepage|psi|hugetlb_cma|isolcpus|nohz_full|systemd\.unified_cgroup_hierarchy|cgroup_(?:enable|disable)|cgroup_no_v1|io_uring[.\w]*|lsm|security|mem)=/;

export function readKernel(files: HostFiles, observed: Observed): KernelFacts {
  const release = files.text('/proc/sys/kernel/osrelease')?.trim() ?? observed.release ?? '';
  const banner = files.text('/proc/version')?.trim() ?? '';
  const gvisor = isGvisor(release, banner);
  const wsl = wslGeneration(release);
  const label = files.text('/proc/self/attr/current')?.replace(/[\0\n]+$/, '');
  return {
    release,
    version: parseVersion(release),
    distribution: readDistribution(files),
    wsl,
    gvisor,
    container: gvisor ? 'gvisor' : containerKind(files, observed),
    architecture: observed.architecture,
    pageBytes: observed.pageBytes,
    lsm: securityModules(files),
    selinux: selinuxMode(files),
    label: label === '' ? undefined : label,
    bootOptions: (files.text('/proc/cmdline') ?? '')
      .trim()
      .split(/\s+/)
      .filter((option) => BOOT_OPTION.test(option)),
  };
}

/** "6.8.0-45-generic" -> 6.8.0; undefined when it is no kernel release. */
export function parseVersion(release: string): KernelVersion | undefined {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(release);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
}

/** True when the version is known and at least `major.minor.patch`. */
export function atLeast(
  version: KernelVersion | undefined,
  major: number,
  minor: number,
  patch = 0,
): boolean {
  if (version === undefined) return false;
  if (version.major !== major) return version.major > major;
  return version.minor === minor ? version.patch >= patch : version.minor > minor;
}

/** WSL 1 reports 4.4.0-NNNNN-Microsoft, WSL 2 a "microsoft-standard" release of a real kernel. */
function wslGeneration(release: string): 0 | 1 | 2 {
  if (/microsoft-standard/i.test(release)) return 2;
  return /-Microsoft$/.test(release) ? 1 : 0;
}

/**
 * gVisor's sentry has answered with this date, or its name in the release, since its first version.
 */
function isGvisor(release: string, banner: string): boolean {
  return /gvisor/i.test(`${release} ${banner}`) || /Jan 10 15:06:54 PST 2016/.test(banner);
}

function containerKind(files: HostFiles, observed: Observed): ContainerKind | undefined {
  const cgroup = files.text('/proc/self/cgroup') ?? '';
  if (observed.environment.includes('KUBERNETES_SERVICE_HOST')) return 'kubernetes';
  if (files.exists('/var/run/secrets/kubernetes.io') || /kubepods/.test(cgroup))
    return 'kubernetes';
  if (files.exists('/run/.containerenv')) return 'podman';
  if (/\/docker[-/]/.test(cgroup) || inDocker(files)) return 'docker';
  if (/containerd/.test(cgroup)) return 'containerd';
  // systemd's own note of what it was started in: https://systemd.io/CONTAINER_INTERFACE
  const manager = files.text('/run/systemd/container')?.trim();
  if (manager === 'lxc' || /\/lxc[./]/.test(cgroup)) return 'lxc';
  if (manager === 'systemd-nspawn') return 'systemd-nspawn';
  return manager === undefined || manager === '' || manager === 'wsl' ? undefined : 'container';
}

/**
 * An image that was turned into a virtual machine keeps /.dockerenv. Docker itself always mounts
 * these files over the image's, whatever the storage driver and the network.
 */
function inDocker(files: HostFiles): boolean {
  const mounts = files.text('/proc/self/mountinfo') ?? '';
  return files.exists('/.dockerenv') && / \/etc\/(?:hosts|hostname|resolv\.conf) /.test(mounts);
}

function readDistribution(files: HostFiles): KernelFacts['distribution'] {
  const text = files.text('/etc/os-release') ?? files.text('/usr/lib/os-release') ?? '';
  const value = (key: string): string =>
    new RegExp(`^${key}=(["']?)(.*)\\1$`, 'm').exec(text)?.[2] ?? '';
  return { id: value('ID'), version: value('VERSION_ID'), name: value('PRETTY_NAME') };
}

function securityModules(files: HostFiles): string[] {
  const listed = files.text('/sys/kernel/security/lsm')?.trim();
  if (listed !== undefined && listed !== '') return listed.split(',');
  const found: string[] = [];
  if (files.exists('/sys/fs/selinux/enforce')) found.push('selinux');
  if (files.text('/sys/module/apparmor/parameters/enabled')?.startsWith('Y'))
    found.push('apparmor');
  return found;
}

function selinuxMode(files: HostFiles): KernelFacts['selinux'] {
  const enforce = files.text('/sys/fs/selinux/enforce')?.trim();
  if (enforce === undefined) return undefined;
  return enforce === '1' ? 'enforcing' : 'permissive';
}

/** The text of a key of /proc/self/status. */
export function statusOf(files: HostFiles): ReadonlyMap<string, string> {
  return keyedLines(files.text('/proc/self/status'));
}
