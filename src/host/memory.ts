/** Facts about memory: how much there is for us, huge pages reserved and transparent, pressure. */
import { join } from 'node:path';
import { type Cgroups, cgroupLimits, readCgroups } from './cgroup.ts';
import { type HostFiles, hostFiles, keyedLines, numberIn } from './files.ts';
import { type Pressure, readPressure } from './pressure.ts';

export interface HugetlbPool {
  readonly pageBytes: number;
  readonly total: number;
  readonly free: number;
  /** Promised to mappings that have not touched them yet: not available to us. */
  readonly reserved: number;
  readonly surplus: number;
  /** How many may be made on demand, beyond `total`. */
  readonly overcommit: number;
  /** free - reserved, never below 0. */
  readonly available: number;
  readonly nodes: readonly {
    readonly node: number;
    readonly total: number;
    readonly free: number;
  }[];
}

export interface HugetlbLimit {
  readonly pageBytes: number;
  /** Over a "fault" limit a touch is SIGBUS; over an "rsvd" limit mmap fails (hugetlb.rst). */
  readonly kind: 'fault' | 'rsvd';
  readonly file: string;
  readonly limitBytes: number;
  readonly usedBytes: number;
}

export interface MemoryLimit {
  readonly file: string;
  readonly bytes: number;
  readonly usedBytes: number;
}

export interface MemoryFacts {
  readonly totalBytes: number | undefined;
  readonly availableBytes: number | undefined;
  readonly swapTotalBytes: number;
  readonly swapFreeBytes: number;
  readonly overcommit: { readonly mode: number; readonly headroomBytes: number | undefined };
  readonly cgroupVersion: 0 | 1 | 2;
  /** Every limit from our own group up to the root, ours first. */
  readonly limits: readonly MemoryLimit[];
  readonly pools: readonly HugetlbPool[];
  readonly defaultHugePageBytes: number | undefined;
  readonly hugetlbLimits: readonly HugetlbLimit[];
  /** The chosen word of transparent_hugepage/enabled and /defrag; undefined without THP. */
  readonly thp: { readonly enabled: string; readonly defrag: string } | undefined;
  readonly pressure: Pressure | undefined;
  readonly cgroupPressure: Pressure | undefined;
}

/** The figures of /proc/meminfo in bytes, by name. */
function readMeminfo(files: HostFiles): (key: string) => number | undefined {
  const info = keyedLines(files.text('/proc/meminfo'));
  return (key) => {
    const match = /^(\d+) kB$/.exec(info.get(key) ?? '');
    return match === null ? undefined : Number(match[1]) * 1024;
  };
}

export function readMemory(files: HostFiles): MemoryFacts {
  const kib = readMeminfo(files);
  const cgroups = readCgroups(files);
  const commitLimit = kib('CommitLimit');
  const committed = kib('Committed_AS');
  const ownGroup = cgroups.levels('memory')[0];
  return {
    totalBytes: kib('MemTotal'),
    availableBytes: kib('MemAvailable'),
    swapTotalBytes: kib('SwapTotal') ?? 0,
    swapFreeBytes: kib('SwapFree') ?? 0,
    overcommit: {
      mode: numberIn(files, '/proc/sys/vm/overcommit_memory') ?? 0,
      headroomBytes:
        commitLimit === undefined || committed === undefined ? undefined : commitLimit - committed,
    },
    cgroupVersion: cgroups.version,
    limits: memoryLimits(files, cgroups),
    pools: readPools(files),
    defaultHugePageBytes: kib('Hugepagesize'),
    hugetlbLimits: readHugetlbLimits(files, cgroups),
    thp: readThp(files),
    pressure: readPressure(files.text('/proc/pressure/memory')),
    cgroupPressure:
      ownGroup === undefined
        ? undefined
        : readPressure(files.text(join(ownGroup, 'memory.pressure'))),
  };
}

/**
 * What a program may still take: the least of MemAvailable and the room below every cgroup limit.
 */
export interface MemoryAvailable {
  readonly bytes: number;
  /** What bounds it: "MemAvailable" or the cgroup file. */
  readonly boundBy: string;
  /** The machine's memory, or the smallest cgroup limit where that is less. */
  readonly totalBytes: number;
}

/** Reads what memory this process may still take on this host or in a captured tree. */
export function memoryAvailable(rootPrefix = '/'): MemoryAvailable {
  // Every command asks this at its start: no more is read than the answer takes.
  const files = hostFiles(rootPrefix);
  const kib = readMeminfo(files);
  return availableIn({
    totalBytes: kib('MemTotal'),
    availableBytes: kib('MemAvailable'),
    limits: memoryLimits(files, readCgroups(files)),
  });
}

