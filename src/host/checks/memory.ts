/** Judges ordinary memory: transparent huge pages, what is left for us, pressure. */
import { formatBytes } from '../../units.ts';
import type { Facts } from '../facts.ts';
import { availableIn } from '../memory.ts';
import { describeAttempt } from '../observed.ts';
import { type Check, commandFix, type Fix, sysctlFixes, type Verdict } from './finding.ts';

/** Below this a query over anything but a small file stops with the memory limit. */
const LITTLE_BYTES = 256 * 2 ** 20;
/** Node and Polars alone, over a file of three lines, take more than this (measured: 122 MiB). */
const TOO_LITTLE_BYTES = 96 * 2 ** 20;

export const MEMORY_CHECKS: readonly Check[] = [
  {
    id: 'memory.thp',
    group: 'memory',
    title: 'transparent huge pages: the mode',
    judge: judgeThp,
  },
  {
    id: 'memory.thp_region',
    group: 'memory',
    title: 'transparent huge pages: whether a madvised region really got them (smaps)',
    judge: judgeThpRegion,
  },
  {
    id: 'memory.available',
    group: 'memory',
    title: 'memory this process may still take: MemAvailable and every control group limit',
    judge: judgeAvailable,
  },
  {
    id: 'memory.swap',
    group: 'memory',
    title: 'swap',
    judge: ({ memory }): Verdict => {
      if (memory.swapTotalBytes === 0) return { status: 'info', found: 'none' };
      const free = memory.swapFreeBytes / memory.swapTotalBytes;
      const found = `${formatBytes(memory.swapFreeBytes)} free of ${formatBytes(memory.swapTotalBytes)}`;
      if (free > 0.1) return { status: 'pass', found };
      return {
        status: 'warn',
        found,
        needed: 'free swap, or less in it: a machine that swaps reads and computes at disk speed',
        cause: 'swap is nearly full',
      };
    },
  },
  {
    id: 'memory.overcommit',
    group: 'memory',
    title: 'overcommit policy',
    judge: judgeOvercommit,
  },
  {
    id: 'memory.address_space',
    group: 'memory',
    title: 'the limit on virtual memory (ulimit -v)',
    judge: judgeAddressSpace,
  },
  {
    id: 'memory.pressure',
    group: 'memory',
    title: 'memory pressure (PSI), of the machine and of our control group',
    judge: judgePressure,
  },
];

function judgeThp(facts: Facts): Verdict {
  const { thp } = facts.memory;
  if (thp === undefined) {
    return {
      status: 'info',
      found: 'the kernel has none (CONFIG_TRANSPARENT_HUGEPAGE=n)',
      needed: 'reserved huge pages instead, or a third of the direct read speed is lost',
    };
  }
  const found = `enabled: ${thp.enabled}, defrag: ${thp.defrag}`;
  if (thp.enabled !== 'never') return { status: 'pass', found };
  return {
    status: 'warn',
    found,
    needed: 'madvise or always: direct reads into plain pages reach about two thirds of the speed',
    cause: 'transparent huge pages are switched off',
    fixes: thpFixes(),
  };
}

/** There is no sysctl for it: a write now, and tmpfiles.d at every boot. */
function thpFixes(): Fix[] {
  const path = '/sys/kernel/mm/transparent_hugepage/enabled';
  return [
    {
      when: 'now',
      place: 'host',
      root: true,
      actions: [{ kind: 'write', path, value: 'madvise', raiseOnly: false }],
    },
    {
      when: 'persistent',
      place: 'host',
      root: true,
      actions: [
        {
          kind: 'file',
          path: '/etc/tmpfiles.d/nairobi-thp.conf',
          content: `# written by nairobi doctor\nw ${path} - - - - madvise\n`,
        },
      ],
    },
  ];
}

function judgeThpRegion(facts: Facts): Verdict {
  const trial = facts.observed.thp;
  if (facts.memory.thp === undefined || facts.memory.thp.enabled === 'never') {
    return { status: 'skip', found: 'transparent huge pages are off: see memory.thp' };
  }
  if (trial === undefined) return { status: 'skip', found: 'not tried' };
  if (trial.attempt.outcome !== 'ok') {
    return {
      status: 'info',
      found: `madvise: ${describeAttempt(trial.attempt)}`,
      needed: 'nothing: plain pages are used',
    };
  }
  const found = `${formatBytes(trial.gotBytes)} of ${formatBytes(trial.askedBytes)} in huge pages`;
  const measures = { thp_bytes: trial.gotBytes };
  if (trial.gotBytes >= trial.askedBytes) return { status: 'pass', found, measures };
  return {
    status: 'info',
    found,
    needed: 'the whole region; the rest is in plain pages',
    cause: 'memory is fragmented, or the process may not have them (prctl PR_SET_THP_DISABLE)',
    fixes: [commandFix('now', 'host', true, 'sysctl -w vm.compact_memory=1')],
    measures,
  };
}

