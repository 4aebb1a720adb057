/** --watch for a person: a line for every interval, as vmstat prints them, and one for each job. */
import type { WatchRow } from '../../engine/doctor/watch.ts';
import { formatBytes, formatRate } from '../../units.ts';

const HEADER_EVERY = 20;

const COLUMNS: readonly (readonly [
  title: string,
  width: number,
  show: (row: WatchRow) => string,
])[] = [
  ['time', 6, (row) => `${row.seconds.toFixed(0)}s`],
  ['cpu%', 5, (row) => row.cpuPercent.toFixed(0)],
  ['cpu-wait%', 9, (row) => percent(row.stalledPercent.cpu)],
  ['mem-wait%', 9, (row) => percent(row.stalledPercent.memory)],
  ['io-wait%', 8, (row) => percent(row.stalledPercent.io)],
  ['available', 10, (row) => formatBytes(row.availableBytes)],
  ['thp', 9, (row) => formatBytes(row.anonHugeBytes)],
  ['hugetlb', 9, (row) => `${row.hugetlb.free}/${row.hugetlb.total}`],
];

/** The row as text, with the header before it when its number asks for one. */
export function formatRow(row: WatchRow, number: number): string {
  const header = number % HEADER_EVERY === 0 ? `${headerOf(row)}\n` : '';
  const cells = COLUMNS.map(([, width, show]) => show(row).padStart(width));
  const disks = row.disks.map(
    (disk) =>
      `${rate(disk.readBytesPerSecond)} ${rate(disk.writtenBytesPerSecond)} ${disk.busyPercent.toFixed(0).padStart(4)}`,
  );
  const jobs = row.jobs.map((job) => `${formatJob(job)}\n`);
  return `${header}${[...cells, ...disks].join(' ')}\n${jobs.join('')}`;
}

function headerOf(row: WatchRow): string {
  const cells = COLUMNS.map(([title, width]) => title.padStart(width));
  const disks = row.disks.map(
    ({ name }) => `${`${name} read`.padStart(11)} ${'written'.padStart(11)} busy`,
  );
  return [...cells, ...disks].join(' ');
}

function formatJob(job: WatchRow['jobs'][number]): string {
  const memory = formatBytes(job.residentBytes + job.hugetlbBytes);
  return `       ${job.command} (process ${job.pid}): ${memory}, reads ${formatRate(job.readBytesPerSecond)}`;
}

function percent(value: number | null): string {
  return value === null ? '-' : value.toFixed(1);
}

function rate(bytesPerSecond: number): string {
  return formatRate(bytesPerSecond).padStart(11);
}
