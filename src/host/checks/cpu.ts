/** Judges processors: how many are ours, how fast they run, what instructions they have. */
import { threadsIn } from '../cpu.ts';
import type { Facts } from '../facts.ts';
import { type Check, commandFix, type Verdict } from './finding.ts';

export const CPU_CHECKS: readonly Check[] = [
  {
    id: 'cpu.threads',
    group: 'cpu',
    title: 'threads worth starting: affinity mask and quota',
    judge: judgeThreads,
  },
  {
    id: 'cpu.simd',
    group: 'cpu',
    title: 'instruction sets, against what the Polars build wants',
    judge: judgeSimd,
  },
  {
    id: 'cpu.governor',
    group: 'cpu',
    title: 'frequency governor',
    judge: ({ cpu }): Verdict => {
      if (cpu.governors.length === 0) {
        return {
          status: 'skip',
          found: 'the host sets the clock (a virtual machine, or no cpufreq)',
        };
      }
      const found = cpu.governors.join(', ');
      if (!cpu.governors.includes('powersave')) return { status: 'pass', found };
      // intel_pstate's and amd_pstate's "powersave" scales with load; cpufreq's pins the minimum.
      return {
        status: 'info',
        found,
        needed: 'schedutil or performance for short runs',
        cause: 'powersave holds the clock low, or raises it late',
        fixes: [commandFix('now', 'host', true, 'cpupower frequency-set -g performance')],
      };
    },
  },
  {
    id: 'cpu.numa',
    group: 'cpu',
    title: 'memory nodes, and whether the processors allowed to us span them',
    judge: judgeNuma,
  },
  {
    id: 'cpu.pressure',
    group: 'cpu',
    title: 'processor pressure (PSI)',
    judge: ({ cpu }): Verdict => {
      const some = cpu.pressure?.some;
      if (some === undefined) return { status: 'skip', found: 'the kernel does not report it' };
      const found = `some work waited for a processor ${some.avg60.toFixed(2)} % of the last minute`;
      const measures = { cpu_some_avg60: some.avg60 };
      if (some.avg60 < 50) return { status: 'pass', found, measures };
      return { status: 'info', found, cause: 'the machine is busy', measures };
    },
  },
];

function judgeThreads({ cpu, kernel }: Facts): Verdict {
  const threads = threadsIn(cpu);
  const quota =
    cpu.quota === undefined ? '' : `, quota ${cpu.quota.cpus.toFixed(2)} (${cpu.quota.file})`;
  const found = `${threads} of ${cpu.online} (affinity ${cpu.allowed.length || cpu.online}${quota})`;
  const measures = { threads };
  if (cpu.quota === undefined || cpu.quota.cpus >= 1) return { status: 'pass', found, measures };
  return {
    status: 'info',
    found,
    needed: 'a whole processor: with less, the group sleeps in the middle of reads',
    cause: `the quota in ${cpu.quota.file}`,
    fixes: [
      kernel.container === undefined
        ? commandFix('persistent', 'systemd', true, 'systemctl set-property UNIT CPUQuota=100%')
        : kernel.container === 'kubernetes'
          ? commandFix(
              'start',
              'kubernetes',
              false,
              'kubectl set resources deployment NAME --limits=cpu=1',
            )
          : commandFix('start', 'docker', false, 'docker run --cpus 1 ...'),
    ],
    measures,
  };
}

/** nodejs-polars is built for a processor with these on x86-64; without them it dies of SIGILL. */
function judgeSimd({ cpu, kernel }: Facts): Verdict {
  const model = cpu.model === undefined ? '' : ` (${cpu.model})`;
  if (kernel.architecture === 'arm64') {
    return cpu.simd === 'neon'
      ? { status: 'pass', found: `NEON${model}` }
      : { status: 'unknown', found: `/proc/cpuinfo names no asimd${model}` };
  }
  if (kernel.architecture !== 'x64') return { status: 'skip', found: 'not x86-64 or arm64' };
  if (cpu.simd === 'none') return { status: 'unknown', found: '/proc/cpuinfo has no flags' };
  const found = `${cpu.simd}${model}`;
  if (cpu.simd === 'x86-64-v3' || cpu.simd === 'x86-64-v4') return { status: 'pass', found };
  return {
    status: 'warn',
    found,
    needed: 'x86-64-v3 (AVX2, FMA, BMI): Polars may stop with SIGILL, or compute slowly',
    cause: `the processor, or the machine the hypervisor shows, lacks ${cpu.missingForV3.join(', ')}`,
    fixes: [commandFix('persistent', 'host', true, 'virt-xml VM --edit --cpu host-passthrough')],
  };
}

function judgeNuma({ cpu }: Facts): Verdict {
  if (cpu.numaNodes.length < 2) return { status: 'skip', found: 'one memory node' };
  return {
    status: 'info',
    found: `${cpu.numaNodes.length} memory nodes`,
    needed: 'nothing: bind a big run to one with "numactl -N 0 -m 0 nairobi ..."',
  };
}
