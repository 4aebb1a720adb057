/**
 * Every number of the kernel's interface that we use, in one place. Sources: the UAPI headers
 * (linux/io_uring.h, linux/mman.h, asm-generic/fcntl.h and arch/arm64/include/uapi/asm/fcntl.h)
 * and the system call tables. `scripts/check-kernel-constants.mjs` compares them with the headers
 * of the machine it runs on.
 */

export type Arch = 'x64' | 'arm64';

/** System call numbers. From 424 on they are the same on every architecture. */
export const SYSCALLS_BY_ARCH = {
  x64: {
    exit_group: 231,
    read: 0,
    write: 1,
    close: 3,
    fstat: 5,
    mmap: 9,
    mprotect: 10,
    rt_sigprocmask: 14,
    munmap: 11,
    ioctl: 16,
    pread64: 17,
    mincore: 27,
    madvise: 28,
    getpid: 39,
    socket: 41,
    connect: 42,
    sendto: 44,
    sendmsg: 46,
    recvmsg: 47,
    shutdown: 48,
    bind: 49,
    listen: 50,
    getsockname: 51,
    socketpair: 53,
    setsockopt: 54,
    getsockopt: 55,
    fcntl: 72,
    ftruncate: 77,
    fchmod: 91,
    fstatfs: 138,
    setpriority: 141,
    prctl: 157,
    adjtimex: 159,
    gettid: 186,
    sched_setaffinity: 203,
    sched_getaffinity: 204,
    fadvise64: 221,
    openat: 257,
    ppoll: 271,
    fallocate: 285,
    accept4: 288,
    eventfd2: 290,
    recvmmsg: 299,
    prlimit64: 302,
    sched_setattr: 314,
    sched_getattr: 315,
    renameat2: 316,
    seccomp: 317,
    memfd_create: 319,
    preadv2: 327,
    io_uring_setup: 425,
    io_uring_enter: 426,
    io_uring_register: 427,
    openat2: 437,
    landlock_create_ruleset: 444,
    landlock_add_rule: 445,
    landlock_restrict_self: 446,
    cachestat: 451,
    mseal: 462,
  },
  arm64: {
    exit_group: 94,
    read: 63,
    write: 64,
    close: 57,
    fstat: 80,
    mmap: 222,
    mprotect: 226,
    rt_sigprocmask: 135,
    munmap: 215,
    ioctl: 29,
    pread64: 67,
    mincore: 232,
    madvise: 233,
    getpid: 172,
    socket: 198,
    connect: 203,
    sendto: 206,
    sendmsg: 211,
    recvmsg: 212,
    shutdown: 210,
    bind: 200,
    listen: 201,
    getsockname: 204,
    socketpair: 199,
    setsockopt: 208,
    getsockopt: 209,
    fcntl: 25,
    ftruncate: 46,
    fchmod: 52,
    fstatfs: 44,
    setpriority: 140,
    prctl: 167,
    adjtimex: 171,
    gettid: 178,
    sched_setaffinity: 122,
    sched_getaffinity: 123,
    fadvise64: 223,
    openat: 56,
    ppoll: 73,
    fallocate: 47,
    accept4: 242,
    eventfd2: 19,
    recvmmsg: 243,
    prlimit64: 261,
    sched_setattr: 274,
    sched_getattr: 275,
    renameat2: 276,
    seccomp: 277,
    memfd_create: 279,
    preadv2: 286,
    io_uring_setup: 425,
    io_uring_enter: 426,
    io_uring_register: 427,
    openat2: 437,
    landlock_create_ruleset: 444,
    landlock_add_rule: 445,
    landlock_restrict_self: 446,
    cachestat: 451,
    mseal: 462,
  },
} as const satisfies Record<Arch, Record<string, number>>;

export type SyscallName = keyof (typeof SYSCALLS_BY_ARCH)['x64'];

/** open(2) flags. arm64 numbers four of them otherwise than x86-64 does. */
export const OPEN_BY_ARCH = {
  x64: { O_DIRECT: 0o40000, O_LARGEFILE: 0o100000, O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 },
  arm64: { O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000, O_DIRECT: 0o200000, O_LARGEFILE: 0o400000 },
} as const satisfies Record<Arch, Record<string, number>>;

export const OPEN = {
  AT_FDCWD: -100,
  O_RDONLY: 0,
  O_RDWR: 2,
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  O_WRONLY: 0o1,
  O_ACCMODE: 0o3,
  O_PATH: 0o10000000,
} as const;

