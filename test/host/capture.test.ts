import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { filesOf, packCapture } from '../../src/engine/doctor/capture.ts';
import { diagnose, NEEDS, observeFor } from '../../src/engine/doctor/doctor.ts';
import { CHECKS } from '../../src/host/checks/all.ts';
import { hostFiles } from '../../src/host/files.ts';
import { redact } from '../../src/host/redact.ts';
import { readTar, writeTar } from '../../src/host/tar.ts';
import { doctor, launch } from './launch.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-capture-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a capture gives the same answers as the host it was made on', async () => {
  const nothing = { required: new Set<string>(), places: [] };
  const observed = await observeFor(hostFiles(), CHECKS, nothing, 20_000);
  const file = join(folder, 'host.tar.gz');
  writeFileSync(file, packCapture(file, observed, CHECKS, NEEDS));
  const question = { only: [], ignore: [], strict: false };
  const live = diagnose(hostFiles(), observed, question);
  const captured = diagnose(filesOf(file), observed, question);
  const answers = (report: typeof live) =>
    Object.fromEntries(
      report.findings
        // These change from one moment to the next.
        .filter(({ id }) => !/pressure|available|memory\.hugetlb/.test(id))
        .map(({ id, status, cause }) => [id, [status, cause]]),
    );
  expect(answers(captured)).toEqual(answers(live));
  expect(captured.host).toEqual(live.host);
});

test('a capture made on a real virtual machine of Debian 12 is still understood', () => {
  const report = doctor(['--root-prefix', 'test/fixtures/hosts/debian-12-vm.tar.gz']);
  expect(report).toMatchObject({ ability: 'able', exit: 0, firstStep: null });
  expect(report.host).toMatchObject({
    distribution: 'Debian GNU/Linux 12 (bookworm)',
    container: null,
  });
  expect(report.verdict).toMatch(/io_uring into transparent huge pages: full speed/);
  expect(report.counts).toMatchObject({ warn: 0, fail: 0, unknown: 0 });
});

test('the command captures, and examines what was captured', () => {
  const file = join(folder, 'command.tar.gz');
  expect(launch(['doctor', '--capture', file]).status).toBe(0);
  expect(doctor(['--root-prefix', file]).findings).toHaveLength(CHECKS.length);
});

test('the same capture unpacked into a directory is read alike', () => {
  const file = join(folder, 'tree.tar');
  const tree = join(folder, 'tree');
  launch(['doctor', '--capture', file]);
  execFileSync('mkdir', [tree]);
  execFileSync('tar', ['-xf', file, '-C', tree]);
  const [packed, unpacked] = [doctor(['--root-prefix', file]), doctor(['--root-prefix', tree])];
  expect(unpacked.findings).toEqual(packed.findings);
});

test('tar reads what we write, and we read what tar writes', () => {
  const entries = new Map([
    ['/proc/a', 'one\n'],
    [`/sys/${'long/'.repeat(25)}name`, 'x'.repeat(513)],
    ['/empty', ''],
  ]);
  const file = join(folder, 'ours.tar');
  writeFileSync(file, writeTar(entries));
  const names = execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n');
  expect(names.sort()).toEqual([...entries.keys()].map((path) => path.slice(1)).sort());
  expect(readTar(writeTar(entries))).toEqual(entries);
  const tree = join(folder, 'theirs');
  execFileSync('sh', [
    '-c',
    `mkdir ${tree} && echo hello > ${tree}/proc && tar -C ${tree} --format=ustar -cf ${tree}.tar .`,
  ]);
  expect(filesOf(`${tree}.tar`).text('/proc')).toBe('hello\n');
});

test('what is no capture is refused with its name', () => {
  const file = join(folder, 'junk.tar');
  writeFileSync(file, 'this is no archive'.repeat(100));
  expect(() => filesOf(file)).toThrow(/Cannot read ".*junk\.tar" as a capture/);
  expect(() => filesOf(join(folder, 'missing'))).toThrow(/There is no capture/);
});

test('names, addresses, ids and keys stay on the host', () => {
  const id = 'ab12'.repeat(16);
  const clean = redact(
    new Map([
      ['/proc/cmdline', 'root=UUID=1 password=secret hugepages=64 ip=10.0.0.7\n'],
      [
        '/proc/self/mountinfo',
        '30 24 0:26 / /data rw,user_id=7 - nfs4 fileserver.example:/export rw,addr=10.0.0.7\n31 24 0:27 / /srv/payroll rw - ext4 /dev/sdb1 rw\n',
      ],
      ['/etc/group', 'root:x:0:\nrender:x:105:alice,bob\nwheel:x:10:alice\n'],
      [
        '/proc/cpuinfo',
        'processor : 0\nSerial : 10000000abcd\n\nModel : Pi\nSerial : 10000000abcd\n',
      ],
      [`/sys/fs/cgroup/docker/${id}/memory.max`, 'max\n'],
      ['/proc/self/cgroup', `0::/docker/${id}\n`],
      ['/proc/version', 'Linux version 6.1.0 (alice@buildhost) (gcc)'],
      ['/nairobi-observed.json', '{"directories":[{"path":"/home/alice/data"},{"path":"/data"}]}'],
    ]),
  );
  const all = JSON.stringify([...clean]);
  for (const secret of [
    'secret',
    '10.0.0.7',
    'fileserver',
    'payroll',
    'buildhost',
    'alice',
    'bob',
    'abcd',
    id,
  ]) {
    expect(all).not.toContain(secret);
  }
  expect(clean.get('/proc/self/mountinfo')).toBe('30 24 0:26 / /data rw - nfs4 none rw\n');
  expect(clean.get('/proc/cmdline')).toBe('hugepages=64\n');
  expect(clean.get('/etc/group')).toBe('render:x:105:');
  expect(clean.get('/proc/self/cgroup')).toBe('0::/docker/id1\n');
  expect(clean.get('/sys/fs/cgroup/docker/id1/memory.max')).toBe('max\n');
});
