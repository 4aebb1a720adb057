/**
 * Observes this host for the doctor: asks what no file tells and runs the trials, all children at
 * once. A capture brings its own observations instead.
 */
import { accessSync, constants, readFileSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Group } from '../host/checks/finding.ts';
import { mayUse } from '../host/files.ts';
import type { MemoryFacts } from '../host/memory.ts';
import {
  type Attempt,
  type ClockObservation,
  type DirectoryObservation,
  type GlTrial,
  type HugetlbTrial,
  type IpcTrial,
  type ModuleTrial,
  NOTHING_OBSERVED,
  type Observed,
  type ThpTrial,
  type UringTrial,
} from '../host/observed.ts';
import { glStep } from './gl-probe.ts';
import { tryBus } from './trials/bus.ts';
import type { ClockTrial } from './trials/clock.ts';
import type { DirectTrial } from './trials/direct.ts';
import type { MemfdTrial } from './trials/memfd.ts';
import type { TrialStep } from './trials/protocol.ts';
import { runTrials, type TrialOutcome } from './trials/run.ts';
import { observeEnvironment, rendererNodes } from './trials/surroundings.ts';

export interface ObserveOptions {
  /** Only what checks of these groups need is tried. */
  readonly groups: ReadonlySet<Group>;
  readonly directories: readonly Pick<DirectoryObservation, 'path' | 'purpose'>[];
  readonly registeredBytes: number;
  readonly poolBytes: number;
  /** For every trial together. */
  readonly timeoutMs: number;
}

const MODULES: readonly { readonly name: string; readonly group: Group }[] = [
  { name: 'koffi', group: 'runtime' },
  { name: 'nodejs-polars', group: 'runtime' },
  { name: 'libpg-query', group: 'runtime' },
  { name: 'canvas', group: 'render' },
];

/** Largest pages touched: 1 GiB pages cost seconds at the first touch. */
const LARGEST_TOUCH = 32 * 2 ** 20;

/** Runs every trial that the groups call for, side by side, and never takes longer than told. */
export async function observe(memory: MemoryFacts, options: ObserveOptions): Promise<Observed> {
  const { groups } = options;
  const deadline = performance.now() + options.timeoutMs;
  const files = groups.has('storage') || groups.has('data') ? options.directories : [];
  const children = [
    groups.has('io_uring') ? [uringStep(options)] : [],
    smallSteps(memory, options, files),
    MODULES.filter(({ group }) => groups.has(group)).map(({ name }) => moduleStep(name)),
    groups.has('render') ? [glStep('auto')] : [],
  ].filter((steps) => steps.length > 0);
  const running = children.map((steps) => runTrials(steps, deadline));
  const buses = groups.has('ipc') ? await Promise.all([tryBus('system'), tryBus('session')]) : [];
  const outcomes = new Map((await Promise.all(running)).flatMap((map) => [...map]));
  return {
    ...NOTHING_OBSERVED,
    architecture: process.arch,
    nodeVersion: process.version,
    pageBytes: pageBytes(),
    libc: libc(),
    environment: observeEnvironment(process.env),
    devices: rendererNodes().map((path) => ({ path, usable: mayUse(path) })),
    uring: uringOf(outcomes.get('uring')),
    thp: thpOf(outcomes.get('thp'), options.poolBytes),
    hugetlb: hugetlbOf(outcomes, memory, options),
    modules: modulesOf(outcomes),
    directories: files.map((directory) => directoryOf(directory, outcomes)),
    gl: glOf(outcomes.get('gl')),
    ipc: ipcOf(outcomes.get('memfd'), buses),
    clock: clockOf(outcomes.get('clock')),
  };
}

function uringStep({ registeredBytes }: ObserveOptions): TrialStep {
  return { id: 'uring', trial: 'uring', options: { registeredBytes } };
}

function moduleStep(name: string): TrialStep {
  return { id: `module:${name}`, trial: 'module', options: { name } };
}

/** What is quick and shares one child: touching pages comes last, for it may end the child. */
function smallSteps(
  memory: MemoryFacts,
  { groups, poolBytes }: ObserveOptions,
  directories: ObserveOptions['directories'],
): TrialStep[] {
  const steps: TrialStep[] = directories
    .filter(({ path }) => exists(path))
    .map(({ path }) => ({ id: `direct:${path}`, trial: 'direct', options: { path } }));
  if (groups.has('ipc')) steps.push({ id: 'memfd', trial: 'memfd', options: {} });
  if (groups.has('runtime')) steps.push({ id: 'clock', trial: 'clock', options: {} });
  if (groups.has('memory')) {
    steps.push({ id: 'thp', trial: 'thp', options: { askedBytes: poolBytes } });
    steps.push(...touchSteps(memory, poolBytes));
  }
  return steps;
}

function touchSteps(memory: MemoryFacts, poolBytes: number): TrialStep[] {
  return memory.pools
    .filter(({ pageBytes, available }) => available > 0 && pageBytes <= LARGEST_TOUCH)
    .map(({ pageBytes, available }) => {
      const pages = Math.min(available, Math.ceil(poolBytes / pageBytes));
      return { id: `hugetlb:${pageBytes}`, trial: 'hugetlb', options: { pageBytes, pages } };
    });
}

