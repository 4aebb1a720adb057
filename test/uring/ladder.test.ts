/** Kernels that lack one feature of the ring after the other, by refusing it on this one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FEATURE, REGISTER, SETUP, SYS } from '../../src/kernel/constants.ts';
import { ERRNO } from '../../src/kernel/errno.ts';
import { PARAMS } from '../../src/kernel/layout.ts';
import { interpose, type Syscall, viewOf } from '../../src/kernel/syscall.ts';
import { Pool } from '../../src/memory/pool.ts';
import { MiB } from '../../src/units.ts';
import { prepNop } from '../../src/uring/prep.ts';
import { openRing, refusalReason, setupFlagNames } from '../../src/uring/probe.ts';
import { openReader, readFile } from '../../src/uring/read-file.ts';
import { RingReader } from '../../src/uring/ring-reader.ts';
import { openSource } from '../../src/uring/source.ts';
import { drain, sample } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-ladder-'));
afterAll(() => rmSync(folder, { recursive: true }));
const CONTENT = sample(9 * MiB + 4321);
const PATH = join(folder, 'content');
writeFileSync(PATH, CONTENT);

const { IORING_SETUP_DEFER_TASKRUN: DEFER, IORING_SETUP_SINGLE_ISSUER: SINGLE } = SETUP;
const { IORING_SETUP_COOP_TASKRUN: COOP, IORING_SETUP_SUBMIT_ALL: ALL } = SETUP;
const { IORING_SETUP_TASKRUN_FLAG: FLAG, IORING_SETUP_SQPOLL: SQPOLL } = SETUP;
const { IORING_SETUP_IOPOLL: IOPOLL } = SETUP;

interface Lacks {
  readonly setup?: number;
  readonly features?: number;
  readonly register?: readonly number[];
}

/** A kernel that does not know these flags, features and registrations. */
function without(lacks: Lacks): Disposable {
  return interpose(
    (real: Syscall): Syscall =>
      (number, ...args) => {
        if (
          number === SYS.io_uring_register &&
          lacks.register?.includes(Number(args[1])) === true
        ) {
          return -ERRNO.EINVAL;
        }
        if (number !== SYS.io_uring_setup) return real(number, ...args);
        const params = new Uint32Array(viewOf(args[1] as bigint, PARAMS.size));
        if (((params[PARAMS.fields.flags.at / 4] ?? 0) & (lacks.setup ?? 0)) !== 0) {
          return -ERRNO.EINVAL;
        }
        const fd = real(number, ...args);
        const at = PARAMS.fields.features.at / 4;
        params[at] = (params[at] ?? 0) & ~(lacks.features ?? 0);
        return fd;
      },
  );
}

const ringable = ((): boolean => {
  try {
    openRing({ entries: 8 }).ring.close();
    return true;
  } catch (error) {
    console.log(`skipped: ${refusalReason(error)}`);
    return false;
  }
})();

const OLD = DEFER | SINGLE | COOP | FLAG | ALL;
const { IORING_FEAT_EXT_ARG: EXT_ARG, IORING_FEAT_NODROP: NODROP } = FEATURE;
const { IORING_REGISTER_BUFFERS: BUFFERS, IORING_REGISTER_FILES: FILES } = REGISTER;
const { IORING_REGISTER_RING_FDS: RING_FDS, IORING_REGISTER_PROBE: PROBE } = REGISTER;

const KERNELS: readonly (readonly [string, Lacks, number])[] = [
  ['this one', {}, ALL | SINGLE | DEFER | FLAG],
  ['6.0', { setup: DEFER }, ALL | SINGLE | COOP | FLAG],
  ['5.19', { setup: DEFER | SINGLE }, ALL | COOP | FLAG],
  ['5.18', { setup: DEFER | SINGLE | COOP | FLAG }, ALL],
  ['5.17, no registered ring', { setup: OLD, register: [RING_FDS] }, 0],
  ['5.10, no timed waits', { setup: OLD, register: [RING_FDS], features: EXT_ARG }, 0],
  ['one without NODROP', { features: NODROP }, ALL | SINGLE | DEFER | FLAG],
  ['one that registers no buffers', { register: [BUFFERS] }, ALL | SINGLE | DEFER | FLAG],
  ['one that registers no files', { register: [FILES] }, ALL | SINGLE | DEFER | FLAG],
  ['one that cannot be probed', { register: [PROBE] }, ALL | SINGLE | DEFER | FLAG],
];

