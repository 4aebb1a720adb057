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

describe.skipIf(python === undefined)('the Python package', () => {
  let daemon: Running;
  beforeAll(async () => {
    daemon = await startDaemon();
  });
  afterAll(() => daemon.stop());

  const ownTests = (...flags: readonly string[]) =>
    spawnSync(python ?? '', [...flags, 'tests/test_nairobi_os.py'], {
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
    const { status, stderr } = ownTests('-S');
    expect(status, stderr).toBe(0);
  });

  test('passes its own tests against a daemon', () => {
    const { status, stderr } = ownTests();
    expect(status, stderr).toBe(0);
    const skipped = /skipped=(\d+)/.exec(stderr)?.[1];
    if (skipped !== undefined) console.warn(`skipped: ${skipped} tests without numpy or pandas`);
  });

  test('is a wheel of Python files alone, built without a network', () => {
    const hasTools = spawnSync(python ?? '', ['-c', 'import pip, setuptools, wheel']).status === 0;
    if (!hasTools) {
      console.warn('skipped: pip, setuptools or wheel is missing');
      return;
    }
    const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-wheel-'));
    try {
      execFileSync('cp', ['-r', PACKAGE, path.join(folder, 'python')]);
      const words = ['-m', 'pip', 'wheel', '-q', '--no-build-isolation', '--no-deps', '--no-index'];
      const { status, stderr } = spawnSync(python ?? '', [...words, '-w', folder, './python'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(status, stderr).toBe(0);
      const [wheel] = readdirSync(folder).filter((name) => name.endsWith('.whl'));
      expect(wheel).toMatch(/^nairobi_os-\d+\.\d+\.\d+-py3-none-any\.whl$/);
      const code =
        'import sys, zipfile; print("\\n".join(zipfile.ZipFile(sys.argv[1]).namelist()))';
      const names = execFileSync(python ?? '', ['-c', code, path.join(folder, wheel ?? '')]);
      expect(String(names)).toContain('nairobi_os/frame.py');
      expect(String(names)).toContain('nairobi_os/py.typed');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
