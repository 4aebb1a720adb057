/** What the host options mean here: numbers instead of "auto". Sets what must precede Polars. */

import { pinTo } from '../host/affinity.ts';
import { usableThreads } from '../host/cpu.ts';
import { memoryAvailable } from '../host/memory.ts';
import { SLACK_BYTES } from '../host/own-memory.ts';
import { HUGE_PAGE_BYTES, THREADS_MAX } from '../limits.ts';
import { type Bytes, bytes } from '../units.ts';
import type { DirectChoice, HostOptions, IoChoice } from './options.ts';

export interface HostPlan {
  readonly memoryLimit: Bytes;
  /** Where the limit comes from: a flag, or the file that bounds us. */
  readonly memoryLimitFrom: string;
  /** How far the process may grow before it is ended: the limit, and what it leaves beside data. */
  readonly growth: Bytes;
  readonly threads: number;
  readonly io: IoChoice;
  readonly direct: DirectChoice;
}

/** Of what is free, what a run may take unasked: the rest stays for the host's other work. */
const SHARE_OF_FREE_MEMORY = 0.8;

/** And what it may grow by before the kernel's OOM killer, which says nothing, would end it. */
const SHARE_BEFORE_KILLED = 0.93;

const POLARS_THREADS = 'POLARS_MAX_THREADS';

export function planHost(host: HostOptions): HostPlan {
  const { memoryLimit, from, growth } = limitOf(host);
  if (host.cpus !== undefined) pinTo(host.cpus);
  const threads = host.threads ?? threadsAskedOfPolars() ?? usableThreads();
  // Polars reads it once, when its module loads; what it cannot read it warns of or panics over.
  process.env[POLARS_THREADS] = String(threads);
  const { io, direct } = host;
  return { memoryLimit, memoryLimitFrom: from, growth, threads, io, direct };
}

/** What the environment asks of Polars, which --threads overrides; other values count as unset. */
function threadsAskedOfPolars(): number | undefined {
  const text = process.env[POLARS_THREADS] ?? '';
  const threads = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return threads >= 1 && threads <= THREADS_MAX ? threads : undefined;
}

function limitOf(host: HostOptions): { memoryLimit: Bytes; from: string; growth: Bytes } {
  if (host.memoryLimit !== undefined) {
    const growth = bytes(host.memoryLimit + SLACK_BYTES);
    return { memoryLimit: host.memoryLimit, from: '--memory-limit', growth };
  }
  const { bytes: free, boundBy } = memoryAvailable();
  const memoryLimit = bytes(Math.max(Math.floor(free * SHARE_OF_FREE_MEMORY), HUGE_PAGE_BYTES));
  const room = Math.max(Math.floor(free * SHARE_BEFORE_KILLED), memoryLimit);
  return { memoryLimit, from: boundBy, growth: bytes(Math.min(memoryLimit + SLACK_BYTES, room)) };
}
