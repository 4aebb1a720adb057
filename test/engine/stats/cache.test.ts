import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cacheKey, readCache, sidecarOf, writeCache } from '../../../src/engine/stats/cache.ts';
import type { StatsResult } from '../../../src/engine/stats/stats.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nairobi-cache-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const result: StatsResult = {
  source: 'f',
  rows: 2,
  columns: [{ column: 'x', type: 'Int64', sum: 2n ** 70n, mean: 0.1, max: Infinity, sd: null }],
};
/** Ten seconds on, when the file's times are settled. */
const later = (): bigint => BigInt(Date.now() + 10_000) * 1_000_000n;

function file(name: string, text = 'x\n1\n2\n'): string {
  const at = path.join(folder, name);
  writeFileSync(at, text);
  return at;
}

it('gives back what was kept, bigints and infinities too', () => {
  const at = file('kept.csv');
  const key = cacheKey(at, { all: true }, later());
  if (key === undefined) throw new Error('a regular file has a key');
  expect(readCache(key)).toBeUndefined();
  writeCache(key, cacheKey(at, { all: true }, later()), result);
  expect(readCache(key)).toEqual(result);
  expect(existsSync(sidecarOf(at))).toBe(true);
});

it('is not used for another question, another file of the same name, size and times, or a changed one', () => {
  const at = file('changing.csv');
  const key = cacheKey(at, {}, later());
  if (key === undefined) throw new Error('a regular file has a key');
  writeCache(key, key, result);
  const read = (question: object = {}) => {
    const now = cacheKey(at, question, later());
    return now === undefined ? undefined : readCache(now);
  };
  expect(read()).toEqual(result);
  expect(read({ all: true })).toBeUndefined();
  const { atime, mtime } = statSync(at);
  writeFileSync(at, 'x\n1\n3\n');
  utimesSync(at, atime, mtime);
  expect(read()).toBeUndefined();
  appendFileSync(at, '4\n');
  expect(read()).toBeUndefined();
});

it('keeps nothing of a file that changed while it was read, or a moment ago', () => {
  const at = file('racing.csv');
  const before = cacheKey(at, {}, later());
  if (before === undefined) throw new Error('a regular file has a key');
  appendFileSync(at, '5\n');
  writeCache(before, cacheKey(at, {}, later()), result);
  expect(existsSync(sidecarOf(at))).toBe(false);
  expect(cacheKey(at, {})).toBeUndefined();
  expect(cacheKey(folder, {}, later())).toBeUndefined();
});

it('takes a damaged sidecar for none', () => {
  const at = file('damaged.csv');
  const key = cacheKey(at, {}, later());
  if (key === undefined) throw new Error('a regular file has a key');
  writeCache(key, key, result);
  writeFileSync(sidecarOf(at), readFileSync(sidecarOf(at), 'utf8').slice(0, 40));
  expect(readCache(key)).toBeUndefined();
});

type Change = 'append' | 'truncate' | 'replace' | 'overwrite' | 'touch' | 'nothing';

/** Does it to a file; whatever changes the bytes keeps the times of before. */
function change(at: string, how: Change, byte: number): void {
  const { atime, mtime } = statSync(at);
  const bytes = readFileSync(at);
  const place = byte % Math.max(1, bytes.length);
  const other = Buffer.from(bytes);
  if (other.length > 0) other[place] = 48 + (((((other[place] ?? 0) - 48 + 1) % 10) + 10) % 10);
  if (how === 'append') appendFileSync(at, '4\n');
  if (how === 'truncate') writeFileSync(at, bytes.subarray(0, bytes.length >> 1));
  if (how === 'overwrite') writeFileSync(at, other);
  if (how === 'replace') {
    writeFileSync(`${at}.new`, other);
    utimesSync(`${at}.new`, atime, mtime);
    renameSync(`${at}.new`, at);
  }
  if (how === 'touch') utimesSync(at, new Date(), new Date());
  else if (how !== 'nothing') utimesSync(at, atime, mtime);
}

it('is never stale, whatever is done to the file', () => {
  const hows = fc.constantFrom<Change>(
    'append',
    'truncate',
    'replace',
    'overwrite',
    'touch',
    'nothing',
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(hows, fc.nat(300_000)), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 60_000 }),
      (changes, rows) => {
        const at = file('property.csv', `x\n${'1\n'.repeat(rows)}`);
        let kept = '';
        for (const [how, byte] of changes) {
          change(at, how, byte);
          const key = cacheKey(at, {}, later());
          if (key === undefined) throw new Error('a regular file has a key');
          const now = readFileSync(at, 'latin1');
          const found = readCache(key);
          // What is found was written for these very bytes.
          if (found !== undefined) expect(kept === now, how).toBe(true);
          if (how === 'nothing' && kept === now) expect(found).toBeDefined();
          writeCache(key, key, result);
          kept = now;
        }
        rmSync(sidecarOf(at), { force: true });
      },
    ),
    { numRuns: 100 },
  );
});
