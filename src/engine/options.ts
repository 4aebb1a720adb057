/** What every command lets a person say about the host, as the engine gets it. */
import type { Bytes, Milliseconds } from '../units.ts';

export const IO_CHOICES = ['auto', 'io_uring', 'preadv2', 'mmap', 'read'] as const;
export type IoChoice = (typeof IO_CHOICES)[number];

export interface HostOptions {
  /** Undefined: the engine decides from the cgroup and the free memory. */
  readonly memoryLimit: Bytes | undefined;
  /** Undefined: as many as the scheduler lets this process use. */
  readonly threads: number | undefined;
  readonly io: IoChoice;
  /** Bypass the page cache (O_DIRECT) where the file system can. */
  readonly direct: boolean;
  readonly timeout: Milliseconds | undefined;
}
