/** Errors of system calls put in by strace, under the real program. */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { BIN, folderWith } from './nairobi.ts';

const ROWS = 300_000;
const TEXT = `a,b\n${Array.from({ length: ROWS }, (_, row) => `${row},1\n`).join('')}`;
const able = spawnSync('strace', ['-f', '-e', 'trace=none', 'true']).status === 0;
if (!able) console.log('skipped: no strace, or no right to trace');

function injected(inject: string, io: string): SpawnSyncReturns<string> {
  const folder = folderWith({ 't.csv': TEXT });
  const sql = `select count(*) as n from '${folder}/t.csv'`;
  const call = inject.split(':')[0];
  const what = ['-e', `trace=${call}`, '-e', `inject=${inject}`];
  const trace = ['-f', '-qq', '-o', '/dev/null', '--seccomp-bpf', ...what];
  return spawnSync('strace', [...trace, BIN, 'query', sql, '--io', io, '--direct', 'always'], {
    encoding: 'utf8',
  });
}

it.skipIf(!able).each([
  ['io_uring_enter:error=EINTR:when=1+2', 'uring'],
  ['io_uring_register:error=ENOMEM', 'uring'],
  ['preadv2:error=EINTR:when=1+2', 'pread'],
  ['preadv2:error=EAGAIN:when=1+2', 'pread'],
  ['preadv2:error=ENOSYS', 'pread'],
])('%s changes no answer, --io %s', (inject, io) => {
  const run = injected(inject, io);
  // libuv has rings of its own, complains, and ends the program at EAGAIN and EBUSY.
  expect(run.stderr.replace(/^libuv: .*\n/gm, '')).toBe('');
  expect(run.stdout).toBe(`n\n${ROWS}\n`);
});

/** A command over the file, with this at every call that reads it itself. */
function commanded(inject: string, command: readonly string[]): SpawnSyncReturns<string> {
  const cwd = folderWith({ 't.csv': TEXT });
  const what = ['-e', `trace=${inject.split(':')[0]}`, '-e', `inject=${inject}`];
  const trace = ['-f', '-qq', '-o', '/dev/null', '--seccomp-bpf', '-P', `${cwd}/t.csv`, ...what];
  const args = [...command, '--io', 'pread', '--direct', 'always'];
  return spawnSync('strace', [...trace, BIN, ...args], { cwd, encoding: 'utf8' });
}

it.skipIf(!able).each([
  ['preadv2:error=EINTR:when=1+2', ['stats', 't.csv', '--csv'], 0],
  ['pread64:error=EINTR:when=1+2', ['ingest', 't.csv', '-o', 'o.parquet'], 0],
  ['preadv2:error=EINTR:when=1+2', ['plot', 't.csv', '-x', 'a', '-y', 'b', '-o', 'o.svg'], 0],
  ['preadv2:error=EIO:when=2', ['stats', 't.csv', '--csv'], 1],
  ['pread64:error=EIO:when=1', ['ingest', 't.csv', '-o', 'o.parquet'], 1],
  ['preadv2:error=EIO:when=2', ['plot', 't.csv', '-x', 'a', '-y', 'b', '-o', 'o.svg'], 1],
] as const)('%s under %j ends with %i', (inject, command, exit) => {
  const run = commanded(inject, command);
  expect([run.status, run.stderr]).toEqual([exit, expect.not.stringContaining('this is a bug')]);
  if (exit === 1) expect(run.stderr).toMatch(/t\.csv.*EIO/);
});

it.skipIf(!able)('EIO is an error with the place', () => {
  const run = injected('preadv2:error=EIO:when=2', 'pread');
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(/Cannot read .*t\.csv at byte \d+:.*EIO/);
  expect(run.status).toBe(1);
});

it.skipIf(!able)('EIO where the file lies is an error with its name, too', () => {
  const folder = folderWith({ 't.csv': TEXT });
  const file = `${folder}/t.csv`;
  const trace = ['-f', '-qq', '-o', '/dev/null', '-P', file, '-e', 'trace=pread64'];
  const inject = ['-e', 'inject=pread64:error=EIO:when=1'];
  const asked = [BIN, 'query', `select count(*) as n from '${file}'`, '--io', 'mmap'];
  const run = spawnSync('strace', [...trace, ...inject, ...asked], { encoding: 'utf8' });
  expect(run.stdout).toBe('');
  expect(run.stderr).toMatch(/Cannot read .*t\.csv at byte 0: .*EIO/);
  expect(run.status).toBe(1);
});
