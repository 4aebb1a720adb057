/** How much of a file is in the works at a time, by the memory there is. */
import { type Bytes, bytes, MiB } from '../../units.ts';
import type { HostPlan } from '../plan.ts';

/** With this much in flight Polars is at its speed; more only costs memory (bench/ingest). */
const SEGMENT_BYTES = bytes(16 * MiB);
const LEAST_SEGMENT_BYTES = bytes(4 * MiB);

/** From here on starting threads and a ring pays: 60 ms. */
export const PARALLEL_BYTES = bytes(48 * MiB);

/** What Node, Polars and their code take before the first row. */
const BASE_BYTES = bytes(120 * MiB);

/**
 * A segment in the works: its bytes, its frame twice, what it becomes, malloc's slack (measured).
 */
const SEGMENT_COST = 8;

/** Below this a second thread's share of memory is worth more than its help. */
const ONE_WORKER_BYTES = bytes(384 * MiB);

export const workersFor = ({ memoryLimit, threads }: HostPlan): number =>
  memoryLimit < ONE_WORKER_BYTES ? 1 : threads;

/** As large as the memory limit lets it be: one for each worker in the works, two being read. */
export function segmentFor(host: HostPlan): Bytes {
  const each = (host.memoryLimit - BASE_BYTES) / (workersFor(host) * SEGMENT_COST + 2);
  const whole = Math.floor(each / MiB) * MiB;
  return bytes(Math.min(SEGMENT_BYTES, Math.max(LEAST_SEGMENT_BYTES, whole)));
}
