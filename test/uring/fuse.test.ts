/** A file system that misbehaves on purpose: dying disks, dead servers, short and endless reads. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, test as anyTest, describe, expect } from 'vitest';
import { assert } from '../../src/errors.ts';
import { Pool } from '../../src/memory/pool.ts';
import { MiB } from '../../src/units.ts';
import { openInPlace } from '../../src/uring/in-place.ts';
import { openReader, readFile } from '../../src/uring/read-file.ts';
import { openSource } from '../../src/uring/source.ts';
import { BIN, nairobi } from '../cli/nairobi.ts';
import { mountFuse } from './fuse/mount.ts';
import { drain, sample } from './sample.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-of-fuse-'));
const CONTENT = sample(5 * MiB + 77);
const ROWS = 500_000;
const TEXT = `a,b\n${Array.from({ length: ROWS }, (_, row) => `${row},1\n`).join('')}`;

writeFileSync(path.join(folder, 'content'), CONTENT);
writeFileSync(path.join(folder, 'csv'), TEXT);
const bytes = { from: path.join(folder, 'content'), size: CONTENT.length };
const table = { from: path.join(folder, 'csv'), size: TEXT.length };
const mount = await mountFuse({
  plain: bytes,
  'no-direct': { ...bytes, refusesDirect: true },
  uncached: { ...bytes, uncached: true },
  short: { ...bytes, uncached: true, shortReads: true },
  ends: { ...bytes, endsAt: 2 * MiB + 5 },
  'ends-uncached': { ...bytes, uncached: true, endsAt: 2 * MiB + 5 },
  fails: { ...bytes, failsFrom: 3 * MiB },
  'uncached.csv': { ...table, uncached: true },
  'fails.csv': { ...table, failsFrom: 2 * MiB },
  'hangs.csv': { ...table, hangsFrom: 2 * MiB },
});
afterAll(async () => {
  await mount?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const test = anyTest.skipIf(mount === undefined);

/** The path of a file of the mount. */
function at(name: string): string {
  assert(mount !== undefined, 'mounted');
  return path.join(mount.folder, name);
}

describe.each(['auto', 'pread'] as const)('with --io %s', (io) => {
  test.each(['plain', 'no-direct', 'uncached', 'short'])('%s is read as it is', (name) => {
    const file = at(name);
    using pool = new Pool();
    using reader = openReader(io);
    for (const direct of ['always', 'never'] as const) {
      const whole = readFile(file, { pool, reader, direct });
      expect(whole.lease.bytes(0, whole.byteLength).equals(CONTENT)).toBe(true);
      whole.lease.release();
      using source = openSource(file, { pool, reader, direct, blockBytes: 256 * 1024 });
      expect(drain(source).equals(CONTENT)).toBe(true);
      if (io === 'auto') expect(source.facts.fallbackReason).toMatch(/FUSE/);
    }
  });

  test.each(['ends', 'ends-uncached'])(
    '%s before its size: an error, no repeated bytes',
    (name) => {
      const file = at(name);
      using pool = new Pool();
      for (const direct of ['always', 'never'] as const) {
        expect(() => readFile(file, { pool, io, direct })).toThrow(/ends at byte 2097157/);
      }
    },
  );

  test('EIO in the middle names the file and the place', () => {
    const file = at('fails');
    using pool = new Pool();
    expect(() => readFile(file, { pool, io })).toThrow(/fails at byte \d+:.*EIO/);
    expect(pool.mappedBytes).toBeLessThanOrEqual(8 * MiB);
  });
});

test('a file that cannot be mapped is not scanned in place', () => {
  const file = at('uncached.csv');
  expect(openInPlace(file)).toBeUndefined();
  const sql = `select count(*) as n from '${file}'`;
  expect(nairobi(['query', sql, '--io', 'mmap'])).toMatchObject({
    stdout: `n\n${ROWS}\n`,
    code: 0,
  });
});

test.each(['auto', 'uring', 'pread', 'mmap'])('EIO is an error of the program, --io %s', (io) => {
  const file = at('fails.csv');
  const run = nairobi(['query', `select sum(a) from '${file}'`, '--io', io]);
  expect(run.stdout).toBe('');
  expect(run.stderr).toContain('fails.csv');
  expect(run.code).toBe(1);
});

describe.each(['auto', 'uring', 'pread', 'mmap'])('a read that nobody answers, --io %s', (io) => {
  test('ends with --timeout', () => {
    const sql = `select sum(a) from '${at('hangs.csv')}'`;
    const { code, stderr } = nairobi(['query', sql, '--io', io, '--timeout', '700ms']);
    expect(stderr).toContain('Gave up after 700 ms');
    expect(code).toBe(124);
  });
});

test.each([
  ['query', 'SIGINT'],
  ['query', 'SIGTERM'],
  ['ingest', 'SIGINT'],
  ['ingest', 'SIGTERM'],
] as const)('%s is ended by %s while a read hangs', async (command, signal) => {
  const file = at('hangs.csv');
  const out = mkdtempSync(path.join(folder, 'out-'));
  const target = path.join(out, 'o.parquet');
  const args =
    command === 'query'
      ? ['query', `select * from '${file}'`, '-o', target]
      : ['ingest', file, '-o', target];
  const run = spawn(BIN, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(run, 'exit');
  await sleep(900);
  run.kill(signal);
  // The kernel lets a process go out of a read that hangs for a fatal signal only: the second.
  const again = setTimeout(() => run.kill(signal), 500);
  const [code, by] = await ended;
  clearTimeout(again);
  expect([code, by]).toEqual([null, signal]);
  expect(readdirSync(out).filter((name) => !name.startsWith('.'))).toEqual([]);
});
