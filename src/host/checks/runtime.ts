/** Judges the runtime: Node, native modules, event loop options, zones, locale, clock. */
import type { Facts } from '../facts.ts';
import { type Attempt, describeAttempt } from '../observed.ts';
import { type Check, commandFix, type Fix, type Verdict } from './finding.ts';

/** A query of one file was refused with 30 and done with 40 (measured). */
const FILES_NEEDED = 128;

export const RUNTIME_CHECKS: readonly Check[] = [
  { id: 'runtime.node', group: 'runtime', title: 'version of Node.js', judge: judgeNode },
  {
    id: 'runtime.koffi',
    group: 'runtime',
    title: 'koffi loads (system calls)',
    judge: (facts) =>
      judgeModule(facts, 'koffi', 'warn', 'system calls: io_uring, huge pages, O_DIRECT'),
  },
  {
    id: 'runtime.polars',
    group: 'runtime',
    title: 'nodejs-polars loads (all computing)',
    judge: (facts) => judgeModule(facts, 'nodejs-polars', 'fail', 'ingest, query, stats and plot'),
  },
  {
    id: 'runtime.pg_query',
    group: 'runtime',
    title: 'libpg-query loads (the SQL parser)',
    judge: (facts) => judgeModule(facts, 'libpg-query', 'warn', 'query'),
  },
  {
    id: 'runtime.uv_io_uring',
    group: 'runtime',
    title: "UV_USE_IO_URING, libuv's own ring",
    judge: ({ runtime }): Verdict => {
      const value = runtime.uvUseIoUring;
      if (value === undefined || value === '0') return { status: 'pass', found: 'off' };
      return {
        status: 'warn',
        found: `UV_USE_IO_URING=${value}`,
        needed: 'off: libuv would run a polling kernel thread beside ours, with known bugs',
        cause: 'the environment (libuv 4492, CVE-2024-22017)',
        fixes: [commandFix('now', 'host', false, 'unset UV_USE_IO_URING')],
      };
    },
  },
  {
    id: 'runtime.jit',
    group: 'runtime',
    title: 'the just-in-time compiler may run (memory that is writable, then executable)',
    judge: ({ runtime }): Verdict => {
      if (!runtime.nodeOptions.includes('--jitless')) return { status: 'pass', found: 'on' };
      return {
        status: 'warn',
        found: 'NODE_OPTIONS has --jitless',
        needed: 'the compiler: without it everything in JavaScript is ten times slower',
        cause: 'a host that forbids it (systemd MemoryDenyWriteExecute=yes) or a left-over option',
        fixes: [
          commandFix(
            'persistent',
            'systemd',
            true,
            'systemctl edit UNIT  # add: [Service] MemoryDenyWriteExecute=no',
          ),
        ],
      };
    },
  },
  {
    id: 'runtime.time_zones',
    group: 'runtime',
    title: 'time zone database',
    judge: ({ observed, runtime }): Verdict => {
      const { clock } = observed;
      if (clock === undefined) return { status: 'skip', found: 'not looked at' };
      const zone = clock.timeZone === '' ? 'unknown' : clock.timeZone;
      if (!clock.zonesKnown) {
        return {
          status: 'warn',
          found: `the runtime knows no zones (local zone ${zone})`,
          needed: 'a Node.js with full ICU: times in zones would be wrong',
          cause: 'Node.js was built with small or no ICU',
          fixes: [commandFix('persistent', 'host', true, 'install Node.js 24 from nodejs.org')],
        };
      }
      const system = runtime.zoneTables ? '' : '; the host itself has no /usr/share/zoneinfo';
      return { status: 'pass', found: `known, local zone ${zone}${system}` };
    },
  },
  {
    id: 'runtime.locale',
    group: 'runtime',
    title: 'locale and character set',
    judge: ({ observed }): Verdict => {
      const value = (name: string): string | undefined =>
        observed.environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
      const locale = value('LC_ALL') ?? value('LANG');
      if (locale === undefined) return { status: 'info', found: 'none set (C)' };
      if (/utf-?8/i.test(locale)) return { status: 'pass', found: locale };
      return {
        status: 'info',
        found: locale,
        needed: 'a UTF-8 locale for tables and charts in the terminal',
        cause: 'LANG or LC_ALL',
        fixes: [commandFix('now', 'host', false, 'export LANG=C.UTF-8')],
      };
    },
  },
  {
    id: 'runtime.open_files',
    group: 'runtime',
    title: 'how many files may be open (ulimit -n)',
    judge: ({ process }): Verdict => {
      const { soft } = process.openFiles;
      if (soft === undefined) return { status: 'skip', found: 'not known' };
      const found = soft === Number.POSITIVE_INFINITY ? 'no limit' : `${soft} at a time`;
      if (soft >= FILES_NEEDED) return { status: 'pass', found };
      return {
        status: 'warn',
        found,
        needed: `${FILES_NEEDED} or more: threads, the ring and every input take some`,
        cause: 'ulimit -n (RLIMIT_NOFILE)',
        fixes: [commandFix('start', 'host', false, `ulimit -n ${FILES_NEEDED}`)],
      };
    },
  },
  {
    id: 'runtime.clock',
    group: 'runtime',
    title: 'the clock is synchronised (adjtimex)',
    judge: ({ observed, kernel }): Verdict => {
      const synchronised = observed.clock?.synchronised;
      if (synchronised === undefined) return { status: 'skip', found: 'the kernel does not say' };
      if (synchronised) return { status: 'pass', found: 'synchronised' };
      return {
        status: 'info',
        found: 'not synchronised',
        needed: 'a right clock, where rows are stamped on this host',
        cause: 'no NTP or PTP daemon steers it',
        fixes:
          kernel.container === undefined
            ? [commandFix('persistent', 'host', true, 'timedatectl set-ntp true')]
            : [],
      };
    },
  },
];

