/** What every command lets a person say about the host, as the engine gets it. */
import type { Bytes } from '../units.ts';
import type { Overseer } from './run/overseer.ts';

export const IO_CHOICES = ['auto', 'uring', 'sqpoll', 'iopoll', 'pread', 'mmap'] as const;
export type IoChoice = (typeof IO_CHOICES)[number];

export const DIRECT_CHOICES = ['auto', 'always', 'never'] as const;
export type DirectChoice = (typeof DIRECT_CHOICES)[number];

export interface HostOptions {
  /** Undefined: the engine decides from the cgroup and the free memory. */
  readonly memoryLimit: Bytes | undefined;
  /** Undefined: as many as the scheduler lets this process use. */
  readonly threads: number | undefined;
  /** Ends the process when it takes more than the memory limit. */
  readonly overseer?: Overseer;
  /** CPUs to run on, as taskset(1) lists them: "0,2-3". */
  readonly cpus: string | undefined;
  readonly io: IoChoice;
  /** Whether to bypass the page cache (O_DIRECT); auto: when the file is not in it. */
  readonly direct: DirectChoice;
}
