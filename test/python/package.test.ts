import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, startDaemon } from '../serve/daemon.ts';

const PACKAGE = fileURLToPath(new URL('../../python', import.meta.url));
const BIN = fileURLToPath(new URL('../../bin/nairobi', import.meta.url));

/** A Python that has numpy and pandas, else any. */
function findPython(): string | undefined {
  const answers = (command: string, code: string): boolean =>
    spawnSync(command, ['-c', code], { stdio: 'ignore' }).status === 0;
  const names = ['/usr/bin/python3', 'python3'];
  return (
    names.find((name) => answers(name, 'import numpy, pandas')) ??
    names.find((name) => answers(name, 'import sys; sys.exit(sys.version_info < (3, 9))'))
  );
}

const python = findPython();
if (python === undefined) console.warn('skipped: no Python 3.9 or later here');

let daemon: Running;

/** Into a prefix of its own, and used from there. */
function installed(of: { builder: string; wheel: string; folder: string }): void {
  const target = path.join(of.folder, 'prefix');
  const install = ['-m', 'pip', 'install', '-q', '--no-deps', '--no-index', '--target', target];
  execFileSync(of.builder, [...install, of.wheel], { stdio: 'pipe' });
  const use = 'import nairobi_os as nb; print(nb.__file__, nb.read_csv(b"a\\n1\\n2\\n").a.mean())';
  const said = execFileSync(python ?? '', ['-c', use], {
    cwd: of.folder,
    env: { ...process.env, PYTHONPATH: target, NAIROBI_SOCKET: daemon.socket },
  });
  expect(String(said)).toBe(`${target}/nairobi_os/__init__.py 1.5\n`);
}

describe.skipIf(python === undefined)('the Python package', () => {
  beforeAll(async () => {
    daemon = await startDaemon();
  });
  afterAll(() => daemon.stop());

  const ownTests = (flags: readonly string[], classes: readonly string[]) =>
    spawnSync(python ?? '', [...flags, 'tests/test_nairobi_os.py', ...classes], {
      cwd: PACKAGE,
      encoding: 'utf8',
      env: {
        ...process.env,
        NAIROBI_SOCKET: daemon.socket,
        NAIROBI_BIN: BIN,
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });

  test('passes its own tests with the standard library alone', () => {
    // Without the packages of the site: no numpy, no pandas.
    const { status, stderr } = ownTests(['-S'], ['Frames', 'Queries', 'Charts', 'WithoutPackages']);
    expect(status, stderr).toBe(0);
  });

  test('passes its own tests against a daemon', () => {
    const { status, stderr } = ownTests(['-X', 'dev'], []);
    expect(status, stderr).toBe(0);
    const skipped = /skipped=(\d+)/.exec(stderr)?.[1];
    if (skipped !== undefined) console.warn(`skipped: ${skipped} tests without numpy or pandas`);
  });

  test('is a wheel of Python files alone, built without a network', () => {
    const names = ['/usr/bin/python3', 'python3'];
    const builder = names.find(
      (name) => spawnSync(name, ['-c', 'import setuptools, wheel, pip']).status === 0,
    );
    if (builder === undefined) {
      console.warn('skipped: pip, setuptools or wheel is missing');
      return;
    }
    const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-wheel-'));
    try {
      execFileSync('cp', ['-r', PACKAGE, path.join(folder, 'python')]);
      const words = ['-m', 'pip', 'wheel', '-q', '--no-build-isolation', '--no-deps', '--no-index'];
      const { status, stderr } = spawnSync(builder, [...words, '-w', folder, './python'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      const [wheel] = readdirSync(folder).filter((name) => name.endsWith('.whl'));
      expect(wheel).toMatch(/^nairobi_os-\d+\.\d+\.\d+-py3-none-any\.whl$/);
      const code =
        'import sys, zipfile; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))';
      const inside = execFileSync(builder, ['-c', code, path.join(folder, wheel ?? '')]);
      expect(String(inside)).toContain('nairobi_os/frame.py');
      expect(String(inside)).toContain('nairobi_os/py.typed');
      installed({ builder, wheel: path.join(folder, wheel ?? ''), folder });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
