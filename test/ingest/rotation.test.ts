import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { column, nairobi, nairobiCommand, workspace } from './binary.ts';
import { hasStrace, NO_STRACE } from './injection.ts';
import { HEADER, ids, rows } from './scenario-rows.ts';

const numeric = (texts: readonly string[]): string[] =>
  texts
    .map(Number)
    .sort((a, b) => a - b)
    .map(String);

/** Runs over `sources` and gives the ids that are in the dataset then. */
async function ingested(path: string, ...sources: string[]): Promise<string[]> {
  const run = nairobi(path, ['ingest', ...sources, '-o', 'data/', '--state', 's', '-q']);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  return numeric(await column(join(path, 'data'), 'id'));
}

for (const [suffix, compress] of [
  ['gz', gzipSync],
  ['zst', zstdCompressSync],
] as const) {
  test(`a log that was compressed when it was rotated is read on, not again: ${suffix}`, async () => {
    using room = workspace('rotation');
    const { path } = room;
    const log = join(path, 'app.log');
    writeFileSync(log, HEADER + rows(0, 90));
    expect(await ingested(path, 'app.log*')).toEqual(ids(90));
    appendFileSync(log, rows(90, 100));
    writeFileSync(`${log}.1.${suffix}`, compress(readFileSync(log)));
    // While the compressor is at work both are there.
    renameSync(log, `${log}.1`);
    writeFileSync(log, HEADER + rows(100, 120));
    expect(await ingested(path, 'app.log*')).toEqual(ids(120));
    rmSync(`${log}.1`);
    expect(await ingested(path, 'app.log*')).toEqual(ids(120));
    renameSync(`${log}.1.${suffix}`, `${log}.2.${suffix}`);
    appendFileSync(log, rows(120, 130));
    expect(await ingested(path, 'app.log*')).toEqual(ids(130));
  });

  test(`the rest of a log is found in its compressed sibling: ${suffix}`, async () => {
    using room = workspace('rotation');
    const { path } = room;
    const log = join(path, 'app.log');
    writeFileSync(log, HEADER + rows(0, 90));
    expect(await ingested(path, 'app.log')).toEqual(ids(90));
    appendFileSync(log, rows(90, 100));
    writeFileSync(`${log}.1.${suffix}`, compress(readFileSync(log)));
    writeFileSync(log, HEADER + rows(100, 120));
    expect(await ingested(path, 'app.log')).toEqual(ids(120));
    expect(await ingested(path, 'app.log')).toEqual(ids(120));
  });
}

test('another compressed file with the same beginning is read as what it is', async () => {
  using room = workspace('rotation');
  const { path } = room;
  const banner = (from: number, to: number): string =>
    `id,note\n${Array.from({ length: to - from }, (_, i) => (i < 40 ? `${i},${'same '.repeat(8)}\n` : `${from + i},own\n`)).join('')}`;
  writeFileSync(join(path, 'a.csv'), banner(1000, 1100));
  expect(await ingested(path, 'a.csv')).toHaveLength(100);
  writeFileSync(join(path, 'b.csv.gz'), gzipSync(banner(2000, 2150)));
  expect(await ingested(path, 'a.csv', 'b.csv.gz')).toHaveLength(250);
});

/** A log whose beginning was read, rotated by copytruncate into `log.1`. */
async function copied(path: string): Promise<string> {
  const log = join(path, 'app.log');
  writeFileSync(log, HEADER + rows(0, 90));
  expect(await ingested(path, 'app.log')).toEqual(ids(90));
  appendFileSync(log, rows(90, 100));
  copyFileSync(log, `${log}.1`);
  writeFileSync(log, HEADER + rows(100, 120));
  return log;
}

test('a folder beside a log is not taken for what it was rotated to', async () => {
  using room = workspace('rotation');
  const log = await copied(room.path);
  // Longer than the log, as ext4 counts it.
  mkdirSync(`${log}.d`);
  expect(await ingested(room.path, 'app.log')).toEqual(ids(120));
});

test('a rotated log that cannot be opened now is not given up', async (context) => {
  if (!hasStrace) return context.skip(NO_STRACE);
  using room = workspace('rotation');
  const { path } = room;
  const log = await copied(path);
  const args = ['ingest', 'app.log', '-o', 'data/', '--state', 's', '-q'];
  const failing = ['strace', '-f', '-qq', '-o', '/dev/null', '-P', `${log}.1`];
  const run = nairobi(path, args, [...failing, '-e', 'inject=openat:error=EIO']);
  expect(run.code, run.stderr).toBe(1);
  expect(run.stderr).toMatch(/Cannot open .*app\.log\.1: the device reported/);
  expect(await ingested(path, 'app.log')).toEqual(ids(120));
});

const MiB = 1024 * 1024;

/** strace cuts a call in two where another thread comes between. */
function wholeCalls(trace: string): string[] {
  const begun = new Map<string, string>();
  return trace.split('\n').flatMap((line) => {
    const [, pid = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      begun.set(pid, rest);
      return [];
    }
    return [rest.startsWith('<... ') ? `${begun.get(pid)}${rest}` : rest];
  });
}

test('a log that grew is not read again: little more than what is new', (context) => {
  if (!hasStrace) return context.skip(NO_STRACE);
  using room = workspace('resume-cost');
  const { path } = room;
  const log = join(path, 'app.log');
  const block = (from: number): string => rows(from, from + 30_000);
  writeFileSync(log, HEADER + block(0));
  for (let size = 1; size < 12; size += 1) appendFileSync(log, block(size * 30_000));
  const args = ['ingest', 'app.log', '-o', 'data/', '--state', 's', '-q'];
  expect(nairobi(path, args).code).toBe(0);
  const more = block(400_000).slice(0, MiB);
  appendFileSync(log, more.slice(0, more.lastIndexOf('\n') + 1));
  const calls = 'trace=read,pread64,readv,preadv,preadv2,mmap';
  const trace = join(path, 'trace');
  const [command = '', ...rest] = nairobiCommand;
  const run = spawnSync(
    'strace',
    ['-f', '-y', '-qq', '-o', trace, '-e', calls, command, ...rest, ...args],
    { cwd: path, encoding: 'utf8' },
  );
  expect(run.status, run.stderr).toBe(0);
  const ofLog = wholeCalls(readFileSync(trace, 'utf8')).filter((line) => line.includes(`<${log}>`));
  expect(ofLog.filter((line) => line.includes('mmap('))).toEqual([]);
  const read = ofLog.map((line) => Number(/= (\d+)$/.exec(line)?.[1] ?? 0));
  const total = read.reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThan(more.length - 100);
  expect(total).toBeLessThan(2 * MiB);
});
