import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StatsResult } from '../../src/engine/stats.ts';
import { cacheKey, readCache, sidecarOf, writeCache } from '../../src/engine/stats-cache.ts';

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
