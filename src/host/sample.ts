/** One look at what a host is doing right now: counters that a later look is compared with. */
import type { HostFiles } from './files.ts';
import { keyedLines } from './files.ts';
import { readPressure } from './pressure.ts';

export interface DiskCounters {
  readonly name: string;
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Milliseconds in which at least one request was in flight. */
  readonly busyMs: number;
}

export interface JobCounters {
  readonly pid: number;
  /** "ingest", "query"... */
  readonly command: string;
  readonly residentBytes: number;
  /** Reserved huge pages, which are not part of the resident set. */
  readonly hugetlbBytes: number;
  readonly readBytes: number;
}

export interface Sample {
  readonly atMs: number;
  readonly cpu: { readonly busy: number; readonly total: number };
  /** Microseconds for which some work waited, since boot; undefined without PSI. */
  readonly stalled: Readonly<Record<'cpu' | 'memory' | 'io', number | undefined>>;
  readonly availableBytes: number;
  readonly anonHugeBytes: number;
  readonly hugetlb: { readonly total: number; readonly free: number };
  readonly disks: readonly DiskCounters[];
  readonly jobs: readonly JobCounters[];
}

/** diskstats counts in these, whatever the device's block is (iostats.rst). */
const SECTOR_BYTES = 512;

export function takeSample(files: HostFiles, atMs: number): Sample {
  const info = keyedLines(files.text('/proc/meminfo'));
  const kib = (key: string): number => Number.parseInt(info.get(key) ?? '0', 10) * 1024;
  const stalled = (name: string): number | undefined =>
    readPressure(files.text(`/proc/pressure/${name}`))?.some.totalMicroseconds;
  return {
    atMs,
    cpu: readCpuTimes(files.text('/proc/stat') ?? ''),
    stalled: { cpu: stalled('cpu'), memory: stalled('memory'), io: stalled('io') },
    availableBytes: kib('MemAvailable'),
    anonHugeBytes: kib('AnonHugePages'),
    hugetlb: {
      total: Number(info.get('HugePages_Total') ?? 0),
      free: Number(info.get('HugePages_Free') ?? 0),
    },
    disks: readDisks(files),
    jobs: readJobs(files),
  };
}

/** "cpu user nice system idle iowait irq softirq steal ...": iowait is idle time, too. */
function readCpuTimes(stat: string): Sample['cpu'] {
  const ticks = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').slice(0, 8).map(Number);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  return { total, busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}

/** Whole disks only: what a partition does its disk does. */
function readDisks(files: HostFiles): DiskCounters[] {
  const disks: DiskCounters[] = [];
  for (const line of (files.text('/proc/diskstats') ?? '').split('\n')) {
    const [, , name, , , sectorsRead, , , , sectorsWritten, , , busyMs] = line.trim().split(/\s+/);
    if (name === undefined || /^(?:loop|ram|zram|sr|fd)\d/.test(name)) continue;
    if (!files.exists(`/sys/block/${name}`)) continue;
    disks.push({
      name,
      readBytes: Number(sectorsRead) * SECTOR_BYTES,
      writtenBytes: Number(sectorsWritten) * SECTOR_BYTES,
      busyMs: Number(busyMs),
    });
  }
  return disks;
}

/** The program, and the processes of its daemon. */
const ENTRY = /nairobi[^/]*\/(?:bin\/(?:run|dev)|dist\/threads\/serve)\.js$/;

/** Processes that run our entry scripts, by their command line. */
function readJobs(files: HostFiles): JobCounters[] {
  return files
    .names('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const words = (files.text(`/proc/${name}/cmdline`) ?? '').split('\0');
      const script = words.findIndex((word) => ENTRY.test(word));
      const isWorker = words[script]?.endsWith('/serve.js');
      const command = isWorker ? 'serve worker' : words[script + 1];
      if (script < 0 || command === undefined || command === 'doctor') return [];
      const status = keyedLines(files.text(`/proc/${name}/status`));
      const kib = (key: string): number => Number.parseInt(status.get(key) ?? '0', 10) * 1024;
      const io = keyedLines(files.text(`/proc/${name}/io`));
      return [
        {
          pid: Number(name),
          command,
          residentBytes: kib('VmRSS'),
          hugetlbBytes: kib('HugetlbPages'),
          readBytes: Number(io.get('read_bytes') ?? 0),
        },
      ];
    });
}
