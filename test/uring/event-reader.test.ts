import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { SYS } from '../../src/kernel/constants.ts';
import { ERRNO } from '../../src/kernel/errno.ts';
import { interpose } from '../../src/kernel/syscall.ts';
import { Pool } from '../../src/memory/pool.ts';
import { MiB } from '../../src/units.ts';
import { EventReader } from '../../src/uring/event-reader.ts';
import { openInput } from '../../src/uring/input-file.ts';
import { refusalReason } from '../../src/uring/probe.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-events-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIZE = 24 * MiB + 99;
const CONTENT = Buffer.from(
  Uint32Array.from({ length: Math.ceil(SIZE / 4) }, (_, at) => Math.imul(at, 40503)).buffer,
  0,
  SIZE,
);
const PATH = join(folder, 'content');
writeFileSync(PATH, CONTENT);

function readerOrSkip(context: { skip: (why: string) => void }): EventReader {
  try {
    return new EventReader();
  } catch (error) {
    context.skip(refusalReason(error));
    throw error;
  }
}

test.each(['always', 'never'] as const)(
  'several stretches are read while the event loop goes on, O_DIRECT %s',
  async (direct) => {
    using reader = readerOrSkip({ skip: (why) => console.log(`skipped: ${why}`) });
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
    for (let round = 0; round < 3; round++) await new Promise((resolve) => setTimeout(resolve, 2));
    clearInterval(timer);
    expect(counts.reduce((sum, count) => sum + count)).toBe(SIZE);
    expect(lease.bytes(0, SIZE).equals(CONTENT)).toBe(true);
    expect(ticks).toBeGreaterThan(0);
  },
);

test('an error rejects its own read and no other', async (context) => {
  using reader = readerOrSkip(context);
  using pool = new Pool();
  using lease = pool.lease(2 * MiB);
  using file = openInput(PATH, 'never');
  const good = reader.read(file, { address: lease.address, offset: 0, byteLength: MiB });
  const bad = reader.read(file, { address: 8n, offset: MiB, byteLength: MiB });
  await expect(bad).rejects.toThrow(/at byte 1048576.*EFAULT/);
  expect(await good).toBe(MiB);
});

test('a host without io_uring says so when the reader is made', () => {
  using _refused = interpose(
    (real) =>
      (number, ...args) =>
        number === SYS.io_uring_setup ? -ERRNO.EPERM : real(number, ...args),
  );
  expect(() => new EventReader()).toThrow(/EPERM/);
});
