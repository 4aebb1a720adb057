/** The daemon from start to end: what it may take, its doors, how it stops. */

import { Gate } from '../engine/inputs/gate.ts';
import type { HostOptions } from '../engine/options.ts';
import { planHost } from '../engine/plan.ts';
import { AssertionFailure, messageOf } from '../errors.ts';
import { exitGroup } from '../kernel/calls.ts';
import { runSoonWhenWoken } from '../kernel/priority.ts';
import type { Bus, BusKind } from '../kernel/sd-bus.ts';
import { inheritedSocket } from './activation.ts';
import { claimBus, openBusDoor } from './bus-door.ts';
import { Daemon } from './daemon.ts';
import type { Figures } from './metrics.ts';
import { claimSocket, openSocketDoor } from './socket-door.ts';

export interface RunOptions {
  readonly host: HostOptions;
  readonly socket: string;
  /** auto: the session's, where the environment names one, or nothing. */
  readonly bus: BusKind | 'auto' | 'none';
  /** Undefined: by the CPUs. */
  readonly workers: number | undefined;
  readonly requestMs: number;
  /** Undefined: as much as there is. */
  readonly clientMemory: number | undefined;
  readonly allowed: readonly string[];
  readonly program: { readonly name: string; readonly version: string };
  /** Told once it serves, and how to find out how it does. */
  readonly onReady: (figures: () => Figures) => void;
  readonly onStopping: () => void;
  readonly log: (text: string) => void;
}

/** Two answer beside one that takes long; more than eight hold each other up. */
const WORKERS = { min: 2, max: 8 };

/** Of the memory limit, what rows may take: the rest is for computing on them. */
const HELD_SHARE = 0.6;

/** Serves until SIGTERM or SIGINT, then ends the process with 0. */
export async function runDaemon(options: RunOptions): Promise<never> {
  const { host, socket, workers, requestMs, program, allowed, log } = options;
  const plan = planHost(host);
  // A directory that is not there is said now, not at the first request.
  const gate = new Gate(allowed);
  gate[Symbol.dispose]();
  const inherited = inheritedSocket(process.env);
  // First: whoever comes second must not start anything.
  const onBus = busOf(options);
  const listening = inherited ?? claimSocket(socket);
  runSoonWhenWoken();
  const daemon = new Daemon({
    memoryLimit: plan.memoryLimit,
    rowsLimit: Math.floor(plan.memoryLimit * HELD_SHARE),
    workers: workers ?? Math.min(Math.max(plan.threads, WORKERS.min), WORKERS.max),
    requestMs,
    clientMemory: options.clientMemory ?? Number.MAX_SAFE_INTEGER,
    program,
    allowed,
    log,
  });
  const door = openSocketDoor(daemon, {
    path: socket,
    listening,
    isInherited: inherited !== undefined,
    program: `${program.name}/${program.version}`,
    log,
  });
  const doors = [
    door,
    ...(onBus ? [openBusDoor(daemon, { ...onBus, version: program.version, log })] : []),
  ];
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  options.onReady(() => daemon.figures());
  await stopped;
  options.onStopping();
  for (const each of doors) await each.close();
  daemon.close();
  // Everything that has to be undone is undone.
  exitGroup(0);
  throw new AssertionFailure('the process is over');
}

/** The name on the bus that was asked for; one that was not may be missing. */
function busOf({ bus, log }: RunOptions): { kind: BusKind; bus: Bus } | undefined {
  if (bus === 'none') return undefined;
  if (bus !== 'auto') return { kind: bus, bus: claimBus(bus) };
  if (!process.env['DBUS_SESSION_BUS_ADDRESS']) return undefined;
  try {
    return { kind: 'session', bus: claimBus('session') };
  } catch (error) {
    log(`not on D-Bus: ${messageOf(error)}`);
    return undefined;
  }
}
