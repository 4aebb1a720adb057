/** Looks at the host again and again and tells what happened in between. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostFiles } from '../../host/files.ts';
import { hostFiles } from '../../host/files.ts';
import { type JobCounters, type Sample, takeSample } from '../../host/sample.ts';

export interface WatchRow {
  /** Seconds since the watching began. */
  readonly seconds: number;
  readonly cpuPercent: number;
  /** Percent of the interval in which some work waited; null without PSI. */
  readonly stalledPercent: Readonly<Record<'cpu' | 'memory' | 'io', number | null>>;
  readonly availableBytes: number;
  readonly anonHugeBytes: number;
  readonly hugetlb: Sample['hugetlb'];
  readonly disks: readonly {
    readonly name: string;
    readonly readBytesPerSecond: number;
    readonly writtenBytesPerSecond: number;
    readonly busyPercent: number;
  }[];
  readonly jobs: readonly (JobCounters & { readonly readBytesPerSecond: number })[];
}

export interface WatchOptions {
  readonly intervalMs: number;
  /** Rows to give; for ever when undefined. */
  readonly count: number | undefined;
}

/** A row for every interval, the first after one interval. */
export async function* watch(
  { intervalMs, count }: WatchOptions,
  files: HostFiles = hostFiles(),
): AsyncGenerator<WatchRow> {
  const begun = performance.now();
  let before = takeSample(files, begun);
  for (let given = 0; count === undefined || given < count; given += 1) {
    await sleep(intervalMs);
    const now = takeSample(files, performance.now());
    yield rowBetween(before, now, begun);
    before = now;
  }
}

/** What happened between two samples, as rates. */
export function rowBetween(before: Sample, now: Sample, begunMs: number): WatchRow {
  const ms = Math.max(1, now.atMs - before.atMs);
  const perSecond = (later: number, earlier: number): number =>
    Math.max(0, ((later - earlier) * 1000) / ms);
  const ticks = now.cpu.total - before.cpu.total;
  const stalled = (name: 'cpu' | 'memory' | 'io'): number | null => {
    const [later, earlier] = [now.stalled[name], before.stalled[name]];
    return later === undefined || earlier === undefined ? null : (later - earlier) / ms / 10;
  };
  return {
    seconds: (now.atMs - begunMs) / 1000,
    cpuPercent: ticks === 0 ? 0 : ((now.cpu.busy - before.cpu.busy) * 100) / ticks,
    stalledPercent: { cpu: stalled('cpu'), memory: stalled('memory'), io: stalled('io') },
    availableBytes: now.availableBytes,
    anonHugeBytes: now.anonHugeBytes,
    hugetlb: now.hugetlb,
    disks: now.disks.map((disk) => {
      const earlier = before.disks.find(({ name }) => name === disk.name) ?? disk;
      return {
        name: disk.name,
        readBytesPerSecond: perSecond(disk.readBytes, earlier.readBytes),
        writtenBytesPerSecond: perSecond(disk.writtenBytes, earlier.writtenBytes),
        busyPercent: Math.min(100, ((disk.busyMs - earlier.busyMs) * 100) / ms),
      };
    }),
    jobs: now.jobs.map((job) => {
      const earlier = before.jobs.find(({ pid }) => pid === job.pid);
      const read = earlier === undefined ? 0 : perSecond(job.readBytes, earlier.readBytes);
      return { ...job, readBytesPerSecond: read };
    }),
  };
}
