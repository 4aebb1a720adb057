/** Refusals made on this machine, and taken back: the cause has to be the true one every time. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { DoctorReport } from '../../src/engine/doctor.ts';
import { readCgroups } from '../../src/host/cgroup.ts';
import { hostFiles } from '../../src/host/files.ts';
import { doctor, HOST_LOCK, hasSysctl, isRoot, NOBODY } from './launch.ts';

const DISABLED = '/proc/sys/kernel/io_uring_disabled';
const HUGE = '/proc/sys/vm/nr_hugepages';

function finding(report: DoctorReport, id: string) {
  const found = report.findings.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no finding ${id}`);
  return found;
}

/** Runs `body` with `value` in the sysctl, alone on the host, and puts the old value back. */
async function withSysctl<T>(path: string, value: number, body: () => T): Promise<T> {
  const holder = spawn('flock', [HOST_LOCK, 'sh', '-c', 'echo held; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, String(value));
  try {
    return body();
  } finally {
    writeFileSync(path, before);
    holder.stdin.end();
  }
}

function works(): boolean {
  return finding(doctor(['--only', 'io_uring']), 'io_uring.setup').status === 'pass';
}

const ringable = works();
if (!ringable) console.log('skipped: io_uring does not work here, so no refusal can be made');

describe.skipIf(!ringable)('io_uring refused on this machine', () => {
  for (const errno of ['EPERM', 'ENOSYS', 'EACCES']) {
    test(`a seccomp filter that answers ${errno} is named as the cause`, () => {
      const report = doctor(['--only', 'io_uring'], { seccomp: errno });
      const setup = finding(report, 'io_uring.setup');
      expect(setup.status).toBe('warn');
      expect(setup.cause).toContain(`${errno}: a seccomp filter`);
      expect(finding(report, 'io_uring.seccomp').status).toBe('warn');
      expect(finding(report, 'io_uring.disabled').status).not.toBe('warn');
      expect(finding(report, 'io_uring.lsm').status).toBe('pass');
    });
  }

  test('a seccomp filter that kills the caller is survived and named', () => {
    const report = doctor(['--only', 'io_uring'], { seccomp: 'kill' });
    expect(finding(report, 'io_uring.setup').cause).toMatch(/^SIGSYS: a seccomp filter kills/);
  });

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

  test.skipIf(!isRoot)('memlock of 64 KiB bounds what nobody may register, by name', () => {
    const report = doctor(['--only', 'io_uring'], { uid: NOBODY, before: 'ulimit -l 64;' });
    const registered = finding(report, 'io_uring.registered_buffers');
    expect(finding(report, 'io_uring.setup').status).toBe('pass');
    expect(registered.cause).toMatch(/ENOMEM.*RLIMIT_MEMLOCK \(64 KiB\)/);
    expect(registered.measures?.['registered_bytes']).toBeLessThanOrEqual(65_536);
  });
});

describe.skipIf(!hasSysctl(HUGE))('huge pages on this machine', () => {
  test('none free: the number to reserve is computed', async () => {
    const report = await withSysctl(HUGE, 0, () => doctor(['--only', 'memory.hugetlb']));
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

describe('memory limited by a control group', () => {
  const own = readCgroups(hostFiles()).levels('memory')[0] ?? '';
  const group = join(own, 'nairobi-doctor-test');
  const version = readCgroups(hostFiles()).version;
  const limit = version === 2 ? 'memory.max' : 'memory.limit_in_bytes';
  const able = isRoot && existsSync(join(own, limit));
  if (!able) console.log('skipped: no memory control group that we may make a child of');

  test.skipIf(!able)('the file that bounds us is named', () => {
    mkdirSync(group);
    try {
      writeFileSync(join(group, limit), String(250 * 2 ** 20));
      const report = doctor(['--only', 'memory'], {
        before: `echo $$ > ${join(group, 'cgroup.procs')};`,
      });
      const available = finding(report, 'memory.available');
      expect(available.cause).toContain(join(group, limit));
      expect(available.measures?.['available_bytes']).toBeLessThan(250 * 2 ** 20);
    } finally {
      rmdirSync(group);
    }
  });
});

describe('libraries hidden from us', () => {
  const unshare = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0;
  if (!unshare) console.log('skipped: no mount namespace to hide a package in');
  const hidden = (name: string): string =>
    execFileSync('readlink', ['-f', join(import.meta.dirname, '../../node_modules', name)], {
      encoding: 'utf8',
    }).trim();

  test.skipIf(!unshare)('without koffi the ring is unknown and koffi is named', () => {
    const report = doctor([], {
      before: `unshare -m sh -c 'mount -t tmpfs none ${hidden('koffi')} && exec "$@"' sh "$@"; exit;`,
    });
    expect(finding(report, 'runtime.koffi').status).toBe('warn');
    expect(finding(report, 'runtime.koffi').found).toMatch(/koffi/);
    expect(finding(report, 'io_uring.setup').cause).toMatch(/Cannot load koffi/);
    expect(finding(report, 'runtime.polars').status).toBe('pass');
  });

  test.skipIf(!unshare)('without Polars the host is not able', () => {
    const report = doctor(['--only', 'runtime'], {
      before: `unshare -m sh -c 'mount -t tmpfs none ${hidden('nodejs-polars')} && exec "$@"' sh "$@"; exit;`,
    });
    expect(report.exit).toBe(2);
    expect(finding(report, 'runtime.polars').cause).toMatch(/no binary for linux-/);
  });
});
