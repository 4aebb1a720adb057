import { expect, test } from 'vitest';
import { cgroupLimits, readCgroups } from '../../src/host/cgroup.ts';
import { readCpu, threadsIn } from '../../src/host/cpu.ts';
import { treeFiles } from '../../src/host/files.ts';
import { availableIn, readMemory } from '../../src/host/memory.ts';

const V2_MOUNT = '30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';

function host(entries: Record<string, string>) {
  return treeFiles(new Map(Object.entries(entries)));
}

test('on cgroup v2 the tightest limit on the way up bounds the memory', () => {
  const files = host({
    '/proc/self/mountinfo': V2_MOUNT,
    '/proc/self/cgroup': '0::/system.slice/nairobi.service\n',
    '/proc/meminfo': 'MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n',
    '/sys/fs/cgroup/system.slice/nairobi.service/memory.max': 'max\n',
    '/sys/fs/cgroup/system.slice/memory.max': '536870912\n',
    '/sys/fs/cgroup/system.slice/memory.current': '300000000\n',
    '/sys/fs/cgroup/system.slice/memory.stat': 'anon 1\ninactive_file 100000000\n',
  });
  expect(availableIn(readMemory(files))).toEqual({
    bytes: 536870912 - 200000000,
    boundBy: '/sys/fs/cgroup/system.slice/memory.max',
    totalBytes: 536870912,
  });
});

test('on cgroup v1 the page-rounded 2^63 is no limit', () => {
  const files = host({
    '/proc/self/mountinfo': '31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n',
    '/proc/self/cgroup': '4:memory:/a/b\n0::/\n',
    '/proc/meminfo': 'MemTotal: 1000 kB\nMemAvailable: 500 kB\n',
    '/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes': '9223372036854771712\n',
    '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '204800\n',
    '/sys/fs/cgroup/memory/a/memory.usage_in_bytes': '102400\n',
  });
  expect(availableIn(readMemory(files))).toMatchObject({
    bytes: 102400,
    boundBy: '/sys/fs/cgroup/memory/a/memory.limit_in_bytes',
  });
});

test('a container that sees only its own subtree finds its files at the mount point', () => {
  const files = host({
    '/proc/self/mountinfo':
      '31 24 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n',
    '/proc/self/cgroup': '4:memory:/docker/abc\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '1048576\n',
  });
  const levels = readCgroups(files).levels('memory');
  expect(levels).toEqual(['/sys/fs/cgroup/memory']);
  expect(cgroupLimits(files, levels, 'memory.limit_in_bytes')).toEqual([
    { file: '/sys/fs/cgroup/memory/memory.limit_in_bytes', bytes: 1048576 },
  ]);
});

test('threads follow the affinity mask and the quota, rounded up, and are never none', () => {
  const files = (quota: string, allowed: string) =>
    host({
      '/proc/self/mountinfo': V2_MOUNT,
      '/proc/self/cgroup': '0::/x\n',
      '/sys/fs/cgroup/x/cpu.max': quota,
      '/sys/devices/system/cpu/online': '0-7\n',
      '/proc/self/status': `Cpus_allowed_list:\t${allowed}\n`,
    });
  expect(threadsIn(readCpu(files('max 100000', '0-7')))).toBe(8);
  expect(threadsIn(readCpu(files('250000 100000', '0-7')))).toBe(3);
  expect(threadsIn(readCpu(files('10000 100000', '0-7')))).toBe(1);
  expect(threadsIn(readCpu(files('800000 100000', '0,2-3')))).toBe(3);
});

test('on cgroup v1 the quota is that of the tightest group on the way up, and -1 is none', () => {
  const files = (own: string, parent: string) =>
    host({
      '/proc/self/mountinfo':
        '31 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n' + V2_MOUNT,
      '/proc/self/cgroup': '4:cpu,cpuacct:/a/b\n0::/\n',
      '/sys/fs/cgroup/cpu/a/b/cpu.cfs_quota_us': own,
      '/sys/fs/cgroup/cpu/a/b/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': parent,
      '/sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '50000\n',
      '/sys/devices/system/cpu/online': '0-7\n',
      '/proc/self/status': 'Cpus_allowed_list:\t0-7\n',
    });
  expect(threadsIn(readCpu(files('-1\n', '-1\n')))).toBe(8);
  expect(threadsIn(readCpu(files('350000\n', '-1\n')))).toBe(4);
  expect(threadsIn(readCpu(files('350000\n', '100000\n')))).toBe(2);
});

test('promised huge pages are not counted as available', () => {
  const directory = '/sys/kernel/mm/hugepages/hugepages-2048kB';
  const files = host({
    [`${directory}/nr_hugepages`]: '10',
    [`${directory}/free_hugepages`]: '8',
    [`${directory}/resv_hugepages`]: '6',
  });
  expect(readMemory(files).pools).toMatchObject([{ total: 10, free: 8, available: 2 }]);
});
