/** Files are read all the same where the host refuses the ring, its memory or huge pages. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../src/engine/run/report.ts';
import { BIN } from '../cli/nairobi.ts';
import { hasSysctl, isRoot, type LaunchOptions, launch, NOBODY } from './launch.ts';
import { withSysctl } from './sysctl.ts';

const DISABLED = '/proc/sys/kernel/io_uring_disabled';
const HUGE = '/proc/sys/vm/nr_hugepages';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-reading-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));
const ROWS = 400_000;
const TEXT = `a,b\n${Array.from({ length: ROWS }, (_, row) => `${row},${row % 9}\n`).join('')}`;
const plain = join(folder, 't.csv');
const packed = join(folder, 't.csv.gz');
writeFileSync(plain, TEXT);
writeFileSync(packed, gzipSync(TEXT, { level: 1 }));
const other = join(folder, 'other.csv.gz');
writeFileSync(other, gzipSync(TEXT, { level: 1 }));

interface Answer {
  readonly rows: readonly { readonly n: unknown; readonly s: unknown }[];
  readonly report: RunReport;
}

/** The report of a query over the file, whose answer must be right. */
function read(file: string, options: LaunchOptions, ...args: string[]): RunReport {
  const sql = `select count(*) as n, sum(a) as s from '${file}'`;
  const { stdout, stderr } = launch(['query', sql, '--json', ...args], options);
  // The Node that sets the filter up has a ring from before, and says so.
  expect(stderr.replace(/^libuv: .*\n/gm, '')).toBe('');
  expect(stdout.replaceAll(/\s/g, '')).toContain(`{"n":${ROWS},"s":${((ROWS - 1) * ROWS) / 2}}`);
  return (JSON.parse(stdout) as Answer).report;
}

test.each(['EPERM', 'ENOSYS', 'EACCES'])('under a seccomp filter that answers %s', (seccomp) => {
  const report = read(plain, { seccomp });
  expect(report.backend).toBe('preadv2');
  expect(report.fallbackReason).toMatch(/io_uring is (forbidden|missing)/);
});

describe.skipIf(!isRoot)('as nobody with 64 KiB of locked memory', () => {
  test('the ring reads without registered buffers', () => {
    const limited = { uid: NOBODY, before: 'ulimit -l 64;' };
    expect(read(plain, limited).backend).toBe('io_uring');
    // Node's own rings and the one that looked at the file leave no room for another.
    const report = read(packed, limited);
    expect(report.ringFlags).not.toContain('REGISTERED_BUFFERS');
    if (report.backend !== 'io_uring') expect(report.fallbackReason).toMatch(/RLIMIT_MEMLOCK/);
    expect(read(packed, {}).ringFlags).toContain('REGISTERED_BUFFERS');
    read(plain, limited, '--io', 'uring', '--direct', 'always');
  });

  test('two rings at a time are read, registered or not', () => {
    const limited = { uid: NOBODY, before: 'ulimit -l 64;' };
    const sql = `select count(*) as n, sum(l.a) as s from '${packed}' l join '${other}' r on l.a = r.a`;
    for (const io of ['auto', 'uring']) {
      const { stdout, stderr } = launch(['query', sql, '--io', io], limited);
      if (io === 'uring' && stderr.includes('RLIMIT_MEMLOCK')) continue;
      expect(stderr.replace(/^libuv: .*\n/gm, '')).toBe('');
      expect(stdout).toBe(`n,s\n${ROWS},${((ROWS - 1) * ROWS) / 2}\n`);
    }
  });
});

describe.skipIf(!hasSysctl(DISABLED))('with kernel.io_uring_disabled = 2', () => {
  test('preadv2 reads, the reason is told, and a ring that was asked for is an error', async () => {
    const [report, refused] = await withSysctl(DISABLED, 2, () => [
      read(plain, {}),
      launch(['query', `select 1 from '${plain}'`, '--io', 'uring']),
    ]);
    expect(report.backend).toBe('preadv2');
    expect(report.fallbackReason).toMatch(/sysctl kernel\.io_uring_disabled/);
    expect(refused?.status).not.toBe(0);
    expect(refused?.stderr).toMatch(/EPERM/);
  });
});

describe.skipIf(!hasSysctl(HUGE))('with reserved huge pages', () => {
  test('none: transparent ones; enough: those', async () => {
    const kinds = await withSysctl(HUGE, 0, () => read(plain, {}, '--io', 'uring').pageKind);
    expect(['thp', 'plain']).toContain(kinds);
    const reserved = await withSysctl(HUGE, 64, () => read(plain, {}, '--io', 'uring').pageKind);
    expect(reserved).toBe('hugetlb-2M');
  });

  test('too few for all who read at a time: no SIGBUS, the same answers', async () => {
    const sql = `select count(*) as n from '${plain}'`;
    const outcomes = await withSysctl(HUGE, 3, () =>
      Promise.all(
        Array.from({ length: 6 }, async () => {
          const run = spawn(BIN, ['query', sql, '--io', 'uring'], { stdio: 'ignore' });
          return await once(run, 'exit');
        }),
      ),
    );
    for (const outcome of outcomes) expect(outcome).toEqual([0, null]);
  });
});
