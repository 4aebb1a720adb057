/** --fix on a made-up host below a folder, and once on this machine's own sysctl. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { diagnose } from '../../src/engine/doctor/doctor.ts';
import { applyFixes, fixScript, planFixes, undoFixes } from '../../src/engine/doctor/fix.ts';
import { HOSTS } from './hosts.ts';
import { simulate } from './simulate.ts';

let root = '';
let journal = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nairobi-fix-'));
  journal = join(root, 'state/changes.json');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const at = (path: string): string => readFileSync(join(root, path), 'utf8');

function planFor(name: string, only: readonly string[] = []) {
  const found = HOSTS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no host "${name}"`);
  const { files, observed } = simulate(found.host);
  return planFixes(diagnose(files, observed, { only, ignore: [], strict: false }).findings, only);
}

const DISABLED = 'RHEL 9, kernel 5.14, io_uring disabled for everyone';
const NO_THP = 'transparent huge pages switched off, none reserved';
const SYSCTL = '/proc/sys/kernel/io_uring_disabled';
const PAGES = '/proc/sys/vm/nr_hugepages';
const THP = '/sys/kernel/mm/transparent_hugepage/enabled';

test('a sysctl is changed, noted, and put back by undo', () => {
  put(SYSCTL, '2\n');
  const changes = applyFixes(planFor(DISABLED), { persistent: false, root, journal });
  expect(changes).toMatchObject([{ outcome: 'applied', before: '2\n', after: '0' }]);
  expect(at(SYSCTL)).toBe('0');
  expect(undoFixes(journal)).toMatchObject([{ outcome: 'restored', after: '2\n' }]);
  expect(at(SYSCTL)).toBe('2\n');
  expect(existsSync(journal)).toBe(false);
  expect(() => undoFixes(journal)).toThrow(/nothing to undo/);
});

test('files for later boots are written only when told, and removed by undo', () => {
  put(SYSCTL, '2\n');
  const file = '/etc/sysctl.d/60-nairobi-io-uring-disabled.conf';
  applyFixes(planFor(DISABLED), { persistent: false, root, journal });
  expect(existsSync(join(root, file))).toBe(false);
  applyFixes(planFor(DISABLED), { persistent: true, root, journal });
  expect(at(file)).toContain('kernel.io_uring_disabled = 0\n');
  undoFixes(journal);
  expect(existsSync(join(root, file))).toBe(false);
  expect(at(SYSCTL)).toBe('2\n');
});

test('a limit is raised, never lowered', () => {
  put(PAGES, '512\n');
  put(THP, 'always madvise [never]\n');
  const changes = applyFixes(planFor(NO_THP), { persistent: false, root, journal });
  expect(changes.map(({ outcome }) => outcome)).toEqual(['already so', 'applied']);
  expect(at(PAGES)).toBe('512\n');
});

test('a mode is put back to the word that was in brackets', () => {
  put(PAGES, '0\n');
  put(THP, 'always madvise [never]\n');
  applyFixes(planFor(NO_THP), { persistent: false, root, journal });
  expect(at(PAGES)).toBe('4');
  expect(at(THP)).toBe('madvise');
  undoFixes(journal);
  expect(at(THP)).toBe('never');
});

test('what somebody changed since is left alone', () => {
  put(SYSCTL, '2\n');
  applyFixes(planFor(DISABLED), { persistent: false, root, journal });
  put(SYSCTL, '1\n');
  expect(undoFixes(journal)).toMatchObject([{ outcome: 'left alone' }]);
  expect(at(SYSCTL)).toBe('1\n');
});

test('a setting this kernel lacks is refused, and nothing is noted', () => {
  const changes = applyFixes(planFor(DISABLED), { persistent: false, root, journal });
  expect(changes).toMatchObject([{ outcome: 'refused', why: /no such setting/ }]);
  expect(existsSync(journal)).toBe(false);
});

test('a mere remark is mended only when its check is named', () => {
  const healthy = 'Debian 12, kernel 6.1, nothing special';
  expect(planFor(healthy)).toEqual([]);
  const [first] = planFor(healthy, ['memory.hugetlb']);
  expect(first?.fix.commands).toEqual(['sysctl -w vm.nr_hugepages=4']);
});

test('every script of the matrix is valid shell and asks twice for nothing', () => {
  for (const { host } of HOSTS) {
    const { files, observed } = simulate(host);
    const report = diagnose(files, observed, { only: [], ignore: [], strict: false });
    const script = fixScript(planFixes(report.findings, []));
    expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' }).stderr).toBe('');
    const commands = script.split('\n').filter((line) => /^(?:sysctl|echo) /.test(line));
    expect(new Set(commands).size).toBe(commands.length);
  }
});
