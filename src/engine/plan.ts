/** What the host options mean here: numbers instead of "auto". Sets what must precede Polars. */

import { pinTo } from '../host/affinity.ts';
import { usableThreads } from '../host/cpu.ts';
import { memoryAvailable } from '../host/memory.ts';
import { HUGE_PAGE_BYTES, THREADS_MAX } from '../limits.ts';
import { type Bytes, bytes } from '../units.ts';
import type { DirectChoice, HostOptions, IoChoice } from './options.ts';

export interface HostPlan {
  readonly memoryLimit: Bytes;
  /** Where the limit comes from: a flag, or the file that bounds us. */
  readonly memoryLimitFrom: string;
  readonly threads: number;
  readonly io: IoChoice;
  readonly direct: DirectChoice;
}

/** Of what is free, what a run may take unasked: the rest stays for the host's other work. */
const SHARE_OF_FREE_MEMORY = 0.8;

const POLARS_THREADS = 'POLARS_MAX_THREADS';

export function planHost(host: HostOptions): HostPlan {
  const { memoryLimit, from } = limitOf(host);
  if (host.cpus !== undefined) pinTo(host.cpus);
  const threads = host.threads ?? threadsAskedOfPolars() ?? usableThreads();
  // Polars reads it once, when its module loads; what it cannot read it warns of or panics over.
  process.env[POLARS_THREADS] = String(threads);
  return { memoryLimit, memoryLimitFrom: from, threads, io: host.io, direct: host.direct };
}

/** What the environment asks of Polars, which --threads overrides; other values count as unset. */
function threadsAskedOfPolars(): number | undefined {
  const text = process.env[POLARS_THREADS] ?? '';
  const threads = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return threads >= 1 && threads <= THREADS_MAX ? threads : undefined;
}

function limitOf(host: HostOptions): { memoryLimit: Bytes; from: string } {
  if (host.memoryLimit !== undefined) {
    return { memoryLimit: host.memoryLimit, from: '--memory-limit' };
  }
  const available = memoryAvailable();
  const share = Math.floor(available.bytes * SHARE_OF_FREE_MEMORY);
  return { memoryLimit: bytes(Math.max(share, HUGE_PAGE_BYTES)), from: available.boundBy };
}
