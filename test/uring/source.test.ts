import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { AssertionFailure } from '../../src/errors.ts';
import { Pool } from '../../src/memory/pool.ts';
import { MiB } from '../../src/units.ts';
import { openReader } from '../../src/uring/read-file.ts';
import { openSource } from '../../src/uring/source.ts';
import { drain, sample } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test.each(['always', 'never'] as const)('blocks come in order, O_DIRECT %s', (direct) => {
  using pool = new Pool();
  using reader = openReader('auto');
  const content = sample(9 * MiB + 777);
  const path = write('ordered', content);
  using source = openSource(path, { pool, reader, direct, blockBytes: 256 * 1024, depth: 4 });
  expect(drain(source).equals(content)).toBe(true);
  expect(source.pop()).toBeUndefined();
});

test('a source can begin in the middle', () => {
  using pool = new Pool();
  using reader = openReader('auto');
  const content = sample(3 * MiB);
  using source = openSource(write('middle', content), { pool, reader, offset: 1_234_567 });
  expect(drain(source).equals(content.subarray(1_234_567))).toBe(true);
});

test('several blocks may be held at a time, and a released one is not read', () => {
  using pool = new Pool();
  using reader = openReader('auto');
  const content = sample(64 * 1024);
  using source = openSource(write('held', content), { pool, reader, blockBytes: 4096, depth: 3 });
  const first = source.pop();
  const second = source.pop();
  expect(first?.bytes().equals(content.subarray(0, 4096))).toBe(true);
  expect(second?.bytes().equals(content.subarray(4096, 8192))).toBe(true);
  first?.release();
  first?.release();
  expect(() => first?.bytes()).toThrow(AssertionFailure);
  second?.release();
  expect(drain(source)).toHaveLength(content.length - 8192);
});

test('a file that is cut while its blocks are popped is an error', () => {
  using pool = new Pool();
  using reader = openReader('auto');
  const path = write('cut', sample(8 * MiB));
  using source = openSource(path, { pool, reader, direct: 'never', blockBytes: 65_536, depth: 2 });
  source.pop()?.release();
  truncateSync(path, MiB);
  expect(() => drain(source)).toThrow(/became shorter/);
});

test('a source given up in the middle leaves nothing in flight', () => {
  using pool = new Pool();
  using reader = openReader('auto');
  const path = write('left', sample(8 * MiB));
  for (let round = 0; round < 20; round++) {
    using source = openSource(path, { pool, reader });
    source.pop()?.release();
  }
  expect(pool.mappedBytes).toBeLessThanOrEqual(16 * MiB);
});
