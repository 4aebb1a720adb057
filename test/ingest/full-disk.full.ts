/** File systems that fill up while ingest writes, as small tmpfs mounts. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nairobi, parts, workspace } from './binary.ts';
import { HEADER, rows } from './scenario-rows.ts';

const TEN_MINUTES_MS = 600_000;
const FULL = /no space left on the device|database or disk is full/i;

/** Room that a run is given beside what is there, from hopeless to enough. */
const ROOM_KIB = [4, 8, 12, 16, 24, 40, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 8192];

test(
  'on a file system that fills up the old rows stay, and with room again nothing is lost',
  (context) => {
    using room = workspace('tiny');
    const small = join(room.path, 'small');
    mkdirSync(small);
    const mount = (size: string): number | null =>
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', small]).status;
    if (mount('8k') !== 0) return context.skip('mounting needs root');
    try {
      for (const target of ['out.parquet', 'out.csv', 'data/', 'out.arrow', 'out.sqlite#t']) {
        failOnFull(small, target);
      }
    } finally {
      spawnSync('umount', [small]);
    }
  },
  TEN_MINUTES_MS,
);

test('a full disk is no reason not to drop what is old', (context) => {
  using room = workspace('tiny');
  const small = join(room.path, 'small');
  mkdirSync(small);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
  if (mounted.status !== 0) return context.skip('mounting needs root');
  try {
    writeFileSync(join(room.path, 'log.csv'), HEADER + rows(0, 40));
    const data = join(small, 'data/');
    const args = ['ingest', join(room.path, 'log.csv'), '-o', data, '--partition-by', 'day(ts)'];
    expect(nairobi(room.path, args).code).toBe(0);
    const { bavail, bsize } = statfsSync(small);
    writeFileSync(join(small, 'filler'), Buffer.alloc(bavail * bsize));
    expect(statfsSync(small).bavail).toBe(0);
    const kept = nairobi(room.path, ['ingest', '--keep', '1s', '--compact', data]);
    expect(kept, kept.stderr).toMatchObject({ code: 0 });
    expect(parts(data)).toEqual([]);
  } finally {
    spawnSync('umount', [small]);
  }
});

/** Starts small and is given more room until the run succeeds. */
function failOnFull(small: string, target: string): void {
  const input = join(small, '..', 'log.csv');
  const resize = (kib: number): void => {
    spawnSync('mount', ['-o', `remount,size=${kib}k`, small]);
  };
  for (const name of readdirSync(small))
    rmSync(join(small, name), { recursive: true, force: true });
  const state = target.startsWith('out.sqlite') ? 'me' : 'state.json';
  const run = () =>
    nairobi(small, ['ingest', input, '-o', target, '--state', state, '--json', '-q']);
  resize(8192);
  writeFileSync(input, HEADER + rows(0, 500));
  expect(run().code, target).toBe(0);
  writeFileSync(input, HEADER + rows(0, 6000));
  let fulls = 0;
  const { blocks, bfree, bsize } = statfsSync(small);
  const used = ((blocks - bfree) * bsize) / 1024;
  for (const kib of ROOM_KIB) {
    resize(used + kib);
    const { code, stdout, stderr } = run();
    if (code === 0) {
      expect(JSON.parse(stdout).rows.rowsWritten, `${target} at ${kib} KiB`).toBe(5500);
      expect(fulls, target).toBeGreaterThan(0);
      return;
    }
    fulls += 1;
    expect(code, stderr).toBe(1);
    expect(stderr, `${target} at ${kib} KiB`).toMatch(FULL);
  }
  expect.fail(`${target} did not fit ${ROOM_KIB.at(-1)} KiB`);
}
