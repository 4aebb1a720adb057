/** Judges reserved huge pages: how many are really free to us, and whether one can be touched. */
import { formatBytes } from '../../units.ts';
import type { Facts } from '../facts.ts';
import type { HugetlbLimit, HugetlbPool } from '../memory.ts';
import { describeAttempt } from '../observed.ts';
import { type Check, commandFix, type Fix, sysctlFixes, type Verdict } from './finding.ts';

/** Larger pages are never used unasked: the first touch of a 1 GiB page costs up to seconds. */
const LARGEST_POOL_PAGE = 32 * 2 ** 20;

export const HUGETLB_CHECKS: readonly Check[] = [
  {
    id: 'memory.hugetlb',
    group: 'memory',
    title: 'reserved huge pages free to us (free minus promised), against the number needed',
    judge: judgePool,
  },
  {
    id: 'memory.hugetlb_large',
    group: 'memory',
    title: 'huge page sizes that are used on request only',
    judge: ({ memory }): Verdict => {
      const large = memory.pools.filter((pool) => pool.pageBytes > LARGEST_POOL_PAGE);
      if (large.length === 0) return { status: 'skip', found: 'no larger size' };
      const sizes = large.map((pool) => `${formatBytes(pool.pageBytes)}: ${poolText(pool)}`);
      return { status: 'info', found: sizes.join('; ') };
    },
  },
  {
    id: 'memory.hugetlb_nodes',
    group: 'memory',
    title: 'reserved huge pages on each NUMA node',
    judge: judgeNodes,
  },
  {
    id: 'memory.hugetlb_cgroup',
    group: 'memory',
    title: 'hugetlb limits of the control groups, fault and reservation, up to the root',
    judge: judgeCgroup,
  },
  {
    id: 'memory.hugetlb_touch',
    group: 'memory',
    title: 'a huge page mapped and written to, in a child process',
    judge: judgeTouch,
  },
];

/** The pool that nairobi would take from: the smallest size, 2 MiB on x86-64 and arm64 with 4K. */
export function poolOf(facts: Facts): HugetlbPool | undefined {
  return facts.memory.pools.find(
    (pool) => pool.pageBytes <= LARGEST_POOL_PAGE && pool.pageBytes >= 2 ** 20,
  );
}

/** Pages for everything nairobi keeps in huge pages at once. */
export function pagesNeeded(facts: Facts, pageBytes: number): number {
  return Math.ceil(facts.needs.poolBytes / pageBytes);
}

function judgePool(facts: Facts): Verdict {
  const pool = poolOf(facts);
  if (pool === undefined) {
    return {
      status: 'info',
      found: 'the kernel has no huge pages of a usable size',
      needed: 'nothing: transparent or plain pages are used',
    };
  }
  const need = pagesNeeded(facts, pool.pageBytes);
  const measures = {
    hugetlb_total_pages: pool.total,
    hugetlb_available_pages: pool.available,
    hugetlb_needed_pages: need,
  };
  const found = `${formatBytes(pool.pageBytes)} pages: ${poolText(pool)}; ${need} wanted`;
  if (pool.available >= need) return { status: 'pass', found, measures };
  if (pool.available === 0 && pool.overcommit >= need) {
    return { status: 'pass', found: `${found}; ${pool.overcommit} on demand`, measures };
  }
  return {
    status:
      facts.memory.thp === undefined || facts.memory.thp.enabled === 'never' ? 'warn' : 'info',
    found,
    needed: `${need} free pages for the read pool; transparent huge pages do as well where they work`,
    cause: poolCause(pool),
    fixes: reserveFixes(facts, pool, need),
    measures,
  };
}

function poolText(pool: HugetlbPool): string {
  if (pool.total === 0) return 'none reserved';
  const promised = pool.reserved === 0 ? '' : `, ${pool.reserved} of them promised`;
  return `${pool.available} available of ${pool.total} (${pool.free} free${promised})`;
}

function poolCause(pool: HugetlbPool): string {
  if (pool.total === 0) return 'none are reserved (vm.nr_hugepages = 0)';
  if (pool.free > 0 && pool.available < pool.free) {
    return `of ${pool.free} free pages ${pool.reserved} are promised to other mappings`;
  }
  return 'others hold them';
}