function judgeNode({ runtime, observed }: Facts): Verdict {
  const { node } = runtime;
  if (node === undefined) {
    return observed.nodeVersion === ''
      ? { status: 'skip', found: 'not known in this capture' }
      : { status: 'unknown', found: observed.nodeVersion };
  }
  const found = `Node.js ${observed.nodeVersion}${observed.libc === 'musl' ? ', musl' : ''}`;
  if (node.major > 22 || (node.major === 22 && node.minor >= 12)) return { status: 'pass', found };
  return {
    status: 'fail',
    found,
    needed: 'Node.js 22.12 or later: npm skips the binaries of nodejs-polars on older ones',
    cause: `Node.js ${observed.nodeVersion} is too old`,
    fixes: [commandFix('persistent', 'host', false, 'npm run setup')],
  };
}

/** Loads in a child, so a crash here is a finding there. */
export function judgeModule(
  facts: Facts,
  name: string,
  without: 'fail' | 'warn',
  use: string,
): Verdict {
  const trial = facts.observed.modules.find((module) => module.name === name);
  if (trial === undefined) return { status: 'skip', found: 'not tried' };
  if (trial.attempt.outcome === 'ok') {
    return {
      status: 'pass',
      found: `${trial.version ?? ''} loads in ${trial.milliseconds.toFixed(0)} ms`.trim(),
    };
  }
  return {
    status: /^(?:timeout|untried)$/.test(trial.attempt.outcome) ? 'unknown' : without,
    found: describeAttempt(trial.attempt),
    needed: `${name}, for ${use}`,
    cause: moduleCause(facts, trial.attempt),
    fixes: moduleFixes(facts, name, trial.attempt),
  };
}

function moduleCause({ kernel, observed }: Facts, attempt: Attempt): string {
  if (attempt.outcome === 'timeout') return 'it did not finish loading in time';
  if (attempt.outcome === 'untried') return '--timeout is too short';
  if (attempt.outcome === 'killed' && attempt.signal === 'SIGILL') {
    return 'the processor lacks instructions it was built for: see cpu.simd';
  }
  if (attempt.outcome === 'killed') return `its native code died of ${attempt.signal}`;
  const musl = observed.libc === 'musl' ? ' with musl' : '';
  return `no binary for linux-${kernel.architecture}${musl} is installed`;
}

function moduleFixes(facts: Facts, name: string, attempt: Attempt): Fix[] {
  if (attempt.outcome === 'killed' && attempt.signal === 'SIGILL') {
    return [commandFix('persistent', 'host', true, 'virt-xml VM --edit --cpu host-passthrough')];
  }
  if (facts.observed.libc === 'musl' && facts.kernel.distribution.id === 'alpine') {
    return [
      commandFix('now', 'host', false, 'npm install --libc=musl', 'apk add gcompat libstdc++'),
    ];
  }
  return [commandFix('now', 'host', false, `npm install --include=optional ${name}`)];
}
