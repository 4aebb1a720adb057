/**
 * Refusals that hold for the whole machine while they last: sysctls and reserved huge pages. Each is
 * taken back, under a lock that other runs of these tests on the machine wait for.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { DoctorReport } from '../../src/engine/doctor/doctor.ts';
import { doctor, finding, hasSysctl, launch, NOBODY } from './launch.ts';
import { withSysctl } from './sysctl.ts';

const DISABLED = '/proc/sys/kernel/io_uring_disabled';
const HUGE = '/proc/sys/vm/nr_hugepages';
const reserved = (): number => Number(readFileSync(HUGE, 'utf8'));

describe('io_uring forbidden on this machine', () => {
  const sysctl = hasSysctl(DISABLED);
  if (!sysctl) console.log(`skipped: ${DISABLED} is missing or not ours to write`);

  test.skipIf(!sysctl)('io_uring_disabled = 2 is the cause for root and for nobody', async () => {
    const reports = await withSysctl(DISABLED, 2, () => [
      doctor(['--only', 'io_uring']),
      doctor(['--only', 'io_uring'], { uid: NOBODY }),
    ]);
    for (const report of reports) {
      expect(finding(report, 'io_uring.setup').cause).toMatch(/io_uring_disabled = 2/);
      expect(report.firstStep).toBe('sysctl -w kernel.io_uring_disabled=0');
      expect(finding(report, 'io_uring.seccomp').status).toBe('pass');
    }
  });

  test.skipIf(!sysctl)('io_uring_disabled = 1 stops nobody, not root', async () => {
    const [root, nobody] = (await withSysctl(DISABLED, 1, () => [
      doctor(['--only', 'io_uring']),
      doctor(['--only', 'io_uring'], { uid: NOBODY }),
    ])) as [DoctorReport, DoctorReport];
    expect(finding(root, 'io_uring.setup').status).toBe('pass');
    expect(finding(nobody, 'io_uring.setup').cause).toMatch(/= 1 and kernel\.io_uring_group = -1/);
    expect(finding(nobody, 'io_uring.disabled').rootAdds).toMatch(/root may/);
  });

  test.skipIf(!sysctl)('a sysctl and a seccomp filter together are both named', async () => {
    const report = await withSysctl(DISABLED, 2, () =>
      doctor(['--only', 'io_uring'], { seccomp: 'EPERM' }),
    );
    expect(finding(report, 'io_uring.setup').cause).toMatch(
      /seccomp.*besides.*io_uring_disabled = 2/,
    );
  });
});

describe.skipIf(!hasSysctl(DISABLED))('mending this machine', () => {
  test('--fix --yes allows io_uring again, and --undo takes it back', async () => {
    const state = mkdtempSync(join(tmpdir(), 'nairobi-state-'));
    const before = `XDG_STATE_HOME=${state}; export XDG_STATE_HOME;`;
    const seen = await withSysctl(DISABLED, 2, () => {
      const fixed = launch(['doctor', '--only', 'io_uring', '--fix', '--yes'], { before });
      const allowed = readFileSync(DISABLED, 'utf8').trim();
      const works = finding(doctor(['--only', 'io_uring']), 'io_uring.setup').status;
      const undone = launch(['doctor', '--undo'], { before });
      return { fixed, allowed, works, undone, after: readFileSync(DISABLED, 'utf8').trim() };
    });
    rmSync(state, { recursive: true });
    expect(seen.fixed.stdout).toBe(`applied: ${DISABLED}: 2 -> 0\n`);
    expect([seen.allowed, seen.works]).toEqual(['0', 'pass']);
    expect(seen.undone.stdout).toBe(`restored: ${DISABLED}: 0 -> 2\n`);
    expect(seen.after).toBe('2');
  });
});

describe.skipIf(!hasSysctl(HUGE))('huge pages on this machine', () => {
  test('none free: the number to reserve is computed', async (context) => {
    const report = await withSysctl(HUGE, 0, async () => {
      // Pages that others still use stay reserved until they give them back.
      for (let wait = 0; wait < 100 && reserved() > 0; wait += 1) await sleep(100);
      if (reserved() > 0) return undefined;
      return doctor(['--only', 'memory.hugetlb']);
    });
    if (report === undefined) return context.skip('others keep huge pages of this host');
    const found = finding(report, 'memory.hugetlb');
    expect(found.cause).toMatch(/none are reserved/);
    expect(found.fixes[0]?.actions).toEqual([
      { kind: 'sysctl', key: 'vm.nr_hugepages', value: 4, raiseOnly: true },
    ]);
  });

  test('pages reserved: as many as are needed are touched', async () => {
    // More than are needed: other tests of this machine may take some meanwhile.
    const report = await withSysctl(HUGE, 128, () => doctor(['--only', 'memory']));
    expect(finding(report, 'memory.hugetlb').status).toBe('pass');
    expect(finding(report, 'memory.hugetlb_touch')).toMatchObject({
      status: 'pass',
      found: '4 × 2 MiB written to',
    });
  });
});