export function availableIn(
  memory: Pick<MemoryFacts, 'totalBytes' | 'availableBytes' | 'limits'>,
): MemoryAvailable {
  let bytes = memory.availableBytes ?? Number.POSITIVE_INFINITY;
  let boundBy = 'MemAvailable';
  let totalBytes = memory.totalBytes ?? Number.POSITIVE_INFINITY;
  for (const limit of memory.limits) {
    const room = Math.max(0, limit.bytes - limit.usedBytes);
    if (room < bytes) {
      bytes = room;
      boundBy = limit.file;
    }
    totalBytes = Math.min(totalBytes, limit.bytes);
  }
  return { bytes, boundBy, totalBytes };
}

/**
 * Page cache counts as used in a cgroup but is given back when memory is short, so inactive file
 * pages are taken off (the kernel's own working-set figure, as Kubernetes computes it).
 */
function memoryLimits(files: HostFiles, cgroups: Cgroups): MemoryLimit[] {
  const levels = cgroups.levels('memory');
  const v2 = cgroups.version === 2;
  const names = v2 ? ['memory.max', 'memory.high'] : ['memory.limit_in_bytes'];
  return levels.flatMap((level) =>
    names.flatMap((name) =>
      cgroupLimits(files, [level], name).map(({ file, bytes }) => {
        const used = numberIn(files, join(level, v2 ? 'memory.current' : 'memory.usage_in_bytes'));
        const stat = files.text(join(level, 'memory.stat')) ?? '';
        const match = /^(?:total_)?inactive_file (\d+)$/m.exec(stat);
        return { file, bytes, usedBytes: Math.max(0, (used ?? 0) - Number(match?.[1] ?? 0)) };
      }),
    ),
  );
}

function readPools(files: HostFiles): HugetlbPool[] {
  const root = '/sys/kernel/mm/hugepages';
  return files
    .names(root)
    .flatMap((name) => {
      const match = /^hugepages-(\d+)kB$/.exec(name);
      return match === null ? [] : [readPool(files, root, name, Number(match[1]) * 1024)];
    })
    .sort((a, b) => a.pageBytes - b.pageBytes);
}

function readPool(files: HostFiles, root: string, name: string, pageBytes: number): HugetlbPool {
  const read = (file: string): number => numberIn(files, join(root, name, file)) ?? 0;
  const nodeRoot = '/sys/devices/system/node';
  const nodes = files.names(nodeRoot).flatMap((entry) => {
    const node = /^node(\d+)$/.exec(entry);
    if (node === null) return [];
    const directory = join(nodeRoot, entry, 'hugepages', name);
    const total = numberIn(files, join(directory, 'nr_hugepages'));
    const free = numberIn(files, join(directory, 'free_hugepages'));
    if (total === undefined || free === undefined) return [];
    return [{ node: Number(node[1]), total, free }];
  });
  const free = read('free_hugepages');
  const reserved = read('resv_hugepages');
  return {
    pageBytes,
    total: read('nr_hugepages'),
    free,
    reserved,
    surplus: read('surplus_hugepages'),
    overcommit: read('nr_overcommit_hugepages'),
    available: Math.max(0, free - reserved),
    nodes,
  };
}

function readHugetlbLimits(files: HostFiles, cgroups: Cgroups): HugetlbLimit[] {
  const v2 = cgroups.version === 2;
  return cgroups.levels('hugetlb').flatMap((level) =>
    files.names(level).flatMap((name): HugetlbLimit[] => {
      const pattern = v2
        ? /^hugetlb\.(\d+)([KMG]B)\.(rsvd\.)?max$/
        : /^hugetlb\.(\d+)([KMG]B)\.(rsvd\.)?limit_in_bytes$/;
      const match = pattern.exec(name);
      const limit = match === null ? undefined : cgroupLimits(files, [level], name)[0];
      if (match === null || limit === undefined) return [];
      const usage = v2
        ? name.replace(/max$/, 'current')
        : name.replace(/limit_in_bytes$/, 'usage_in_bytes');
      const scale = { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }[match[2] ?? ''] ?? 1;
      return [
        {
          pageBytes: Number(match[1]) * scale,
          kind: match[3] === undefined ? 'fault' : 'rsvd',
          file: limit.file,
          limitBytes: limit.bytes,
          usedBytes: numberIn(files, join(level, usage)) ?? 0,
        },
      ];
    }),
  );
}

function readThp(files: HostFiles): MemoryFacts['thp'] {
  const chosen = (file: string): string | undefined =>
    /\[([^\]]+)\]/.exec(files.text(`/sys/kernel/mm/transparent_hugepage/${file}`) ?? '')?.[1];
  const enabled = chosen('enabled');
  return enabled === undefined ? undefined : { enabled, defrag: chosen('defrag') ?? 'unknown' };
}
