/**
 * Sizes and offsets of the kernel's structures, in bytes, as linux/io_uring.h and the man pages
 * lay them out on 64-bit machines. `assertLayout` proves that the fields tile each structure
 * without overlap; the constants script compares sizes with the headers.
 */
import { assert } from '../errors.ts';

export interface Field {
  readonly at: number;
  readonly size: number;
}

export interface Layout {
  readonly size: number;
  readonly fields: Readonly<Record<string, Field>>;
}

const u8 = (at: number): Field => ({ at, size: 1 });
const u16 = (at: number): Field => ({ at, size: 2 });
const u32 = (at: number): Field => ({ at, size: 4 });
const u64 = (at: number): Field => ({ at, size: 8 });

/** Submission queue entry. */
export const SQE = {
  size: 64,
  fields: {
    opcode: u8(0),
    flags: u8(1),
    ioprio: u16(2),
    fd: u32(4),
    off: u64(8),
    addr: u64(16),
    len: u32(24),
    rwFlags: u32(28),
    userData: u64(32),
    bufIndex: u16(40),
    personality: u16(42),
    fileIndex: u32(44),
    addr3: u64(48),
    pad: u64(56),
  },
} as const satisfies Layout;

/** Completion queue entry. */
export const CQE = {
  size: 16,
  fields: { userData: u64(0), res: u32(8), flags: u32(12) },
} as const satisfies Layout;

/** io_uring_params; sqOff and cqOff hold the two offset tables below. */
export const PARAMS = {
  size: 120,
  fields: {
    sqEntries: u32(0),
    cqEntries: u32(4),
    flags: u32(8),
    sqThreadCpu: u32(12),
    sqThreadIdle: u32(16),
    features: u32(20),
    wqFd: u32(24),
    resv: { at: 28, size: 12 },
    sqOff: { at: 40, size: 40 },
    cqOff: { at: 80, size: 40 },
  },
} as const satisfies Layout;

/** io_sqring_offsets. */
export const SQ_OFFSETS = {
  size: 40,
  fields: {
    head: u32(0),
    tail: u32(4),
    ringMask: u32(8),
    ringEntries: u32(12),
    flags: u32(16),
    dropped: u32(20),
    array: u32(24),
    resv1: u32(28),
    userAddr: u64(32),
  },
} as const satisfies Layout;

/** io_cqring_offsets. */
export const CQ_OFFSETS = {
  size: 40,
  fields: {
    head: u32(0),
    tail: u32(4),
    ringMask: u32(8),
    ringEntries: u32(12),
    overflow: u32(16),
    cqes: u32(20),
    flags: u32(24),
    resv1: u32(28),
    userAddr: u64(32),
  },
} as const satisfies Layout;

/** io_uring_getevents_arg: what EXT_ARG passes to io_uring_enter. */
export const GETEVENTS_ARG = {
  size: 24,
  fields: { sigmask: u64(0), sigmaskSize: u32(8), pad: u32(12), ts: u64(16) },
} as const satisfies Layout;

/** The head of io_uring_probe; `opsLen` entries of PROBE_OP follow. */
export const PROBE = {
  size: 16,
  fields: { lastOp: u8(0), opsLen: u8(1), resv: u16(2), resv2: { at: 4, size: 12 } },
} as const satisfies Layout;

export const PROBE_OP = {
  size: 8,
  fields: { op: u8(0), resv: u8(1), flags: u16(2), resv2: u32(4) },
} as const satisfies Layout;

/** io_uring_rsrc_update: REGISTER_RING_FDS takes one per ring. */
export const RSRC_UPDATE = {
  size: 16,
  fields: { offset: u32(0), resv: u32(4), data: u64(8) },
} as const satisfies Layout;

export const IOVEC = {
  size: 16,
  fields: { base: u64(0), len: u64(8) },
} as const satisfies Layout;

/** __kernel_timespec. */
export const TIMESPEC = {
  size: 16,
  fields: { seconds: u64(0), nanoseconds: u64(8) },
} as const satisfies Layout;

/** cachestat_range: what part of the file is asked about; length 0 is to its end. */
export const CACHESTAT_RANGE = {
  size: 16,
  fields: { off: u64(0), len: u64(8) },
} as const satisfies Layout;

/** cachestat: counts of pages. */
export const CACHESTAT = {
  size: 40,
  fields: {
    cached: u64(0),
    dirty: u64(8),
    writeback: u64(16),
    evicted: u64(24),
    recentlyEvicted: u64(32),
  },
} as const satisfies Layout;

/** rlimit64. */
export const RLIMIT64 = {
  size: 16,
  fields: { current: u64(0), maximum: u64(8) },
} as const satisfies Layout;

/** statfs on 64-bit; only the type is read. */
export const STATFS = {
  size: 120,
  fields: { type: u64(0), rest: { at: 8, size: 112 } },
} as const satisfies Layout;

/** msghdr, and cmsghdr with one descriptor in it: what SCM_RIGHTS passes. */
export const MSGHDR = {
  size: 56,
  fields: {
    name: u64(0),
    nameLength: u64(8),
    iov: u64(16),
    iovLength: u64(24),
    control: u64(32),
    controlLength: u64(40),
    flags: u64(48),
  },
} as const satisfies Layout;

export const CMSG_FD = {
  size: 24,
  fields: { len: u64(0), level: u32(8), type: u32(12), fd: u32(16), pad: u32(20) },
} as const satisfies Layout;

export const LAYOUTS: Readonly<Record<string, Layout>> = {
  SQE,
  CQE,
  PARAMS,
  SQ_OFFSETS,
  CQ_OFFSETS,
  GETEVENTS_ARG,
  PROBE,
  PROBE_OP,
  RSRC_UPDATE,
  IOVEC,
  TIMESPEC,
  CACHESTAT_RANGE,
  CACHESTAT,
  RLIMIT64,
  STATFS,
  MSGHDR,
  CMSG_FD,
};

/** Every byte of the structure belongs to exactly one field, and fields are aligned. */
export function assertLayout(name: string, layout: Layout): void {
  let end = 0;
  for (const [field, { at, size }] of Object.entries(layout.fields)) {
    assert(at === end, `${name}.${field} is at ${at}, but the field before it ends at ${end}`);
    assert(size > 8 || at % size === 0, `${name}.${field} is not aligned to its size ${size}`);
    end = at + size;
  }
  assert(end === layout.size, `${name} ends at ${end}, not at ${layout.size}`);
}
