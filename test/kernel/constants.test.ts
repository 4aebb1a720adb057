import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { OPEN_BY_ARCH, SYSCALLS_BY_ARCH } from '../../src/kernel/constants.ts';

const SKIPPED = 77;

test('the constants are those of the kernel headers of this machine', (context) => {
  const script = 'scripts/check-kernel-constants.mjs';
  const run = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (run.status === SKIPPED) context.skip(run.stdout.trim());
  expect(run.stdout + run.stderr).not.toMatch(/DIFFERS/);
  expect(run.status).toBe(0);
});

test('both architectures name the same system calls and flags', () => {
  expect(Object.keys(SYSCALLS_BY_ARCH.arm64)).toEqual(Object.keys(SYSCALLS_BY_ARCH.x64));
  expect(Object.keys(OPEN_BY_ARCH.arm64).sort()).toEqual(Object.keys(OPEN_BY_ARCH.x64).sort());
});

test('no two flags of open(2) share a bit', () => {
  for (const flags of Object.values(OPEN_BY_ARCH)) {
    const bits = Object.values(flags);
    expect(new Set(bits).size).toBe(bits.length);
  }
});
