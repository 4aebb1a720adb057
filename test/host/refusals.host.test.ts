/**
 * Refusals made for one process on this machine: the cause has to be the true one every time. Those
 * that hold for the whole machine while they last are in whole.host.test.ts.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCgroups } from '../../src/host/cgroup.ts';
import { hostFiles } from '../../src/host/files.ts';
import { doctor, finding, isRoot, NOBODY } from './launch.ts';

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

  test.skipIf(!isRoot)('memlock of 64 KiB bounds what nobody may register, by name', () => {
    const report = doctor(['--only', 'io_uring'], { uid: NOBODY, before: 'ulimit -l 64;' });
    const registered = finding(report, 'io_uring.registered_buffers');
    expect(finding(report, 'io_uring.setup').status).toBe('pass');
    expect(registered.cause).toMatch(/ENOMEM.*RLIMIT_MEMLOCK \(64 KiB\)/);
    expect(registered.measures?.['registered_bytes']).toBeLessThanOrEqual(65_536);
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
