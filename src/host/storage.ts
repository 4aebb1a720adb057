/** Facts about where data lies: the file system of each directory and the device under it. */
import { type HostFiles, numberIn } from './files.ts';
import type { DirectoryObservation } from './observed.ts';

export interface DeviceFacts {
  /** As below /sys/block: "sda", "nvme0n1", "dm-0". */
  readonly name: string;
  /** The one in use, in brackets in the kernel's list. */
  readonly scheduler: string | undefined;
  readonly readAheadKib: number | undefined;
  readonly rotational: boolean;
  readonly logicalBlockBytes: number | undefined;
  /** Poll queues: IOPOLL works only with them. */
  readonly pollQueues: boolean;
  /** -1 where the machine has one node. */
  readonly numaNode: number;
}

export interface StorageFacts extends DirectoryObservation {
  readonly mountPoint: string | undefined;
  readonly fileSystem: string | undefined;
  readonly options: readonly string[];
  readonly disk: DeviceFacts | undefined;
}

interface Mount {
  readonly device: string;
  readonly point: string;
  readonly options: readonly string[];
  readonly type: string;
  readonly source: string;
}

export function readStorage(
  files: HostFiles,
  directories: readonly DirectoryObservation[],
): StorageFacts[] {
  const mounts = readMounts(files.text('/proc/self/mountinfo') ?? '');
  const disks = diskNames(files);
  return directories.map((directory) => {
    const mount = mountOf(mounts, directory);
    const name = mount === undefined ? undefined : diskOf(files, disks, mount);
    return {
      ...directory,
      mountPoint: mount?.point,
      fileSystem: mount?.type,
      options: mount?.options ?? [],
      disk: name === undefined ? undefined : readDevice(files, name),
    };
  });
}

function readMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ');
    const [, , device, , point, options] = left?.split(' ') ?? [];
    const [type, source, superOptions] = right?.split(' ') ?? [];
    if (device === undefined || point === undefined || type === undefined) return [];
    const all = `${options ?? ''},${superOptions ?? ''}`
      .split(',')
      .filter((option) => option !== '');
    return [{ device, point: unescapeOctal(point), options: all, type, source: source ?? '' }];
  });
}

/** mountinfo writes blanks and backslashes in octal. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

/** By device number where that is unique; else the longest mount point above the directory. */
function mountOf(mounts: readonly Mount[], directory: DirectoryObservation): Mount | undefined {
  const above = (mount: Mount): boolean => {
    const prefix = mount.point === '/' ? '/' : `${mount.point}/`;
    return `${directory.path}/`.startsWith(prefix);
  };
  const same = mounts.filter(({ device }) => device === directory.device);
  const candidates = same.length > 0 ? same : mounts;
  return candidates.filter(above).sort((a, b) => b.point.length - a.point.length)[0] ?? same[0];
}

/** Device number to name, from /proc/partitions: "major minor #blocks name". */
function diskNames(files: HostFiles): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const line of (files.text('/proc/partitions') ?? '').split('\n')) {
    const match = /^\s*(\d+)\s+(\d+)\s+\d+\s+(\S+)$/.exec(line);
    if (match !== null) names.set(`${match[1]}:${match[2]}`, match[3] ?? '');
  }
  return names;
}

/** The whole disk under a mount: partitions have no queue of their own. */
function diskOf(
  files: HostFiles,
  disks: ReadonlyMap<string, string>,
  mount: Mount,
): string | undefined {
  // btrfs and zfs have device numbers of their own; what they lie on is the mount's source.
  const name = disks.get(mount.device) ?? /^\/dev\/([\w-]+)$/.exec(mount.source)?.[1];
  if (name === undefined) return undefined;
  if (files.exists(`/sys/block/${name}/queue`)) return name;
  const whole = name.replace(/(?<=\d)p\d+$|(?<=[a-z])\d+$/, '');
  return files.exists(`/sys/block/${whole}/queue`) ? whole : undefined;
}

function readDevice(files: HostFiles, name: string): DeviceFacts {
  const queue = `/sys/block/${name}/queue`;
  return {
    name,
    scheduler: /\[([^\]]+)\]/.exec(files.text(`${queue}/scheduler`) ?? '')?.[1],
    readAheadKib: numberIn(files, `${queue}/read_ahead_kb`),
    rotational: numberIn(files, `${queue}/rotational`) === 1,
    logicalBlockBytes: numberIn(files, `${queue}/logical_block_size`),
    pollQueues: numberIn(files, `${queue}/io_poll`) === 1,
    numaNode: numberIn(files, `/sys/block/${name}/device/numa_node`) ?? -1,
  };
}
