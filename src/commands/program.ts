/** Runs one command: sets up what oclif needs, listens to signals, ends with the right code. */
import { setImmediate } from 'node:timers/promises';
import { Config } from '@oclif/core/config';
import { leaveSignals, listenToSignals } from '../engine/run/signals.ts';
import { NairobiError } from '../errors.ts';
import { onPendingChange, undoAll } from '../unfinished.ts';
import type { BaseCommand } from './base.ts';
import { reportFailure } from './failure.ts';

export type CommandClass = Pick<typeof BaseCommand, keyof typeof BaseCommand> &
  (new (
    argv: string[],
    config: Config,
  ) => BaseCommand);

/** Who we are, as package.json says it. */
export interface Program {
  readonly name: string;
  readonly version: string;
  readonly description: string;
}

/**
 * What oclif's parser and help ask their Config for. Config.load would look for plugins, themes
 * and manifests in a dozen places (45 ms); this program has none.
 */
export function bareConfig(program: Program): Config {
  const config = new Config({ root: '' });
  const pjson = { ...program, oclif: { bin: program.name, additionalHelpFlags: ['-h'] } };
  return Object.assign(config, {
    arch: process.arch,
    bin: program.name,
    name: program.name,
    pjson,
    platform: process.platform,
    rootPlugin: { name: program.name, hooks: {}, root: '' },
    topicSeparator: ' ',
    userAgent: `${program.name}/${program.version} linux-${process.arch} node-${process.version}`,
    version: program.version,
  });
}

/** True when failures are told as JSON: with --json, and in a log that is. */
function tellsJson(argv: readonly string[]): boolean {
  const end = argv.findIndex((word) => word === '--' || word === '--exec');
  const flags = end === -1 ? argv : argv.slice(0, end);
  const logFormat = flags.indexOf('--log-format');
  const isJsonLog = logFormat !== -1 && flags[logFormat + 1] === 'json';
  return flags.includes('--json') || flags.includes('--log-format=json') || isJsonLog;
}

/** Runs `command` with what followed its name; sets process.exitCode, never throws. */
export async function runCommand(
  program: Program,
  id: string,
  command: CommandClass,
  argv: readonly string[],
): Promise<void> {
  const json = tellsJson(argv);
  const fail = (error: unknown): void => reportFailure(error, { json, id });
  const stop = (error: unknown): never => {
    undoAll();
    fail(error);
    process.exit();
  };
  process.stdout.on('error', stop);
  process.on('uncaughtException', stop);
  obeySignals(fail);
  try {
    command.id = id;
    await new command([...argv], bareConfig(program)).execute();
  } catch (error) {
    // What broke off a wait was a signal: its own handler knows which, and ends the process.
    if (error instanceof NairobiError && error.code === 'INTERRUPTED') await setImmediate();
    undoAll();
    fail(error);
  }
}

/**
 * Takes over SIGINT and SIGTERM only while something needs undoing: otherwise the default action
 * ends the process at once, which a handler cannot do while a native call blocks the thread.
 * Afterwards the signal is sent again, to its default action: process.exit would wait for a read
 * of a pipe that nobody writes to.
 */
function obeySignals(fail: (error: unknown) => void): void {
  const obey = (signal: NodeJS.Signals): void => {
    undoAll();
    fail(
      signal === 'SIGINT'
        ? new NairobiError('INTERRUPTED', 'Interrupted')
        : new NairobiError('TERMINATED', 'Told to stop'),
    );
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  };
  onPendingChange((busy) => (busy ? listenToSignals(obey) : leaveSignals(obey)));
}
