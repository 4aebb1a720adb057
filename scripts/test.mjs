/**
 * Runs the tests and ends with one line, "N passed, N failed". Arguments go to vitest (a folder,
 * -t NAME); --full adds the slow tests.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const args = process.argv.slice(2);
const full = args.includes('--full');
const folder = mkdtempSync(join(tmpdir(), 'nairobi-test-'));
const results = join(folder, 'results.json');
const words = ['node_modules/vitest/vitest.mjs', 'run', '--passWithNoTests'];
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
const { status } = spawnSync(
  process.execPath,
  [...words, ...reporters, ...args.filter((word) => word !== '--full')],
  {
    stdio: 'inherit',
    env: full ? { ...process.env, NAIROBI_TEST_FULL: '1' } : process.env,
  },
);

const { passed, failed } = count();
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = status === 0 && failed === 0 ? 0 : 1;

/** A test file that did not even load, or a run that broke off, counts as one failure. */
function count() {
  try {
    const report = JSON.parse(readFileSync(results, 'utf8'));
    const broken = report.testResults.filter(
      (file) =>
        file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
    ).length;
    const failures = report.numFailedTests + broken;
    return {
      passed: report.numPassedTests,
      failed: status === 0 ? failures : Math.max(1, failures),
    };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
