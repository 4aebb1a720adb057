/** What the trials answered, or how they ended without an answer, as observations. */
import type {
  Attempt,
  ClockObservation,
  GlTrial,
  HugetlbTrial,
  IpcTrial,
  ModuleTrial,
  ThpTrial,
  UringTrial,
} from '../../host/observed.ts';
import type { ClockTrial } from './trials/clock.ts';
import type { MemfdTrial } from './trials/memfd.ts';
import type { TrialStep } from './trials/protocol.ts';
import type { TrialOutcome } from './trials/run.ts';

/** How a trial that gave no answer of its own ended; undefined for one that answered. */
export function endOf(outcome: TrialOutcome | undefined): Attempt | undefined {
  if (outcome === undefined) return { outcome: 'failed', message: 'not tried' };
  if (!outcome.answered) return outcome.attempt;
  const threw = (outcome.result as { readonly threw?: string }).threw;
  return threw === undefined ? undefined : { outcome: 'failed', message: threw };
}

export function uringOf(outcome: TrialOutcome | undefined): UringTrial | undefined {
  if (outcome === undefined) return undefined;
  const end = endOf(outcome);
  if (end === undefined && outcome.answered) return outcome.result as UringTrial;
  const ended: Attempt = end ?? { outcome: 'failed', message: 'no answer' };
  return {
    setup: ended,
    registerBadFd: ended,
    enterBadFd: ended,
    features: [],
    flags: {},
    opcodes: {},
    registeredBytes: undefined,
    registerBuffers: undefined,
    nopMicroseconds: undefined,
    sqpollMicroseconds: undefined,
  };
}

export function thpOf(outcome: TrialOutcome | undefined, askedBytes: number): ThpTrial | undefined {
  if (outcome === undefined) return undefined;
  const attempt = endOf(outcome);
  if (attempt !== undefined) return { attempt, askedBytes, gotBytes: 0 };
  return outcome.answered ? (outcome.result as ThpTrial) : undefined;
}

export function hugetlbOf(
  outcomes: ReadonlyMap<string, TrialOutcome>,
  steps: readonly TrialStep[],
): HugetlbTrial[] {
  return steps.flatMap(({ id, options }) => {
    const outcome = outcomes.get(id);
    if (outcome === undefined) return [];
    const attempt = endOf(outcome);
    if (attempt === undefined && outcome.answered) return [outcome.result as HugetlbTrial];
    const { pageBytes, pages } = options as { readonly pageBytes: number; readonly pages: number };
    return [{ pageBytes, pages, attempt: attempt ?? { outcome: 'failed', message: 'no answer' } }];
  });
}

export function modulesOf(
  outcomes: ReadonlyMap<string, TrialOutcome>,
  names: readonly string[],
): ModuleTrial[] {
  return names.flatMap((name) => {
    const outcome = outcomes.get(`module:${name}`);
    if (outcome === undefined) return [];
    const attempt = endOf(outcome);
    if (attempt !== undefined) return [{ name, attempt, version: undefined, milliseconds: 0 }];
    return outcome.answered ? [outcome.result as ModuleTrial] : [];
  });
}

export function glOf(outcome: TrialOutcome | undefined): GlTrial | undefined {
  if (outcome === undefined) return undefined;
  const attempt = endOf(outcome);
  if (attempt !== undefined) {
    return { attempt, backend: undefined, renderer: undefined, hardware: false };
  }
  return outcome.answered ? (outcome.result as GlTrial) : undefined;
}

export function ipcOf(
  outcome: TrialOutcome | undefined,
  buses: readonly Attempt[],
): IpcTrial | undefined {
  const [systemBus, sessionBus] = buses;
  if (outcome === undefined || systemBus === undefined || sessionBus === undefined)
    return undefined;
  const end = endOf(outcome);
  if (end === undefined && outcome.answered) {
    return { ...(outcome.result as MemfdTrial), systemBus, sessionBus };
  }
  const ended: Attempt = end ?? { outcome: 'failed', message: 'no answer' };
  return {
    memfd: ended,
    sealing: ended,
    memfdHugetlb: ended,
    descriptorPassing: ended,
    systemBus,
    sessionBus,
  };
}

export function clockOf(outcome: TrialOutcome | undefined): ClockObservation | undefined {
  if (outcome === undefined) return undefined;
  const trial = outcome.answered ? (outcome.result as ClockTrial) : undefined;
  return {
    synchronised: trial?.synchronised,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    zonesKnown: knowsZones(),
    localeKnown: Intl.NumberFormat.supportedLocalesOf(['de']).length === 1,
  };
}

/** Rome was an hour further from UTC in summer than in winter: a table without rules says not. */
function knowsZones(): boolean {
  try {
    const hour = (date: string): string =>
      new Intl.DateTimeFormat('en', {
        timeZone: 'Europe/Rome',
        hour: '2-digit',
        hour12: false,
      }).format(new Date(date));
    return hour('2024-01-01T00:00Z') !== hour('2024-07-01T00:00Z');
  } catch {
    return false;
  }
}