function judgeAvailable(facts: Facts): Verdict {
  const available = availableIn(facts.memory);
  if (!Number.isFinite(available.bytes)) {
    return { status: 'unknown', found: '/proc/meminfo cannot be read' };
  }
  const found = `${formatBytes(available.bytes)} of ${formatBytes(available.totalBytes)}, bounded by ${available.boundBy}`;
  const measures = { available_bytes: available.bytes };
  if (available.bytes >= LITTLE_BYTES) return { status: 'pass', found, measures };
  const cgroup = available.boundBy !== 'MemAvailable';
  const none = available.bytes < TOO_LITTLE_BYTES;
  return {
    status: none ? 'fail' : 'warn',
    found,
    needed: none
      ? `${formatBytes(LITTLE_BYTES)}: Node and Polars alone take more than ${formatBytes(TOO_LITTLE_BYTES)}`
      : `${formatBytes(LITTLE_BYTES)} or more, or files are read in small segments`,
    cause: cgroup ? `the control group limit in ${available.boundBy}` : 'other programs hold it',
    fixes: cgroup ? moreMemory(facts) : [],
    measures,
  };
}

function moreMemory(facts: Facts): Fix[] {
  switch (facts.kernel.container) {
    case 'kubernetes':
      return [
        commandFix(
          'start',
          'kubernetes',
          false,
          'kubectl set resources deployment NAME --limits=memory=512Mi',
        ),
      ];
    case 'podman':
      return [commandFix('start', 'podman', false, 'podman run --memory 512m ...')];
    case undefined:
      return [
        commandFix('persistent', 'systemd', true, 'systemctl set-property UNIT MemoryMax=512M'),
      ];
    default:
      return [commandFix('start', 'docker', false, 'docker run --memory 512m ...')];
  }
}

function judgeOvercommit(facts: Facts): Verdict {
  const { mode, headroomBytes } = facts.memory.overcommit;
  if (mode !== 2) {
    return { status: 'pass', found: mode === 1 ? 'always (1)' : 'heuristic (0)' };
  }
  const found = `strict (2), ${headroomBytes === undefined ? 'headroom unknown' : `${formatBytes(headroomBytes)} left to commit`}`;
  if (headroomBytes === undefined || headroomBytes >= 4 * 2 ** 30) return { status: 'info', found };
  return {
    status: 'warn',
    found,
    needed: 'a few GiB of address space: Polars and V8 map more than they touch',
    cause: 'vm.overcommit_memory = 2',
    fixes: sysctlFixes('vm.overcommit_memory', 0, false),
  };
}

/** Below this stats ends with an error, and queries leave the kernels to Polars (measured). */
const ADDRESSES_NEEDED_BYTES = 16 * 2 ** 30;

function judgeAddressSpace(facts: Facts): Verdict {
  const { soft } = facts.process.addressSpace;
  if (soft === undefined) return { status: 'skip', found: 'not known' };
  if (soft === Number.POSITIVE_INFINITY) return { status: 'pass', found: 'no limit' };
  const isEnough = soft >= ADDRESSES_NEEDED_BYTES;
  return {
    status: isEnough ? 'info' : 'warn',
    found: `${formatBytes(soft)} of addresses`,
    needed: isEnough
      ? 'nothing: the bounds of WebAssembly are checked one by one then, which is a little slower'
      : 'no limit: V8, WebAssembly and Polars take many more addresses than memory',
    cause: 'ulimit -v (RLIMIT_AS)',
    fixes: [commandFix('start', 'host', false, 'ulimit -v unlimited')],
  };
}

function judgePressure(facts: Facts): Verdict {
  const { pressure, cgroupPressure } = facts.memory;
  const worst = [pressure, cgroupPressure]
    .flatMap((one) => (one?.full === undefined ? [] : [one.full.avg10]))
    .sort((a, b) => b - a)[0];
  if (worst === undefined) {
    return { status: 'skip', found: 'the kernel does not report it (CONFIG_PSI=n or psi=0)' };
  }
  const found = `all work waited for memory ${worst.toFixed(2)} % of the last 10 s`;
  const measures = { memory_full_avg10: worst };
  if (worst === 0) return { status: 'pass', found, measures };
  return {
    status: 'warn',
    found,
    needed: 'a machine that does not reclaim memory while we read',
    cause: 'memory is short',
    measures,
  };
}
