/** Facts about processors: how many this process may use, their instructions, clocks and nodes. */
import { join } from 'node:path';
import { type Cgroups, readCgroups } from './cgroup.ts';
import { type HostFiles, hostFiles, keyedLines, listFormat, numberIn } from './files.ts';
import { type Pressure, readPressure } from './pressure.ts';

/** The x86-64 micro-architecture levels of the psABI, and what matters elsewhere. */
export type SimdLevel = 'x86-64' | 'x86-64-v2' | 'x86-64-v3' | 'x86-64-v4' | 'neon' | 'none';

export interface CpuFacts {
  readonly model: string | undefined;
  readonly online: number;
  /** CPUs in the affinity mask, which cpusets narrow too. */
  readonly allowed: readonly number[];
  /** cpu.max or cfs_quota_us over its period: processors' worth of time; undefined without one. */
  readonly quota: { readonly cpus: number; readonly file: string } | undefined;
  readonly simd: SimdLevel;
  /** Instruction sets that v3 asks for and this processor lacks. */
  readonly missingForV3: readonly string[];
  readonly governors: readonly string[];
  readonly numaNodes: readonly number[];
  readonly pressure: Pressure | undefined;
}

const V2 = ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'];
const V3 = ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe', 'xsave'];
const V4 = ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'];

export function readCpu(files: HostFiles): CpuFacts {
  const info = files.text('/proc/cpuinfo') ?? '';
  const first = keyedLines(info.slice(0, Math.max(0, info.indexOf('\n\n')) || undefined));
  const flags = new Set((first.get('flags') ?? first.get('Features') ?? '').split(' '));
  return {
    model: first.get('model name') ?? first.get('Model') ?? first.get('Hardware'),
    ...readMask(files),
    quota: readQuota(files, readCgroups(files)),
    simd: simdLevel(flags),
    missingForV3: flags.has('sse2') ? V3.filter((flag) => !flags.has(flag)) : [],
    governors: readGovernors(files),
    numaNodes: listFormat(files.text('/sys/devices/system/node/online') ?? ''),
    pressure: readPressure(files.text('/proc/pressure/cpu')),
  };
}

/** The CPUs there are, and which of them the affinity mask leaves us. */
function readMask(files: HostFiles): Pick<CpuFacts, 'online' | 'allowed'> {
  const status = keyedLines(files.text('/proc/self/status'));
  const online = listFormat(files.text('/sys/devices/system/cpu/online') ?? '');
  const allowed = listFormat(status.get('Cpus_allowed_list') ?? '').filter(
    (cpu) => online.length === 0 || online.includes(cpu),
  );
  return { online: online.length || Math.max(1, allowed.length), allowed };
}

/** Threads worth starting: the affinity mask, cut by the quota (rounded up), at least one. */
export function usableThreads(rootPrefix = '/'): number {
  // Every command asks this at its start: no more is read than the answer takes.
  const files = hostFiles(rootPrefix);
  return threadsIn({ ...readMask(files), quota: readQuota(files, readCgroups(files)) });
}

export function threadsIn(cpu: Pick<CpuFacts, 'allowed' | 'online' | 'quota'>): number {
  const mask = cpu.allowed.length || cpu.online;
  return Math.max(1, Math.min(mask, Math.ceil(cpu.quota?.cpus ?? mask)));
}

function simdLevel(flags: ReadonlySet<string>): SimdLevel {
  const all = (wanted: readonly string[]): boolean => wanted.every((flag) => flags.has(flag));
  if (flags.has('asimd') || flags.has('neon')) return 'neon';
  if (!flags.has('sse2')) return 'none';
  if (!all(V2)) return 'x86-64';
  if (!all(V3)) return 'x86-64-v2';
  return all(V4) ? 'x86-64-v4' : 'x86-64-v3';
}

/** The tightest quota from our own group up to the root. */
function readQuota(files: HostFiles, cgroups: Cgroups): CpuFacts['quota'] {
  let tightest: CpuFacts['quota'];
  for (const level of cgroups.levels('cpu')) {
    const v2 = files.text(join(level, 'cpu.max'))?.trim().split(' ').map(Number);
    const quota = v2?.[0] ?? numberIn(files, join(level, 'cpu.cfs_quota_us'));
    const period = v2?.[1] ?? numberIn(files, join(level, 'cpu.cfs_period_us'));
    if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0)) continue;
    const cpus = quota / period;
    if (tightest === undefined || cpus < tightest.cpus) {
      const file = join(level, v2 === undefined ? 'cpu.cfs_quota_us' : 'cpu.max');
      tightest = { cpus, file };
    }
  }
  return tightest;
}

function readGovernors(files: HostFiles): string[] {
  const root = '/sys/devices/system/cpu/cpufreq';
  const names = files.names(root).filter((name) => name.startsWith('policy'));
  const found = names.map((name) => files.text(join(root, name, 'scaling_governor'))?.trim());
  return [...new Set(found.filter((governor) => governor !== undefined))];
}
