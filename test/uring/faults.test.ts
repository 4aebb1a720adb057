import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { MADV, SYS } from '../../src/kernel/constants.ts';
import { ERRNO } from '../../src/kernel/errno.ts';
import { interpose, type Syscall } from '../../src/kernel/syscall.ts';
import { Pool } from '../../src/memory/pool.ts';
import { MiB } from '../../src/units.ts';
import { openRing, refusalReason } from '../../src/uring/probe.ts';
import { openReader, readFile } from '../../src/uring/read-file.ts';
import type { Completion, Ring } from '../../src/uring/ring.ts';
import { RingReader } from '../../src/uring/ring-reader.ts';
import { openSource } from '../../src/uring/source.ts';
import { drain, sample } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-faults-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SIZE = 3 * MiB + 4321;
const CONTENT = sample(SIZE);
const PATH = join(folder, 'content');
writeFileSync(PATH, CONTENT);

type Fault = (completion: Completion, count: number) => Completion;

/** A reader whose ring tells of other completions than the kernel's. */
function faultyReader(context: { skip: (why: string) => void }, fault: Fault): RingReader {
  let obtained: ReturnType<typeof openRing>;
  try {
    obtained = openRing({ entries: 64 });
  } catch (error) {
    context.skip(refusalReason(error));
    throw error;
  }
  const real = obtained.ring;
  let shown: Completion | undefined;
  let count = 0;
  const ring = {
    sqEntries: real.sqEntries,
    getSqe: () => real.getSqe(),
    flags: real.flags,
    submit: () => real.submit(),
    submitAndWait: (timeoutMs?: number) => real.submitAndWait(timeoutMs),
    close: () => real.close(),
    peek(): Completion | undefined {
      const completion = real.peek();
      if (completion === undefined) return undefined;
      shown ??= fault(completion, count++);
      return shown;
    },
    seen(): void {
      shown = undefined;
      real.seen();
    },
  };
  return new RingReader({ ...obtained, ring: ring as unknown as Ring }, { blockBytes: 65_536 });
}

/** A small seeded generator: 0 to 1. */
function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

describe.each(['always', 'never'] as const)('with O_DIRECT %s', (direct) => {
  test('short reads, EINTR and EAGAIN in any mix leave the content as it is', (context) => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0, max: 0.7, noNaN: true }), (seed, rate) => {
        const next = random(seed);
        using pool = new Pool();
        using reader = faultyReader(context, (completion) => {
          if (completion.res <= 0 || next() > rate) return completion;
          const kind = next();
          if (kind < 0.3) return { ...completion, res: -ERRNO.EINTR };
          if (kind < 0.6) return { ...completion, res: -ERRNO.EAGAIN };
          // The bytes beyond are there, too; they will be read once more.
          return { ...completion, res: Math.max(1, Math.floor(completion.res * next())) };
        });
        const result = readFile(PATH, { pool, reader, direct });
        using lease = result.lease;
        expect(lease.bytes(0, result.byteLength).equals(CONTENT)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test('EIO in the middle names operation, file, place and errno, and frees the memory', (context) => {
    using pool = new Pool();
    using reader = faultyReader(context, (completion, count) =>
      count === 20 ? { ...completion, res: -ERRNO.EIO } : completion,
    );
    const message = /Cannot read .*content at byte \d+: the device reported an .*\(EIO\)/;
    expect(() => readFile(PATH, { pool, reader, direct })).toThrow(message);
    // Everything came back: the reader and the memory serve the next file.
    const again = readFile(PATH, { pool, reader, direct });
    expect(again.lease.bytes(0, again.byteLength).equals(CONTENT)).toBe(true);
    expect(pool.mappedBytes).toBe(4 * MiB);
    again.lease.release();
  });

  test('a read refused with EAGAIN for ever is an error, not a hang', (context) => {
    using pool = new Pool();
    using reader = faultyReader(context, (completion) => ({ ...completion, res: -ERRNO.EAGAIN }));
    expect(() => readFile(PATH, { pool, reader, direct })).toThrow(/EAGAIN/);
  });
});

test.each(['EINTR', 'EAGAIN', 'EBUSY'] as const)(
  'io_uring_enter that answers %s most of the time only takes longer',
  (name) => {
    const next = random(7);
    using _storm = interpose(
      onCall(SYS.io_uring_enter, () => (next() < 0.7 ? -ERRNO[name] : undefined)),
    );
    using pool = new Pool();
    const result = readFile(PATH, { pool });
    using lease = result.lease;
    expect(lease.bytes(0, result.byteLength).equals(CONTENT)).toBe(true);
  },
);

test.each(['EINTR', 'EAGAIN'] as const)('so does preadv2 that answers %s', (name) => {
  const next = random(11);
  using _storm = interpose(onCall(SYS.preadv2, () => (next() < 0.7 ? -ERRNO[name] : undefined)));
  using pool = new Pool();
  const result = readFile(PATH, { pool, io: 'pread' });
  using lease = result.lease;
  expect(lease.bytes(0, result.byteLength).equals(CONTENT)).toBe(true);
});

test('a host that lacks preadv2 is read by pread64, and EIO there is an error', () => {
  using pool = new Pool();
  {
    using _lacking = interpose(onCall(SYS.preadv2, () => -ERRNO.ENOSYS));
    const result = readFile(PATH, { pool, io: 'pread' });
    expect(result.lease.bytes(0, result.byteLength).equals(CONTENT)).toBe(true);
    result.lease.release();
  }
  using _broken = interpose(onCall(SYS.preadv2, () => -ERRNO.EIO));
  expect(() => readFile(PATH, { pool, io: 'pread' })).toThrow(/at byte 0.*EIO/);
});

test('memory that cannot be registered is read into all the same', () => {
  using _refused = interpose(onCall(SYS.io_uring_register, () => -ERRNO.ENOMEM));
  using pool = new Pool();
  using reader = openReader('auto');
  using source = openSource(PATH, { pool, reader });
  expect(source.facts.ringFlags.join()).not.toMatch(/REGISTERED/);
  expect(drain(source).equals(CONTENT)).toBe(true);
});

test('reserved huge pages that cannot be faulted in are not touched', () => {
  const wanted = 8 * MiB;
  using _exhausted = interpose((real) => (number, ...args) => {
    // The pool says there are pages, and then has none: a cgroup limit, or somebody quicker.
    if (number === SYS.mmap && (Number(args[3]) & 0x40000) !== 0) {
      return real(number, ...args.with(3, Number(args[3]) & 0xffff & ~0x40000));
    }
    if (number === SYS.madvise && args[2] === MADV.MADV_POPULATE_WRITE) return -ERRNO.EFAULT;
    return real(number, ...args);
  });
  using pool = new Pool({ pages: 'hugetlb-2M' });
  using lease = pool.lease(wanted);
  lease.bytes().fill(1);
  expect(['thp', 'plain']).toContain(lease.pageKind);
});

/** Answers in the kernel's place where `answer` has an answer. */
function onCall(which: number, answer: () => number | undefined): (real: Syscall) => Syscall {
  return (real) =>
    (number, ...args) =>
      number === which ? (answer() ?? real(number, ...args)) : real(number, ...args);
}
