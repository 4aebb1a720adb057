/** Tries io_uring: set-up, each flag, each operation, registered buffers, and what they cost. */

import { type Attempt, OK, type UringTrial } from '../../../host/observed.ts';
import {
  close,
  ioUringEnter,
  ioUringRegister,
  ioUringSetup,
  madvise,
  mmap,
} from '../../../kernel/calls.ts';
import {
  FEATURE,
  IO_URING_OP_SUPPORTED,
  MADV,
  MAP,
  OP,
  REGISTER,
  SETUP,
} from '../../../kernel/constants.ts';
import { errnoName } from '../../../kernel/errno.ts';
import { IOVEC, PARAMS, PROBE, PROBE_OP } from '../../../kernel/layout.ts';
import { type Fd, lend } from '../../../kernel/syscall.ts';
import { HUGE_PAGE_BYTES } from '../../../limits.ts';
import { prepNop } from '../../../uring/prep.ts';
import { Ring } from '../../../uring/ring.ts';

const ENTRIES = 8;
const BATCHES = 8;

/** A descriptor that is never open. Not -1: kernels since 6.13 give that one a meaning. */
const BAD_FD = 0x7fff_fff0 as Fd;

/** Each flag with those it needs beside it (io_uring_setup(2)). */
const FLAGS: Readonly<Record<string, number>> = {
  CQSIZE: SETUP.IORING_SETUP_CQSIZE,
  SUBMIT_ALL: SETUP.IORING_SETUP_SUBMIT_ALL,
  COOP_TASKRUN: SETUP.IORING_SETUP_COOP_TASKRUN,
  TASKRUN_FLAG: SETUP.IORING_SETUP_TASKRUN_FLAG | SETUP.IORING_SETUP_COOP_TASKRUN,
  SINGLE_ISSUER: SETUP.IORING_SETUP_SINGLE_ISSUER,
  DEFER_TASKRUN: SETUP.IORING_SETUP_DEFER_TASKRUN | SETUP.IORING_SETUP_SINGLE_ISSUER,
  IOPOLL: SETUP.IORING_SETUP_IOPOLL,
  SQPOLL: SETUP.IORING_SETUP_SQPOLL,
};

/** Tries what the reader would use; `registeredBytes` is the pool it would register. */
export function tryUring({ registeredBytes }: { readonly registeredBytes: number }): UringTrial {
  const params = new Uint32Array(PARAMS.size / 4);
  const fd = ioUringSetup(ENTRIES, new Uint8Array(params.buffer));
  const features = fd < 0 ? 0 : (params[PARAMS.fields.features.at / 4] ?? 0);
  const registered = fd < 0 ? undefined : tryRegister(fd as Fd, registeredBytes);
  const opcodes = fd < 0 ? {} : probeOpcodes(fd as Fd);
  if (fd >= 0) close(fd as Fd);
  const flags = fd < 0 ? {} : mapValues(FLAGS, trySetup);
  return {
    setup: attemptOf(fd),
    registerBadFd: attemptOf(ioUringRegister(BAD_FD, REGISTER.IORING_UNREGISTER_BUFFERS, 0n, 0)),
    enterBadFd: attemptOf(ioUringEnter(BAD_FD, 0, 0, 0)),
    features: Object.entries(FEATURE)
      .filter(([, bit]) => (features & bit) !== 0)
      .map(([name]) => name.replace('IORING_FEAT_', '')),
    flags,
    opcodes,
    registeredBytes: registered?.bytes,
    registerBuffers: registered?.attempt,
    nopMicroseconds: fd < 0 ? undefined : timeNops(0, 128),
    sqpollMicroseconds:
      flags['SQPOLL']?.outcome === 'ok' ? timeNops(SETUP.IORING_SETUP_SQPOLL, 16) : undefined,
  };
}

function attemptOf(result: number): Attempt {
  return result >= 0 ? OK : { outcome: 'refused', errno: errnoName(-result) };
}

function trySetup(flags: number): Attempt {
  const params = new Uint32Array(PARAMS.size / 4);
  params[PARAMS.fields.flags.at / 4] = flags;
  params[PARAMS.fields.cqEntries.at / 4] =
    (flags & SETUP.IORING_SETUP_CQSIZE) === 0 ? 0 : ENTRIES * 4;
  // A millisecond: the polling thread of a trial must not burn the default second.
  params[PARAMS.fields.sqThreadIdle.at / 4] = 1;
  const fd = ioUringSetup(ENTRIES, new Uint8Array(params.buffer));
  if (fd >= 0) close(fd as Fd);
  return attemptOf(fd);
}

function probeOpcodes(fd: Fd): Record<string, boolean> {
  const count = 64;
  const probe = new Uint8Array(PROBE.size + PROBE_OP.size * count);
  const result = lend(probe, (address) =>
    ioUringRegister(fd, REGISTER.IORING_REGISTER_PROBE, address, count),
  );
  if (result < 0) return {};
  const view = new DataView(probe.buffer);
  const offered = view.getUint8(PROBE.fields.opsLen.at);
  const supports = (op: number): boolean => {
    const flags = PROBE.size + op * PROBE_OP.size + PROBE_OP.fields.flags.at;
    return op < offered && (view.getUint16(flags, true) & IO_URING_OP_SUPPORTED) !== 0;
  };
  const named = Object.entries(OP).map(
    ([name, op]) => [name.replace('IORING_OP_', ''), op] as const,
  );
  return Object.fromEntries(named.map(([name, op]) => [name, supports(op)]));
}

/** Halves what it asks for until the kernel agrees: RLIMIT_MEMLOCK bounds it for most users. */
function tryRegister(fd: Fd, wanted: number): { bytes: number; attempt: Attempt } {
  const address = mmap(wanted + HUGE_PAGE_BYTES, {
    protection: MAP.PROT_READ | MAP.PROT_WRITE,
    flags: MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS | MAP.MAP_NORESERVE,
  });
  if (address < 0) return { bytes: 0, attempt: attemptOf(address) };
  const aligned = Math.ceil(address / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  madvise(BigInt(aligned), wanted, MADV.MADV_HUGEPAGE);
  let attempt = OK;
  for (let bytes = wanted; bytes >= 65_536; bytes = Math.floor(bytes / 2)) {
    const iovec = new BigUint64Array(IOVEC.size / 8);
    iovec[0] = BigInt(aligned);
    iovec[1] = BigInt(bytes);
    const result = lend(iovec, (vector) =>
      ioUringRegister(fd, REGISTER.IORING_REGISTER_BUFFERS, vector, 1),
    );
    // The first refusal is the one to tell: it names why the whole pool could not be registered.
    if (result < 0 && attempt === OK) attempt = attemptOf(result);
    if (result >= 0) return { bytes, attempt };
  }
  return { bytes: 0, attempt };
}

/** Microseconds for one no-op submitted and waited for alone. */
function timeNops(flags: number, count: number): number | undefined {
  try {
    using ring = new Ring({ entries: ENTRIES, flags, sqThreadIdleMs: 1 });
    const once = (): void => {
      const sqe = ring.getSqe();
      if (sqe !== undefined) prepNop(sqe, { slot: 0, generation: 0 });
      ring.wait();
    };
    // The best of several batches: the first ones run before the compiler has warmed up.
    let best = Number.POSITIVE_INFINITY;
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const start = performance.now();
      for (let done = 0; done < count; done += 1) once();
      best = Math.min(best, ((performance.now() - start) * 1000) / count);
    }
    return best;
  } catch {
    return undefined; // a kernel before 5.4 cannot be driven by this ring; setup says the rest
  }
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