describe.skipIf(!ringable).each(KERNELS)('on a kernel like %s', (_, lacks, flags) => {
  test('the best rung is taken, the rest is told as refused, and reads work', () => {
    using _old = without(lacks);
    using pool = new Pool();
    using reader = openReader('uring');
    using source = openSource(PATH, { pool, reader, direct: 'always' });
    const { ringFlags, ringRefused } = source.facts;
    for (const name of setupFlagNames(flags)) expect(ringFlags).toContain(name);
    const names = {
      EXT_ARG: (lacks.features ?? 0) & EXT_ARG,
      NODROP: (lacks.features ?? 0) & NODROP,
      REGISTERED_RING: lacks.register?.includes(RING_FDS) === true,
      REGISTERED_BUFFERS: lacks.register?.includes(BUFFERS) === true,
      REGISTERED_FILES: lacks.register?.includes(FILES) === true,
    };
    for (const [name, lacking] of Object.entries(names)) {
      expect(`${name} ${ringFlags.includes(name)}`).toBe(`${name} ${!lacking}`);
    }
    for (const name of setupFlagNames((lacks.setup ?? 0) & DEFER))
      expect(ringRefused).toContain(name);
    expect(drain(source).equals(CONTENT)).toBe(true);
    const whole = readFile(PATH, { pool, reader });
    expect(whole.lease.bytes(0, whole.byteLength).equals(CONTENT)).toBe(true);
    whole.lease.release();
  });

  test('a timed wait ends when its time has passed, and early for a completion', () => {
    using _old = without(lacks);
    const { ring } = openRing({ entries: 8 });
    using open = ring;
    const start = performance.now();
    expect(open.submitAndWait(30)).toBe('late');
    expect(performance.now() - start).toBeGreaterThan(25);
    const sqe = open.getSqe();
    if (sqe !== undefined) prepNop(sqe, { slot: 3, generation: 0 });
    expect(open.submitAndWait(60_000)).toBe('woken');
    expect(open.peek()?.slot).toBe(3);
  });
});

describe.skipIf(!ringable)('polling, on request', () => {
  test('SQPOLL works, and is dropped where it is refused', () => {
    using pool = new Pool();
    {
      using reader = openReader('sqpoll');
      const { ringFlags, ringRefused } = reader.facts;
      if (!ringFlags.includes('SQPOLL')) expect(ringRefused).toContain('SQPOLL');
      const { lease, byteLength } = readFile(PATH, { pool, reader });
      expect(lease.bytes(0, byteLength).equals(CONTENT)).toBe(true);
      lease.release();
    }
    using _refusing = without({ setup: SQPOLL });
    using reader = openReader('sqpoll');
    expect(reader.facts.ringRefused).toContain('SQPOLL');
    const { lease, byteLength } = readFile(PATH, { pool, reader });
    expect(lease.bytes(0, byteLength).equals(CONTENT)).toBe(true);
    lease.release();
  });

  test.each(['always', 'never'] as const)(
    'IOPOLL is given up at the first read the device does not poll for, O_DIRECT %s',
    (direct) => {
      using pool = new Pool();
      using reader = openReader('iopoll');
      expect(reader.facts.ringFlags).toContain('IOPOLL');
      using source = openSource(PATH, { pool, reader, direct });
      expect(drain(source).equals(CONTENT)).toBe(true);
      const { ringFlags, ringRefused } = reader.facts;
      // The page cache is never polled; a device is when it has poll queues.
      if (direct === 'never') expect(ringRefused).toContain('IOPOLL');
      expect(ringFlags.includes('IOPOLL')).toBe(!ringRefused.includes('IOPOLL'));
    },
  );

  test('IOPOLL is dropped where the kernel refuses the flag', () => {
    using _refusing = without({ setup: IOPOLL });
    using pool = new Pool();
    using reader = new RingReader(openRing({ entries: 8, iopoll: true }));
    expect(reader.facts.ringRefused).toContain('IOPOLL');
    const { lease, byteLength } = readFile(PATH, { pool, reader });
    expect(lease.bytes(0, byteLength).equals(CONTENT)).toBe(true);
    lease.release();
  });
});
