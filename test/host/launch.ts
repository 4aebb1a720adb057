/**
 * Runs the program, as test/build.ts built it, as another user, under a seccomp filter, or with
 * less memory.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DoctorReport } from '../../src/engine/doctor/doctor.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
export const FILTER = fileURLToPath(new URL('./seccomp-launch.ts', import.meta.url));

/** nobody */
export const NOBODY = 65534;

export interface LaunchOptions {
  readonly uid?: number;
  /** What the three io_uring calls answer: an errno, or "kill". */
  readonly seccomp?: string;
  /** Shell words put before the program, such as "ulimit -l 64;". */
  readonly before?: string;
}

/** `nairobi doctor --json` with `args`. */
export function doctor(args: readonly string[], options: LaunchOptions = {}): DoctorReport {
  const result = launch(['doctor', '--json', ...args], options);
  if (result.stdout === '') throw new Error(`no report: ${result.stderr}`);
  return JSON.parse(result.stdout) as DoctorReport;
}

export function launch(
  args: readonly string[],
  { uid, seccomp, before }: LaunchOptions = {},
): SpawnSyncReturns<string> {
  const program =
    seccomp === undefined
      ? [process.execPath, PROGRAM, ...args]
      : [process.execPath, FILTER, seccomp, PROGRAM, ...args];
  const [command = '', ...rest] =
    before === undefined ? program : ['sh', '-c', `${before} exec "$@"`, 'sh', ...program];
  return spawnSync(command, rest, {
    encoding: 'utf8',
    cwd: uid === undefined ? undefined : '/',
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

/** One at a time for everything that changes the whole host, whoever runs tests beside us. */
export const HOST_LOCK = join(tmpdir(), 'host.lock');

export const isRoot = process.getuid?.() === 0;

/** A sysctl file that exists and this user may write. */
export function hasSysctl(path: string): boolean {
  return isRoot && existsSync(path);
}

/** The finding of a check that the report has. */
export function finding(report: DoctorReport, id: string) {
  const found = report.findings.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no finding ${id}`);
  return found;
}
