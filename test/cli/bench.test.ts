/** `nairobi doctor --bench` as somebody runs it who has just met the machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { BenchReport } from '../../src/engine/doctor/bench.ts';
import { FS_MAGIC } from '../../src/kernel/constants.ts';
import { BIN, folderWith, nairobi, namesIn } from './nairobi.ts';

const BYTES = 17 << 20;

it('a file gives a table, fastest first, and a recommendation; it is left as it was', () => {
  const cwd = folderWith({ 'a.bin': Buffer.alloc(BYTES, 7) });
  const { stdout, stderr, code } = nairobi(['doctor', '--bench', 'a.bin'], { cwd });
  expect([code, stderr]).toEqual([0, '']);
  const sections = stdout.split('\n\n').filter((section) => /^(?:past|in|from)/.test(section));
  for (const section of sections) {
    const speeds = [...section.matchAll(/ ([\d.]+) ([GMk])B\/s/g)].map(
      ([, number, unit]) => Number(number) * { G: 1e9, M: 1e6, k: 1e3 }[unit as 'G' | 'M' | 'k'],
    );
    expect(speeds.length).toBeGreaterThan(0);
    expect(speeds).toEqual(speeds.toSorted((a, b) => b - a));
  }
  expect(stdout).toMatch(/^from the page cache/m);
  expect(stdout).toMatch(/^best.* --direct (?:always|never), up to .*in flight\)$/m);
  expect(namesIn(cwd)).toEqual(['a.bin']);
});

/** A folder in memory. */
function tmpfsFolder(): string | undefined {
  const shared = '/dev/shm';
  if (!existsSync(shared) || statfsSync(shared).type !== FS_MAGIC.TMPFS_MAGIC) return undefined;
  const folder = mkdtempSync(join(shared, 'nairobi-bench-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

it('in memory nothing is measured past the page cache, and nothing of it recommended', (context) => {
  const folder = tmpfsFolder();
  if (folder === undefined) return context.skip('/dev/shm is no tmpfs');
  const { stdout, code } = nairobi(['doctor', '--bench', folder, '--json']);
  expect(code).toBe(0);
  const { rows, recommendation } = JSON.parse(stdout) as BenchReport;
  expect(new Set(rows.map(({ path }) => path))).toEqual(new Set(['cached', 'uncached']));
  expect(recommendation).toMatchObject({ direct: false, hugePagesFactor: null });
  expect(namesIn(folder)).toEqual([]);
});

it.each(['SIGINT', 'SIGTERM'] as const)('%s takes the file away that was made', async (signal) => {
  const cwd = folderWith();
  const run = spawn(BIN, ['doctor', '--bench', '.'], { cwd, stdio: 'ignore' });
  const ended = once(run, 'exit');
  for (let i = 0; i < 400 && namesIn(cwd).length === 0; i += 1) await sleep(10);
  expect(namesIn(cwd)).toHaveLength(1);
  run.kill(signal);
  expect(await ended).toEqual([null, signal]);
  expect(namesIn(cwd)).toEqual([]);
});

it.each([
  ['a small file', 'small', 2, 'too small to measure with'],
  ['no file at all', 'none', 1, 'there is no such file'],
  ['a place without room', '/proc', 1, 'There is no room'],
  ['a device without bytes', '/dev/null', 2, 'too small to measure with'],
])('%s is told as such', (_, target, expected, message) => {
  const cwd = folderWith({ small: 'x' });
  const { code, stderr } = nairobi(['doctor', '--bench', target], { cwd });
  expect([code, stderr]).toEqual([expected, expect.stringContaining(message)]);
});