/** openat2(2): how names are followed. */
export const RESOLVE = { RESOLVE_NO_MAGICLINKS: 0x02, RESOLVE_BENEATH: 0x08 } as const;

export const MAP = {
  PROT_READ: 1,
  PROT_WRITE: 2,
  PROT_EXEC: 4,
  MAP_SHARED: 0x01,
  MAP_PRIVATE: 0x02,
  MAP_ANONYMOUS: 0x20,
  MAP_NORESERVE: 0x4000,
  MAP_POPULATE: 0x8000,
  MAP_HUGETLB: 0x40000,
  MAP_HUGE_2MB: 21 << 26,
  MAP_HUGE_1GB: 30 << 26,
} as const;

export const MADV = {
  MADV_SEQUENTIAL: 2,
  MADV_WILLNEED: 3,
  MADV_DONTNEED: 4,
  MADV_HUGEPAGE: 14,
  MADV_DONTDUMP: 16,
  MADV_PAGEOUT: 21,
  MADV_POPULATE_READ: 22,
  MADV_POPULATE_WRITE: 23,
} as const;

/** linux/fs.h: renameat2 swaps two names in one step. */
export const RENAME_EXCHANGE = 2;

export const MEMFD = {
  MFD_CLOEXEC: 0x1,
  MFD_ALLOW_SEALING: 0x2,
  MFD_HUGETLB: 0x4,
  MFD_HUGE_2MB: 21 << 26,
} as const;

export const FCNTL = {
  F_GETFL: 3,
  F_SETFL: 4,
  F_DUPFD_CLOEXEC: 1030,
  F_SETPIPE_SZ: 1031,
  F_GETPIPE_SZ: 1032,
  F_ADD_SEALS: 1033,
  F_GET_SEALS: 1034,
  F_SEAL_SEAL: 0x1,
  F_SEAL_SHRINK: 0x2,
  F_SEAL_GROW: 0x4,
  F_SEAL_WRITE: 0x8,
} as const;

export const FALLOCATE = {
  FALLOC_FL_KEEP_SIZE: 0x1,
  FALLOC_FL_PUNCH_HOLE: 0x2,
} as const;

/** Bits of pollfd.events and pollfd.revents. */
export const POLL = { POLLIN: 0x1, POLLERR: 0x8, POLLHUP: 0x10 } as const;

export const EVENTFD = { EFD_CLOEXEC: 0o2000000, EFD_NONBLOCK: 0o4000 } as const;

export const FADVISE = {
  POSIX_FADV_SEQUENTIAL: 2,
  POSIX_FADV_WILLNEED: 3,
  POSIX_FADV_DONTNEED: 4,
} as const;

export const SIGNAL = {
  SIGINT: 2,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGTERM: 15,
  SIGURG: 23,
  SA_SIGINFO: 0x4,
  SA_ONSTACK: 0x08000000,
  SA_NODEFER: 0x40000000,
  SA_RESETHAND: 0x80000000,
} as const;

/** SIGHUP, INT, QUIT, ILL, TRAP, ABRT, BUS, FPE, SEGV, TERM, TSTP, TTIN, TTOU. */
export const UNBLOCKED_SIGNALS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 11, 15, 20, 21, 22];

export const RLIMIT = { RLIMIT_NOFILE: 7, RLIMIT_MEMLOCK: 8 } as const;

export const BLOCK_DEVICE = { BLKGETSIZE64: 0x80081272, BLKSSZGET: 0x1268 } as const;

export const SOCKET = {
  AF_UNIX: 1,
  SOCK_STREAM: 1,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SCM_RIGHTS: 1,
  SO_LINGER: 13,
  SO_PEERCRED: 17,
  SO_PEERGROUPS: 59,
  MSG_DONTWAIT: 0x40,
  MSG_CTRUNC: 0x8,
  MSG_NOSIGNAL: 0x4000,
  MSG_CMSG_CLOEXEC: 0x40000000,
  SHUT_RDWR: 2,
} as const;

/** preadv2 flags. */
export const RWF = { RWF_NOWAIT: 0x8 } as const;