/** How a trial that gave no answer of its own ended; undefined for one that answered. */
function endOf(outcome: TrialOutcome | undefined): Attempt | undefined {
  if (outcome === undefined) return { outcome: 'failed', message: 'not tried' };
  if (!outcome.answered) return outcome.attempt;
  const threw = (outcome.result as { readonly threw?: string }).threw;
  return threw === undefined ? undefined : { outcome: 'failed', message: threw };
}

function uringOf(outcome: TrialOutcome | undefined): UringTrial | undefined {
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

function thpOf(outcome: TrialOutcome | undefined, askedBytes: number): ThpTrial | undefined {
  if (outcome === undefined) return undefined;
  const attempt = endOf(outcome);
  if (attempt !== undefined) return { attempt, askedBytes, gotBytes: 0 };
  return outcome.answered ? (outcome.result as ThpTrial) : undefined;
}

function hugetlbOf(
  outcomes: ReadonlyMap<string, TrialOutcome>,
  memory: MemoryFacts,
  { poolBytes }: ObserveOptions,
): HugetlbTrial[] {
  return touchSteps(memory, poolBytes).flatMap(({ id, options }) => {
    const outcome = outcomes.get(id);
    if (outcome === undefined) return [];
    const attempt = endOf(outcome);
    if (attempt === undefined && outcome.answered) return [outcome.result as HugetlbTrial];
    const { pageBytes, pages } = options as { readonly pageBytes: number; readonly pages: number };
    return [{ pageBytes, pages, attempt: attempt ?? { outcome: 'failed', message: 'no answer' } }];
  });
}

function modulesOf(outcomes: ReadonlyMap<string, TrialOutcome>): ModuleTrial[] {
  return MODULES.flatMap(({ name }) => {
    const outcome = outcomes.get(`module:${name}`);
    if (outcome === undefined) return [];
    const attempt = endOf(outcome);
    if (attempt !== undefined) return [{ name, attempt, version: undefined, milliseconds: 0 }];
    return outcome.answered ? [outcome.result as ModuleTrial] : [];
  });
}

function directoryOf(
  { path, purpose }: Pick<DirectoryObservation, 'path' | 'purpose'>,
  outcomes: ReadonlyMap<string, TrialOutcome>,
): DirectoryObservation {
  const outcome = outcomes.get(`direct:${path}`);
  const trial = outcome?.answered === true ? (outcome.result as DirectTrial) : undefined;
  const direct = outcome === undefined ? undefined : (endOf(outcome) ?? trial?.attempt);
  const place = exists(path) ? path : dirname(resolve(path));
  const there = exists(place);
  const space = there ? statfsSync(place) : undefined;
  const device = there ? statSync(place).dev : 0;
  return {
    path,
    purpose,
    exists: exists(path),
    readable: there && allowed(path, constants.R_OK),
    writable: there && allowed(place, constants.W_OK),
    freeBytes: (space?.bavail ?? 0) * (space?.bsize ?? 0),
    totalBytes: (space?.blocks ?? 0) * (space?.bsize ?? 0),
    freeInodes: space?.ffree ?? 0,
    totalInodes: space?.files ?? 0,
    device: deviceNumber(device),
    direct,
    directAlignBytes: trial?.alignBytes,
  };
}

/** dev_t of 64-bit Linux: the major's low 12 bits from bit 8, the minor around them. */
function deviceNumber(dev: number): string {
  const value = BigInt(dev);
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & 0xfffff000n);
  const minor = (value & 0xffn) | ((value >> 12n) & 0xffffff00n);
  return `${major}:${minor}`;
}

function glOf(outcome: TrialOutcome | undefined): GlTrial | undefined {
  if (outcome === undefined) return undefined;
  const attempt = endOf(outcome);
  if (attempt !== undefined) {
    return { attempt, backend: undefined, renderer: undefined, hardware: false };
  }
  return outcome.answered ? (outcome.result as GlTrial) : undefined;
}

function ipcOf(outcome: TrialOutcome | undefined, buses: readonly Attempt[]): IpcTrial | undefined {
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

function clockOf(outcome: TrialOutcome | undefined): ClockObservation | undefined {
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

/** AT_PAGESZ of the auxiliary vector: pairs of 64-bit words (getauxval(3)). */
function pageBytes(): number | undefined {
  const AT_PAGESZ = 6n;
  try {
    const words = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= words.length; at += 16) {
      if (words.readBigUInt64LE(at) === AT_PAGESZ) return Number(words.readBigUInt64LE(at + 8));
    }
  } catch {
    // a host that hides it
  }
  return undefined;
}

/** The C library this Node was linked with, by the loader it is mapped with. */
function libc(): Observed['libc'] {
  try {
    return readFileSync('/proc/self/maps', 'utf8').includes('/ld-musl-') ? 'musl' : 'glibc';
  } catch {
    return undefined;
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function allowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Where reads and writes go when nothing else is said. */
export function usualDirectories(): ObserveOptions['directories'] {
  return [
    { path: process.cwd(), purpose: 'working directory' },
    { path: tmpdir(), purpose: 'temporary files' },
  ];
}
