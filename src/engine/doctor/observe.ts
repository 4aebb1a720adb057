/**
 * Observes this host for the doctor: asks what no file tells and runs the trials, all children at
 * once. A capture brings its own observations instead.
 */
import { tmpdir } from 'node:os';
import type { Group } from '../../host/checks/finding.ts';
import { mayUse } from '../../host/files.ts';
import type { MemoryFacts } from '../../host/memory.ts';
import { NOTHING_OBSERVED, type Observed, type Place } from '../../host/observed.ts';
import { glStep } from './gl-probe.ts';
import { clockOf, glOf, hugetlbOf, ipcOf, modulesOf, thpOf, uringOf } from './observe-outcomes.ts';
import { directoryOf, hasBundledFont, libc, pageBytes } from './observe-process.ts';
import { tryBus } from './trials/bus.ts';
import type { TrialStep } from './trials/protocol.ts';
import { runTrials } from './trials/run.ts';
import { observeEnvironment, rendererNodes } from './trials/surroundings.ts';

export interface ObserveOptions {
  /** Only what checks of these groups need is tried. */
  readonly groups: ReadonlySet<Group>;
  readonly places: readonly Place[];
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
  const places = groups.has('storage') || groups.has('data') ? options.places : [];
  const children = [
    // Together: starting a process costs more than all of these trials.
    [...(groups.has('io_uring') ? [uringStep(options)] : []), ...smallSteps(memory, options)],
    [
      ...MODULES.filter(({ group }) => groups.has(group)).map(({ name }) => moduleStep(name)),
      // Last, for a dead file server holds up whatever comes after it.
      ...places.map(placeStep),
    ],
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
    hugetlb: hugetlbOf(outcomes, touchSteps(memory, options.poolBytes)),
    modules: modulesOf(
      outcomes,
      MODULES.map(({ name }) => name),
    ),
    directories: places.map((place) => directoryOf(place, outcomes.get(`place:${place.path}`))),
    gl: glOf(outcomes.get('gl')),
    bundledFont: groups.has('render') ? hasBundledFont() : undefined,
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

function placeStep(place: Place): TrialStep {
  return { id: `place:${place.path}`, trial: 'place', options: { ...place } };
}

/** What is quick and shares one child: touching pages comes last, for it may end the child. */
function smallSteps(memory: MemoryFacts, { groups, poolBytes }: ObserveOptions): TrialStep[] {
  const steps: TrialStep[] = [];
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

/** Where reads and writes go when nothing else is said. */
export function usualPlaces(): ObserveOptions['places'] {
  return [
    { path: process.cwd(), purpose: 'working directory' },
    { path: tmpdir(), purpose: 'temporary files' },
  ];
}
