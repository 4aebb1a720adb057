import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { SYS } from '../../src/kernel/constants.ts';
import { ERRNO } from '../../src/kernel/errno.ts';
import { interpose } from '../../src/kernel/syscall.ts';
import { Pool } from '../../src/memory/pool.ts';
import { MiB } from '../../src/units.ts';
import { openAsyncReader } from '../../src/uring/event-reader.ts';
import { openInput } from '../../src/uring/input-file.ts';
import { sample } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIZE = 24 * MiB + 99;
const CONTENT = sample(SIZE);
const PATH = join(folder, 'content');
writeFileSync(PATH, CONTENT);

describe.each(['auto', 'sqpoll', 'pread'] as const)('with --io %s', (io) => {
  test.each(['always', 'never'] as const)(
    'several stretches are read while the event loop goes on, O_DIRECT %s',
    async (direct) => {
      using reader = openAsyncReader(io);
      using pool = new Pool();
      using lease = pool.lease(SIZE + 4096);
      using file = openInput(PATH, direct);
      let ticks = 0;
      const timer = setInterval(() => {
        ticks += 1;
      }, 0);
      const step = 4 * MiB;
      const starts = Array.from({ length: Math.ceil(SIZE / step) }, (_, index) => index * step);
      const counts = await Promise.all(
        starts.map((offset) =>
          reader.read(file, {
            address: lease.address + BigInt(offset),
            offset,
            byteLength: Math.min(step, SIZE - offset),
          }),
        ),
      );
      await reader.settled();
      for (let round = 0; round < 3; round++) await sleep(2);
      clearInterval(timer);
      expect(counts.reduce((sum, count) => sum + count)).toBe(SIZE);
      expect(lease.bytes(0, SIZE).equals(CONTENT)).toBe(true);
      expect(ticks).toBeGreaterThan(0);
    },
  );

  test('the end of a file is where it is, not where it was asked for', async () => {
    using reader = openAsyncReader(io);
    using pool = new Pool();
    using lease = pool.lease(8 * MiB);
    using file = openInput(PATH, 'never');
    const offset = SIZE - MiB - 5;
    expect(await reader.read(file, { address: lease.address, offset, byteLength: 6 * MiB })).toBe(
      MiB + 5,
    );
  });

  test('an error rejects its own read and no other', async () => {
    using reader = openAsyncReader(io);
    using pool = new Pool();
    using lease = pool.lease(2 * MiB);
    using file = openInput(PATH, 'never');
    const good = reader.read(file, { address: lease.address, offset: 0, byteLength: MiB });
    const bad = reader.read(file, { address: 4096n, offset: MiB, byteLength: MiB });
    await expect(bad).rejects.toThrow(/at byte 1048576.*EFAULT/);
    expect(await good).toBe(MiB);
  });
});

test('a host without io_uring is read by threads, and says why', () => {
  using _refused = interpose(
    (real) =>
      (number, ...args) =>
        number === SYS.io_uring_setup ? -ERRNO.EPERM : real(number, ...args),
  );
  using reader = openAsyncReader('auto');
  expect(reader.facts.fallbackReason).toMatch(/io_uring is forbidden/);
  expect(() => openAsyncReader('uring')).toThrow(/EPERM/);
});
