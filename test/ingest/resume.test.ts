import {
  appendFileSync,
  closeSync,
  copyFileSync,
  fstatSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { fingerprintAt } from '../../src/ingest/commit/fingerprint.ts';
import type { SourceState } from '../../src/ingest/commit/record.ts';
import { planResume } from '../../src/ingest/commit/resume.ts';

const root = mkdtempSync(join(tmpdir(), 'nairobi-resume-'));
afterAll(() => rmSync(root, { recursive: true }));

let folder = '';
let log = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
  log = join(folder, 'log');
});

const text = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `line ${from + i} of the log\n`).join('');

/** The state after reading `path` to `offset` (default: all). */
function stateOf(path: string, offset?: number): SourceState {
  const fd = openSync(path, 'r');
  const stat = fstatSync(fd, { bigint: true });
  const end = offset ?? Number(stat.size);
  const fingerprint = fingerprintAt(fd, end, path);
  closeSync(fd);
  if (fingerprint === undefined) throw new Error('shorter than its offset');
  return {
    path,
    dev: String(stat.dev),
    ino: String(stat.ino),
    fingerprint,
    offset: end,
    lines: 0,
    plan: undefined,
    done: false,
    seenAt: '2026-11-21T00:00:00Z',
  };
}

const planOf = (paths: string[], states: SourceState[]) => {
  using plan = planResume(paths, states);
  return plan.files.map((file) => [
    file.path.slice(folder.length + 1),
    file.change,
    file.state?.offset ?? 0,
  ]);
};

test('a file never seen is read from its beginning', () => {
  writeFileSync(log, text(0, 10));
  expect(planOf([log], [])).toEqual([['log', 'new', 0]]);
});

test('a file that grew continues where reading stopped', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  appendFileSync(log, text(100, 120));
  expect(planOf([log], [state])).toEqual([['log', 'grown', state.offset]]);
});

test('a file that did not change has nothing to read', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  expect(planOf([log], [state])).toEqual([['log', 'same', state.offset]]);
});

test('a renamed log gives its rest before the new log is begun', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  appendFileSync(log, text(100, 105));
  renameSync(log, `${log}.1`);
  writeFileSync(log, text(500, 600));
  expect(planOf([log], [state])).toEqual([
    ['log.1', 'renamed', state.offset],
    ['log', 'replaced', 0],
  ]);
});

test('copytruncate gives the rest of the copy, then the truncated file from its beginning', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  appendFileSync(log, text(100, 105));
  copyFileSync(log, `${log}.1`);
  truncateSync(log, 0);
  appendFileSync(log, text(900, 903));
  expect(planOf([log], [state])).toEqual([
    ['log.1', 'renamed', state.offset],
    ['log', 'truncated', 0],
  ]);
});

test('copytruncate is seen also when the file has grown beyond the old offset again', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  truncateSync(log, 0);
  appendFileSync(log, text(900, 1200));
  const plan = planResume([log], [state]);
  expect(plan.files.map((file) => file.change)).toEqual(['truncated']);
  expect(plan.notes).toHaveLength(1);
});

test('a file replaced by a copy of itself that grew continues: the content decides', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  copyFileSync(log, `${log}.new`);
  appendFileSync(`${log}.new`, text(100, 110));
  renameSync(`${log}.new`, log);
  expect(planOf([log], [state])).toEqual([['log', 'grown', state.offset]]);
});

test('an inode that was reused by another file does not make it the old file', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  writeFileSync(log, text(7000, 7200));
  expect(planOf([log], [state])).toEqual([['log', 'truncated', 0]]);
});

test('a glob that names the rotated files too reads none of them twice', () => {
  writeFileSync(`${log}.1`, text(0, 100));
  writeFileSync(log, text(100, 200));
  const states = [stateOf(`${log}.1`), stateOf(log)];
  appendFileSync(log, text(200, 210));
  renameSync(`${log}.1`, `${log}.2`);
  renameSync(log, `${log}.1`);
  writeFileSync(log, text(300, 320));
  expect(planOf([log, `${log}.1`, `${log}.2`], states)).toEqual([
    ['log', 'new', 0],
    ['log.1', 'renamed', states[1]?.offset],
    ['log.2', 'renamed', states[0]?.offset],
  ]);
});

test('two files with the same first kilobyte are told apart by what precedes the offset', () => {
  const banner = `${'#'.repeat(2000)}\n`;
  writeFileSync(log, banner + text(0, 100));
  const state = stateOf(log);
  renameSync(log, `${log}.1`);
  writeFileSync(log, banner + text(800, 1000));
  expect(planOf([log], [state])).toEqual([
    ['log.1', 'renamed', state.offset],
    ['log', 'replaced', 0],
  ]);
});

test('a log that is rotated between the look and the reading is still read from what was seen', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  appendFileSync(log, text(100, 120));
  using plan = planResume([log], [state]);
  renameSync(log, `${log}.1`);
  writeFileSync(log, text(900, 2000));
  const [file] = plan.files;
  expect(readFileSync(file?.content ?? '', 'utf8')).toBe(text(0, 120));
});

test('a log that was renamed while its folder was listed is planned once', () => {
  writeFileSync(log, text(0, 100));
  const state = stateOf(log);
  appendFileSync(log, text(100, 120));
  linkSync(log, `${log}.1`);
  expect(planOf([log, `${log}.1`], [state])).toEqual([['log', 'grown', state.offset]]);
});

test('a file that is gone when it is opened is left for the next look', () => {
  expect(planOf([log], [])).toEqual([]);
});
