/** Examines a host: reads the facts, tries what has to be tried, judges, and draws the verdict. */
import { NairobiError } from '../../errors.ts';
import { CHECKS, judge } from '../../host/checks/all.ts';
import { type Check, type Finding, GROUPS } from '../../host/checks/finding.ts';
import { firstStep } from '../../host/checks/fix-text.ts';
import { type Facts, type Needs, readFacts } from '../../host/facts.ts';
import type { HostFiles } from '../../host/files.ts';
import { readMemory } from '../../host/memory.ts';
import { NOTHING_OBSERVED, type Observed } from '../../host/observed.ts';
import { READ_BLOCK_BYTES, READS_IN_FLIGHT } from '../../limits.ts';
import { closest } from '../../suggest.ts';
import { filesOf, OBSERVED_FILE } from './capture.ts';
import { type CommandLine, type Demands, demandsOf } from './for.ts';
import { type Ability, conclude, verdictLine } from './verdict.ts';

export interface DoctorOptions {
  /** "/" for this host, else a captured tree: a directory or a .tar or .tar.gz file. */
  readonly rootPrefix: string;
  /** Check ids or groups; all when empty. */
  readonly only: readonly string[];
  readonly ignore: readonly string[];
  /** The command line that has to work, as --for gives it. */
  readonly forCommand: CommandLine | undefined;
  /** Warnings count: exit code 1. */
  readonly strict: boolean;
  /** For all trials together; what is not done then has timed out. */
  readonly timeoutMs: number;
}

export interface DoctorReport {
  readonly version: 1;
  readonly ability: Ability;
  /** 0 able, 1 warnings with --strict, 2 not able, 3 could not tell: as monitoring plug-ins. */
  readonly exit: 0 | 1 | 2 | 3;
  /** One line: what will work here, and how fast. */
  readonly verdict: string;
  /** The first command to type, or null when nothing has to be mended. */
  readonly firstStep: string | null;
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

/** Without these nothing works, so not knowing them is not knowing the answer. */
const ESSENTIAL = ['kernel.architecture', 'runtime.node', 'runtime.polars'];

/** What nairobi wants of any host: room for every read in flight, in huge pages, registered. */
export const NEEDS: Needs = {
  poolBytes: READ_BLOCK_BYTES * READS_IN_FLIGHT,
  registeredBytes: READ_BLOCK_BYTES * READS_IN_FLIGHT,
};

const NO_DEMANDS: Demands = { required: new Set(), places: [] };

/** Examines the host that `options` name. */
export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const started = performance.now();
  const checks = selectChecks(options.only);
  const demands = options.forCommand === undefined ? NO_DEMANDS : demandsOf(options.forCommand);
  const files = filesOf(options.rootPrefix);
  const observed = files.live
    ? await observeFor(files, checks, demands, options.timeoutMs)
    : observedIn(files);
  const report = diagnose(files, observed, { ...options, demands });
  return { ...report, milliseconds: performance.now() - started };
}

/** Runs on this host only the trials that `checks` ask for. */
export async function observeFor(
  files: HostFiles,
  checks: readonly Check[],
  demands: Demands,
  timeoutMs: number,
): Promise<Observed> {
  const { observe, usualPlaces } = await import('./observe.ts');
  return observe(readMemory(files), {
    ...NEEDS,
    groups: new Set(checks.map(({ group }) => group)),
    places: [...usualPlaces(), ...demands.places],
    timeoutMs,
  });
}

/** Judges what was read and observed; pure but for reading `files`. */
export function diagnose(
  files: HostFiles,
  observed: Observed,
  options: Pick<DoctorOptions, 'only' | 'ignore' | 'strict'> & { readonly demands?: Demands },
): DoctorReport {
  const checks = selectChecks(options.only);
  const ignored = new Set(selectChecks(options.ignore, []).map(({ id }) => id));
  const required = options.demands?.required ?? new Set<string>();
  const facts = readFacts(files, observed, NEEDS);
  const findings = judge(checks, facts, { ignored, required });
  const asked = new Set(options.only.length === 0 ? ESSENTIAL : checks.map(({ id }) => id));
  return {
    version: 1,
    ...conclude(findings, asked, options.strict),
    verdict: verdictLine(facts, findings),
    firstStep: firstStep(findings) ?? null,
    host: hostOf(facts),
    counts: countByStatus(findings),
    findings,
    milliseconds: 0,
  };
}

/** The checks that `names` (ids or groups) mean; `whenNone` for an empty list. */
export function selectChecks(
  names: readonly string[],
  whenNone: readonly Check[] = CHECKS,
): readonly Check[] {
  if (names.length === 0) return whenNone;
  const known = new Set<string>([...GROUPS, ...CHECKS.map(({ id }) => id)]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    const near = closest(unknown, known);
    throw new NairobiError('USAGE', `No check or group is called "${unknown}"`, {
      hint:
        near === undefined
          ? `the groups are ${GROUPS.join(', ')}; "nairobi doctor --list-checks" lists the checks`
          : `did you mean "${near}"?`,
    });
  }
  return CHECKS.filter((check) => names.includes(check.id) || names.includes(check.group));
}

/** What the captured host observed of itself; a bare /proc and /sys has nothing of it. */
function observedIn(files: HostFiles): Observed {
  const text = files.text(OBSERVED_FILE);
  if (text === undefined) return NOTHING_OBSERVED;
  return { ...NOTHING_OBSERVED, ...(JSON.parse(text) as Partial<Observed>) };
}

function hostOf({ kernel }: Facts): DoctorReport['host'] {
  return {
    kernel: kernel.release,
    architecture: kernel.architecture,
    distribution: kernel.distribution.name,
    container: kernel.container ?? null,
  };
}

function countByStatus(findings: readonly Finding[]): DoctorReport['counts'] {
  const counts = { pass: 0, info: 0, warn: 0, fail: 0, unknown: 0, skip: 0 };
  for (const { status } of findings) counts[status] += 1;
  return counts;
}