/** Only ever raised: lowering below what is in use turns pages into surplus (hugetlbpage.rst). */
function reserveFixes(facts: Facts, pool: HugetlbPool, need: number): Fix[] {
  const target = pool.total + (need - pool.available);
  const size = pool.pageBytes / 2 ** 20;
  if (facts.kernel.container === 'kubernetes') {
    return [
      commandFix(
        'start',
        'kubernetes',
        false,
        `kubectl set resources deployment NAME --limits=hugepages-${size}Mi=${need * size}Mi,memory=512Mi`,
      ),
      ...sysctlFixes('vm.nr_hugepages', target, true),
    ];
  }
  if (pool.pageBytes === facts.memory.defaultHugePageBytes) {
    return sysctlFixes('vm.nr_hugepages', target, true);
  }
  const path = `/sys/kernel/mm/hugepages/hugepages-${pool.pageBytes / 1024}kB/nr_hugepages`;
  return [
    {
      when: 'now',
      place: 'host',
      root: true,
      actions: [{ kind: 'write', path, value: String(target), raiseOnly: true }],
    },
    {
      when: 'persistent',
      place: 'host',
      root: true,
      actions: [
        {
          kind: 'file',
          path: '/etc/tmpfiles.d/nairobi-hugepages.conf',
          content: `# written by nairobi doctor\nw ${path} - - - - ${target}\n`,
        },
      ],
    },
  ];
}

function judgeNodes(facts: Facts): Verdict {
  const pool = poolOf(facts);
  if (pool === undefined || pool.nodes.length < 2) {
    return { status: 'skip', found: 'one memory node' };
  }
  const each = pool.nodes.map(({ node, free, total }) => `node ${node}: ${free} free of ${total}`);
  const need = pagesNeeded(facts, pool.pageBytes);
  const one = pool.nodes.some(({ free }) => free >= need);
  if (pool.total === 0 || one) return { status: 'pass', found: each.join(', ') };
  return {
    status: 'info',
    found: each.join(', '),
    needed: `${need} free pages on one node, so that no read crosses nodes`,
    cause: 'the pages are spread over the nodes',
  };
}

function judgeCgroup(facts: Facts): Verdict {
  const pool = poolOf(facts);
  const limits = facts.memory.hugetlbLimits.filter((limit) => limit.pageBytes === pool?.pageBytes);
  if (pool === undefined || limits.length === 0) {
    return { status: 'pass', found: 'no control group limits huge pages' };
  }
  const need = pagesNeeded(facts, pool.pageBytes) * pool.pageBytes;
  const room = (limit: HugetlbLimit): number => limit.limitBytes - limit.usedBytes;
  const tight = limits.filter((limit) => room(limit) < need).sort((a, b) => room(a) - room(b))[0];
  if (tight === undefined) {
    return {
      status: 'pass',
      found: `the limits leave ${formatBytes(Math.min(...limits.map(room)))}`,
    };
  }
  const found = `${tight.file} = ${tight.limitBytes} leaves ${formatBytes(Math.max(0, room(tight)))}`;
  return {
    status: pool.total === 0 ? 'info' : 'warn',
    found,
    needed: `${formatBytes(need)} of huge pages; the pool is left alone until then`,
    cause:
      tight.kind === 'fault'
        ? 'a limit at the fault: mmap succeeds and the first touch is SIGBUS'
        : 'a reservation limit: mmap fails with ENOMEM',
    fixes: cgroupFixes(facts, tight, need),
  };
}

function cgroupFixes(facts: Facts, limit: HugetlbLimit, need: number): Fix[] {
  const mebibytes = need / 2 ** 20;
  if (facts.kernel.container === 'kubernetes') {
    return [
      commandFix(
        'start',
        'kubernetes',
        false,
        `kubectl set resources deployment NAME --limits=hugepages-${limit.pageBytes / 2 ** 20}Mi=${mebibytes}Mi,memory=512Mi`,
      ),
    ];
  }
  return [commandFix('now', 'host', true, `echo ${limit.usedBytes + need} > ${limit.file}`)];
}

function judgeTouch(facts: Facts): Verdict {
  const trials = facts.observed.hugetlb;
  if (trials.length === 0) return { status: 'skip', found: 'no page to touch: none is available' };
  const bad = trials.find((trial) => trial.attempt.outcome !== 'ok');
  if (bad === undefined) {
    const each = trials.map((trial) => `${trial.pages} × ${formatBytes(trial.pageBytes)}`);
    return { status: 'pass', found: `${each.join(', ')} written to` };
  }
  const size = formatBytes(bad.pageBytes);
  if (bad.attempt.outcome === 'killed' && bad.attempt.signal === 'SIGBUS') {
    const limited = facts.memory.hugetlbLimits.find((limit) => limit.kind === 'fault');
    return {
      status: 'warn',
      found: `SIGBUS at the first write to a ${size} page, though mmap gave it`,
      needed: 'a page that can be touched; nairobi does not take from this pool',
      cause:
        limited === undefined
          ? 'a hugetlb limit at the fault, in a control group that cannot be seen from in here'
          : `the fault limit in ${limited.file}`,
      fixes: limited === undefined ? [] : cgroupFixes(facts, limited, facts.needs.poolBytes),
      rootAdds: 'outside the container the whole control group path can be read',
    };
  }
  return {
    status: 'info',
    found: `${size}: ${describeAttempt(bad.attempt)}`,
    needed: 'nothing: transparent or plain pages are used instead',
    cause: 'the pages counted as free could not be had',
  };
}
