/** Examines a host: reads the facts, tries what has to be tried, judges, and draws the verdict. */

import { NairobiError } from '../errors.ts';
import { CHECKS, judge } from '../host/checks/all.ts';
import { type Check, type Finding, GROUPS } from '../host/checks/finding.ts';
import { type Facts, readFacts } from '../host/facts.ts';
import { type HostFiles, hostFiles } from '../host/files.ts';
import { readMemory } from '../host/memory.ts';
import { NOTHING_OBSERVED, type Observed } from '../host/observed.ts';
import { READ_BLOCK_BYTES, READS_IN_FLIGHT } from '../limits.ts';
import { observe, usualDirectories } from './observe.ts';

export interface DoctorOptions {
  /** "/" for this host, else a captured tree. */
  readonly rootPrefix: string;
  /** Check ids or groups; all when empty. */
  readonly only: readonly string[];
  readonly ignore: readonly string[];
  /** Warnings count: exit code 1. */
  readonly strict: boolean;
  /** For all trials together; what is not done then has timed out. */
  readonly timeoutMs: number;
}

export type Ability = 'able' | 'able with warnings' | 'not able' | 'could not tell';

export interface DoctorReport {
  readonly version: 1;
  readonly ability: Ability;
  /** 0 able, 1 warnings with --strict, 2 not able, 3 could not tell: as monitoring plugins. */
  readonly exit: 0 | 1 | 2 | 3;
  /** One line: what will work here, and how fast. */
  readonly verdict: string;
  readonly host: {
    readonly kernel: string;
    readonly architecture: string;
    readonly distribution: string;
    readonly container: string | null;
  };
  readonly counts: Readonly<Record<Finding['status'], number>>;
  readonly findings: readonly Finding[];
  readonly milliseconds: number;
}

/** Where a capture keeps what is in no file of the host. */
export const OBSERVED_FILE = '/nairobi-observed.json';

/** Without these nothing works, so not knowing them is not knowing the answer. */
const ESSENTIAL = ['kernel.architecture', 'runtime.node', 'runtime.polars'];

/** Examines the host that `options` name. */
export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const started = performance.now();
  const checks = selectChecks(options.only);
  const ignored = new Set(selectChecks(options.ignore, []).map((check) => check.id));
  const files = hostFiles(options.rootPrefix);
  const needs = {
    poolBytes: READ_BLOCK_BYTES * READS_IN_FLIGHT,
    registeredBytes: READ_BLOCK_BYTES * READS_IN_FLIGHT,
  };
  const observed = files.live
    ? await observe(readMemory(files), {
        ...needs,
        groups: new Set(checks.map(({ group }) => group)),
        directories: usualDirectories(),
        timeoutMs: options.timeoutMs,
      })
    : captured(files);
  const facts = readFacts(files, observed, needs);
  const findings = judge(checks, facts, { ignored, required: new Set() });
  const asked = new Set(options.only.length === 0 ? ESSENTIAL : checks.map((check) => check.id));
  return {
    version: 1,
    ...conclude(findings, asked, options.strict),
    verdict: verdictLine(facts, findings),
    host: {
      kernel: facts.kernel.release,
      architecture: facts.kernel.architecture,
      distribution: facts.kernel.distribution.name,
      container: facts.kernel.container ?? null,
    },
    counts: countByStatus(findings),
    findings,
    milliseconds: performance.now() - started,
  };
}

/** The checks that `names` (ids or groups) mean; `whenNone` for an empty list. */
export function selectChecks(
  names: readonly string[],
  whenNone: readonly Check[] = CHECKS,
): readonly Check[] {
  if (names.length === 0) return whenNone;
  for (const name of names) {
    if (!CHECKS.some((check) => check.id === name || check.group === name)) {
      throw new NairobiError('USAGE', `No check or group is called "${name}"`, {
        hint: `the groups are ${GROUPS.join(', ')}; "nairobi doctor --list-checks" lists the checks`,
      });
    }
  }
  return CHECKS.filter((check) => names.includes(check.id) || names.includes(check.group));
}

function conclude(
  findings: readonly Finding[],
  asked: ReadonlySet<string>,
  strict: boolean,
): Pick<DoctorReport, 'ability' | 'exit'> {
  const counted = findings.filter((finding) => !finding.muted);
  if (counted.some(({ status }) => status === 'fail')) return { ability: 'not able', exit: 2 };
  if (
    counted.some(({ status, id, required }) => status === 'unknown' && (required || asked.has(id)))
  ) {
    return { ability: 'could not tell', exit: 3 };
  }
  if (counted.some(({ status }) => status === 'warn')) {
    return { ability: 'able with warnings', exit: strict ? 1 : 0 };
  }
  return { ability: 'able', exit: 0 };
}

function verdictLine(facts: Facts, findings: readonly Finding[]): string {
  const setup = findings.find(({ id }) => id === 'io_uring.setup')?.status;
  const reads =
    setup === undefined
      ? ''
      : setup === 'pass' || setup === 'info'
        ? 'io_uring'
        : 'preadv2 instead of io_uring';
  const thp = facts.memory.thp !== undefined && facts.memory.thp.enabled !== 'never';
  const pages = thp ? 'huge pages' : 'plain pages';
  return [reads, pages].filter((part) => part !== '').join(' into ');
}

function countByStatus(findings: readonly Finding[]): DoctorReport['counts'] {
  const counts = { pass: 0, info: 0, warn: 0, fail: 0, unknown: 0, skip: 0 };
  for (const { status } of findings) counts[status] += 1;
  return counts;
}

/** What the capture's own host observed of itself; a bare /proc and /sys has nothing of it. */
function captured(files: HostFiles): Observed {
  const text = files.text(OBSERVED_FILE);
  if (text === undefined) return NOTHING_OBSERVED;
  return { ...NOTHING_OBSERVED, ...(JSON.parse(text) as Partial<Observed>) };
}