/** io_uring_setup flags. */
export const SETUP = {
  IORING_SETUP_IOPOLL: 1 << 0,
  IORING_SETUP_SQPOLL: 1 << 1,
  IORING_SETUP_CQSIZE: 1 << 3,
  IORING_SETUP_CLAMP: 1 << 4,
  IORING_SETUP_SUBMIT_ALL: 1 << 7,
  IORING_SETUP_COOP_TASKRUN: 1 << 8,
  IORING_SETUP_TASKRUN_FLAG: 1 << 9,
  IORING_SETUP_SINGLE_ISSUER: 1 << 12,
  IORING_SETUP_DEFER_TASKRUN: 1 << 13,
} as const;

/** What io_uring_setup answers in `features`. */
export const FEATURE = {
  IORING_FEAT_SINGLE_MMAP: 1 << 0,
  IORING_FEAT_NODROP: 1 << 1,
  IORING_FEAT_SUBMIT_STABLE: 1 << 2,
  IORING_FEAT_RW_CUR_POS: 1 << 3,
  IORING_FEAT_FAST_POLL: 1 << 5,
  IORING_FEAT_SQPOLL_NONFIXED: 1 << 7,
  IORING_FEAT_EXT_ARG: 1 << 8,
  IORING_FEAT_NATIVE_WORKERS: 1 << 9,
  IORING_FEAT_RSRC_TAGS: 1 << 10,
} as const;

/** The mmap offsets of the three areas of a ring. */
export const RING_OFFSET = {
  IORING_OFF_SQ_RING: 0,
  IORING_OFF_CQ_RING: 0x8000000,
  IORING_OFF_SQES: 0x10000000,
} as const;

/** Bits of the flags word the kernel keeps in the submission queue. */
export const SQ_FLAG = {
  IORING_SQ_NEED_WAKEUP: 1 << 0,
  IORING_SQ_CQ_OVERFLOW: 1 << 1,
  IORING_SQ_TASKRUN: 1 << 2,
} as const;

export const ENTER = {
  IORING_ENTER_GETEVENTS: 1 << 0,
  IORING_ENTER_SQ_WAKEUP: 1 << 1,
  IORING_ENTER_EXT_ARG: 1 << 3,
  IORING_ENTER_REGISTERED_RING: 1 << 4,
} as const;

export const OP = {
  IORING_OP_NOP: 0,
  IORING_OP_READ_FIXED: 4,
  IORING_OP_POLL_ADD: 6,
  IORING_OP_ASYNC_CANCEL: 14,
  IORING_OP_READ: 22,
  IORING_OP_FADVISE: 24,
  IORING_OP_MADVISE: 25,
} as const;

export const SQE_FLAG = {
  IOSQE_FIXED_FILE: 1 << 0,
  IOSQE_IO_LINK: 1 << 2,
  IOSQE_ASYNC: 1 << 4,
} as const;

export const REGISTER = {
  IORING_REGISTER_BUFFERS: 0,
  IORING_UNREGISTER_BUFFERS: 1,
  IORING_REGISTER_FILES: 2,
  IORING_UNREGISTER_FILES: 3,
  IORING_REGISTER_EVENTFD: 4,
  IORING_UNREGISTER_EVENTFD: 5,
  IORING_REGISTER_PROBE: 8,
  IORING_REGISTER_RING_FDS: 20,
  IORING_UNREGISTER_RING_FDS: 21,
} as const;

/** A bit of io_uring_probe_op.flags. */
export const IO_URING_OP_SUPPORTED = 1;

/** statfs f_type of the file systems that matter to us (linux/magic.h). */
export const FS_MAGIC = {
  TMPFS_MAGIC: 0x01021994,
  PROC_SUPER_MAGIC: 0x9fa0,
  SYSFS_MAGIC: 0x62656572,
  NFS_SUPER_MAGIC: 0x6969,
  OVERLAYFS_SUPER_MAGIC: 0x794c7630,
  EXT4_SUPER_MAGIC: 0xef53,
  XFS_SUPER_MAGIC: 0x58465342,
  BTRFS_SUPER_MAGIC: 0x9123683e,
  FUSE_SUPER_MAGIC: 0x65735546,
  HUGETLBFS_MAGIC: 0x958458f6,
} as const;

function thisArch(): Arch {
  if (process.arch === 'x64' || process.arch === 'arm64') return process.arch;
  // riscv64 and others share arm64's generic table, but nobody has tried them.
  return 'arm64';
}

export const SYS: Readonly<Record<SyscallName, number>> = SYSCALLS_BY_ARCH[thisArch()];
export const OPEN_ARCH: Readonly<Record<keyof (typeof OPEN_BY_ARCH)['x64'], number>> =
  OPEN_BY_ARCH[thisArch()];
