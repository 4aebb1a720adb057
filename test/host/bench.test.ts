import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bench, type Measured, recommend } from '../../src/engine/doctor/bench.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function measured(part: Partial<Measured>): Measured {
  return {
    path: 'direct',
    backend: 'uring',
    blockBytes: 1 << 20,
    readsInFlight: 8,
    pages: 'huge',
    pageKind: 'thp',
    bytesPerSecond: 1e9,
    cpuSecondsPerGigabyte: 0.1,
    rounds: 1,
    ...part,
  };
}

test('the setting with the least memory within a few per cent of the fastest is recommended', () => {
  const advice = recommend([
    measured({ readsInFlight: 16, bytesPerSecond: 4.0e9 }),
    measured({ readsInFlight: 4, bytesPerSecond: 3.95e9 }),
    measured({ readsInFlight: 1, bytesPerSecond: 2e9 }),
    measured({ pages: 'plain', pageKind: 'plain', bytesPerSecond: 2.5e9 }),
    measured({ backend: 'pread', readsInFlight: 1, bytesPerSecond: 3.2e9 }),
    measured({ path: 'uncached', bytesPerSecond: 1.5e9 }),
  ]);
  expect(advice).toEqual({
    direct: true,
    blockBytes: 1 << 20,
    readsInFlight: 4,
    bytesPerSecond: 3.95e9,
    hugePagesFactor: 1.6,
    uringFactor: 1.25,
    usualShare: null,
  });
});

test('where O_DIRECT does not work the page cache is recommended', () => {
  const advice = recommend([measured({ path: 'uncached' }), measured({ path: 'cached' })]);
  expect(advice).toMatchObject({ direct: false, hugePagesFactor: null, bytesPerSecond: 1e9 });
});

test('without io_uring the recommendation comes from blocking reads', () => {
  const one = { backend: 'pread', readsInFlight: 1 } as const;
  const advice = recommend([
    measured({ ...one, bytesPerSecond: 2e9 }),
    measured({ ...one, pages: 'plain', bytesPerSecond: 1e9 }),
    measured({ ...one, path: 'uncached', bytesPerSecond: 1.5e9 }),
  ]);
  expect(advice).toMatchObject({ direct: true, hugePagesFactor: 2, uringFactor: null });
});

test('a file too small to measure with is wrong usage', async () => {
  const file = join(folder, 'small');
  writeFileSync(file, 'x');
  await expect(bench(file)).rejects.toThrow(/too small to measure with/);
  rmSync(file);
});
