/**
 * Kills the real program at a chosen system call that writes (strace injects the signal before the
 * call is carried out) or after a random time, runs it again, and compares the dataset with what an
 * undisturbed run gives.
 */
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { column, nairobi, type Outcome } from './binary.ts';

const program = fileURLToPath(new URL('../../bin/dev.js', import.meta.url));

/** Every call by which the program changes a file system. */
export const WRITING_CALLS =
  'write,pwrite64,writev,rename,renameat,renameat2,mkdir,mkdirat,fsync,fdatasync,unlink,unlinkat,rmdir,ftruncate,link,linkat';

export const hasStrace = spawnSync('strace', ['-V']).status === 0;
export const NO_STRACE = 'strace is not installed: apt-get install strace';

const HEADER = 'id,ts,device,value\n';
const row = (id: number): string =>
  id % 50 === 49
    ? `${id},2026-11-01 10:00:00,broken\n`
    : `${id},2026-11-0${1 + (id % 2)} 10:00:00,dev-${id % 3},${id / 8}\n`;
const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => row(from + i)).join('');

const ARGS = [
  ...['ingest', 'log.csv', '-o', 'data/', '--partition-by', 'day(ts),device'],
  ...['--state', 'state.json', '--on-error', 'quarantine', '--rejects', 'bad.ndjson', '-q'],
];

/** A log of which a first run has taken a part, and which was rotated and grew since. */
export function prepare(path: string): void {
  for (const name of ['data', 'state.json', 'bad.ndjson', 'log.csv', 'log.csv.1']) {
    rmSync(join(path, name), { recursive: true, force: true });
  }
  const log = join(path, 'log.csv');
  writeFileSync(log, HEADER + rows(0, 120));
  expect(nairobi(path, ARGS)).toMatchObject({ code: 5, stderr: '' });
  appendFileSync(log, rows(120, 160));
  renameSync(log, `${log}.1`);
  writeFileSync(log, HEADER + rows(160, 260));
}

export const run = (path: string, before: readonly string[] = []) => nairobi(path, ARGS, before);

/** The nth use of a system call. */
export interface Call {
  readonly name: string;
  readonly nth: number;
}

/** The second run under strace without a fault: every call there is to disturb, in order. */
export function writingCalls(path: string): Call[] {
  prepare(path);
  const trace = join(path, 'trace');
  run(path, ['strace', '-qq', '-o', trace, '-e', `trace=${WRITING_CALLS}`]);
  const seen = new Map<string, number>();
  const calls: Call[] = [];
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const name = /^(\w+)\(/.exec(line)?.[1];
    if (name === undefined) continue;
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    calls.push({ name, nth });
  }
  rmSync(trace);
  return calls;
}

/** Arguments of strace (which counts each system call by itself) that do `what` to one call. */
export const inject = (what: string, { name, nth }: Call): string[] => [
  ...['strace', '-qq', '-o', '/dev/null', '-e', `trace=${name}`],
  ...['-e', `inject=${name}:${what}:when=${nth}`],
];

/** V8's threads wake each other by write: their number differs, so the last ones may not come. */
export function expectKilled(outcome: Outcome, { name, nth }: Call): void {
  if (name === 'write' && outcome.signal === null) return;
  expect(outcome.signal, `${name} ${nth}`).toBe('SIGKILL');
}

/** Runs and kills after `afterMs`; resolves once it is dead. */
export function killAfter(path: string, afterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...ARGS], { cwd: path, stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    child.on('exit', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

const good = (to: number): string[] =>
  Array.from({ length: to }, (_, id) => id)
    .filter((id) => id % 50 !== 49)
    .map(String);
const rejected = (to: number): number[] =>
  Array.from({ length: to }, (_, id) => id).filter((id) => id % 50 === 49);

/** Readable, and no row twice, also before anything was repaired. */
export async function checkReadable(path: string): Promise<string[]> {
  const seen = await column(join(path, 'data'), 'id');
  expect(new Set(seen).size).toBe(seen.length);
  return seen;
}

/** After a rerun: exactly the rows and the rejects of an undisturbed history. */
export async function checkWhole(path: string): Promise<void> {
  const again = run(path);
  expect([0, 5]).toContain(again.code);
  expect(again.stderr).toBe('');
  const seen = await column(join(path, 'data'), 'id');
  expect(seen).toEqual(good(260));
  const { stdout } = spawnSync('cat', [join(path, 'bad.ndjson')], { encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  expect(lines.map((line) => Number.parseInt(JSON.parse(line).raw, 10))).toEqual(rejected(260));
  const { stdout: left } = spawnSync(
    'find',
    [path, '-name', '*.part', '-o', '-name', '*.tmp', '-o', '-name', '*.next'],
    { encoding: 'utf8' },
  );
  expect(left).toBe('');
}

export const OLD = good(120);
export const NEW = good(260);
