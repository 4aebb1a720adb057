/**
 * What cannot be read from files and has to be asked or tried: the process' own view of the host
 * and the outcome of every trial. A capture keeps it beside the files, as observed.json, and no
 * trial runs when a captured host is examined.
 */

/** How one thing went when it was tried. */
export type Attempt =
  | { readonly outcome: 'ok' }
  | { readonly outcome: 'refused'; readonly errno: string }
  /** The child that tried it died of this signal. */
  | { readonly outcome: 'killed'; readonly signal: string }
  | { readonly outcome: 'timeout' }
  /** The time was over before its turn came. */
  | { readonly outcome: 'untried' }
  | { readonly outcome: 'failed'; readonly message: string };

export interface UringTrial {
  /** io_uring_setup with no flags. */
  readonly setup: Attempt;
  /**
   * io_uring_register and io_uring_enter on descriptor -1. A kernel that has io_uring answers
   * EBADF whatever the sysctl says; a seccomp filter answers with its own error. This is what
   * tells the two apart.
   */
  readonly registerBadFd: Attempt;
  readonly enterBadFd: Attempt;
  /** Feature names the kernel offered: SINGLE_MMAP, NODROP, EXT_ARG... */
  readonly features: readonly string[];
  /** Set-up flag to how a ring with it (and the flags it needs) was created. */
  readonly flags: Readonly<Record<string, Attempt>>;
  /** Opcode to whether IORING_REGISTER_PROBE says it works; empty before 5.6. */
  readonly opcodes: Readonly<Record<string, boolean>>;
  /** The most bytes that could be registered, out of those the reader wants. */
  readonly registeredBytes: number | undefined;
  readonly registerBuffers: Attempt | undefined;
  /** Microseconds for one no-op through the ring and through a SQPOLL ring. */
  readonly nopMicroseconds: number | undefined;
  readonly sqpollMicroseconds: number | undefined;
}

export interface HugetlbTrial {
  readonly pageBytes: number;
  /**
   * mmap(MAP_HUGETLB), then a write to each page: "killed" by SIGBUS is a limit met at the fault.
   */
  readonly attempt: Attempt;
  readonly pages: number;
}

export interface ThpTrial {
  readonly attempt: Attempt;
  readonly askedBytes: number;
  /** AnonHugePages of the region in smaps. */
  readonly gotBytes: number;
}

export interface ModuleTrial {
  readonly name: string;
  readonly attempt: Attempt;
  readonly version: string | undefined;
  readonly milliseconds: number;
}

/** A directory or file to look at, and what for. */
export interface Place {
  readonly path: string;
  readonly purpose: 'working directory' | 'temporary files' | 'input' | 'output';
}

export interface DirectoryObservation extends Place {
  readonly exists: boolean;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly freeBytes: number;
  readonly totalBytes: number;
  readonly freeInodes: number;
  readonly totalInodes: number;
  /** "major:minor" of its file system. */
  readonly device: string;
  /** A file opened with O_DIRECT and read, with the least alignment that worked. */
  readonly direct: Attempt | undefined;
  readonly directAlignBytes: number | undefined;
}

export interface GlTrial {
  readonly attempt: Attempt;
  /** "egl-device", "egl-surfaceless", "osmesa": the first backend that gave a context. */
  readonly backend: string | undefined;
  readonly renderer: string | undefined;
  readonly hardware: boolean;
}

export interface Observed {
  readonly version: 1;
  readonly architecture: string;
  readonly release: string | undefined;
  readonly pageBytes: number | undefined;
  /** Names only of variables that bear on us, or NAME=value where the value is harmless. */
  readonly environment: readonly string[];
  readonly nodeVersion: string;
  readonly libc: 'glibc' | 'musl' | undefined;
  readonly uring: UringTrial | undefined;
  readonly hugetlb: readonly HugetlbTrial[];
  readonly thp: ThpTrial | undefined;
  readonly modules: readonly ModuleTrial[];
  readonly directories: readonly DirectoryObservation[];
  readonly gl: GlTrial | undefined;
  /** The font that charts are drawn with, which comes with the program. */
  readonly bundledFont: boolean | undefined;
  /** Device nodes below /dev that matter and whether this user may use them. */
  readonly devices: readonly { readonly path: string; readonly usable: boolean }[];
  readonly ipc: IpcTrial | undefined;
  readonly clock: ClockObservation | undefined;
}

export interface IpcTrial {
  readonly memfd: Attempt;
  readonly sealing: Attempt;
  readonly memfdHugetlb: Attempt;
  readonly descriptorPassing: Attempt;
  readonly systemBus: Attempt;
  readonly sessionBus: Attempt;
}

export interface ClockObservation {
  /** adjtimex: STA_UNSYNC is clear. Undefined when the call is refused. */
  readonly synchronised: boolean | undefined;
  readonly timeZone: string;
  /** The runtime's own tables know a zone with daylight saving time. */
  readonly zonesKnown: boolean;
  readonly localeKnown: boolean;
}

export const NOTHING_OBSERVED: Observed = {
  version: 1,
  architecture: 'x64',
  release: undefined,
  pageBytes: undefined,
  environment: [],
  nodeVersion: '',
  libc: undefined,
  uring: undefined,
  hugetlb: [],
  thp: undefined,
  modules: [],
  directories: [],
  gl: undefined,
  bundledFont: undefined,
  devices: [],
  ipc: undefined,
  clock: undefined,
};

export const OK: Attempt = { outcome: 'ok' };

/** "ok", "EPERM", "killed by SIGBUS", "timed out", or the message. */
export function describeAttempt(attempt: Attempt): string {
  switch (attempt.outcome) {
    case 'ok':
      return 'works';
    case 'refused':
      return attempt.errno;
    case 'killed':
      return `killed by ${attempt.signal}`;
    case 'timeout':
      return 'did not answer in time';
    case 'untried':
      return 'not tried: the time was over';
    case 'failed':
      return attempt.message;
  }
}

/** The errno of a refusal, undefined for any other outcome. */
export function errnoOf(attempt: Attempt | undefined): string | undefined {
  return attempt?.outcome === 'refused' ? attempt.errno : undefined;
}
