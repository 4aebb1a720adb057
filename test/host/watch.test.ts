import { expect, test } from 'vitest';
import { formatRow } from '../../src/commands/doctor/watch.ts';
import { rowBetween, watch } from '../../src/engine/doctor/watch.ts';
import { treeFiles } from '../../src/host/files.ts';
import { takeSample } from '../../src/host/sample.ts';
import { launch } from './launch.ts';

/** A host `step` intervals after its first look. */
function hostAt(step: number) {
  return treeFiles(
    new Map([
      ['/proc/stat', `cpu  ${100 + step * 50} 0 0 ${1000 + step * 150} 0 0 0 0 0 0\n`],
      [
        '/proc/meminfo',
        'MemAvailable: 1024 kB\nAnonHugePages: 2048 kB\nHugePages_Total: 8\nHugePages_Free: 3\n',
      ],
      ['/proc/pressure/io', `some avg10=0.00 avg60=0.00 avg300=0.00 total=${step * 250_000}\n`],
      [
        '/proc/diskstats',
        ` 254 0 vda 1 0 ${step * 2048} 5 1 0 ${step * 1024} 5 0 ${step * 500} 0\n 254 1 vda1 1 0 1 1 1 1 1 1 0 1 1\n 7 0 loop0 0 0 0 0 0 0 0 0 0 0 0\n`,
      ],
      ['/sys/block/vda/queue/rotational', '1'],
      ['/proc/77/cmdline', `node\0/opt/nairobi/bin/run.js\0ingest\0in\0`],
      ['/proc/77/status', 'VmRSS:  1024 kB\nHugetlbPages:  2048 kB\n'],
      ['/proc/77/io', `read_bytes: ${step * 3_000_000}\n`],
      ['/proc/78/cmdline', `node\0/opt/other/bin/run.js\0ingest\0`],
      ['/proc/79/cmdline', `node\0/opt/nairobi/dist/threads/serve.js\x001\0`],
      ['/proc/79/status', 'VmRSS:  4096 kB\n'],
    ]),
  );
}

test('a row holds the rates between two looks', () => {
  const [before, after] = [takeSample(hostAt(0), 0), takeSample(hostAt(1), 1000)];
  expect(rowBetween(before, after, 0)).toEqual({
    seconds: 1,
    cpuPercent: 25,
    stalledPercent: { cpu: null, memory: null, io: 25 },
    availableBytes: 1 << 20,
    anonHugeBytes: 2 << 20,
    hugetlb: { total: 8, free: 3 },
    disks: [
      { name: 'vda', readBytesPerSecond: 1 << 20, writtenBytesPerSecond: 1 << 19, busyPercent: 50 },
    ],
    jobs: [
      {
        pid: 77,
        command: 'ingest',
        residentBytes: 1 << 20,
        hugetlbBytes: 2 << 20,
        readBytes: 3_000_000,
        readBytesPerSecond: 3_000_000,
      },
      {
        pid: 79,
        command: 'serve worker',
        residentBytes: 4 << 20,
        hugetlbBytes: 0,
        readBytes: 0,
        readBytesPerSecond: 0,
      },
    ],
  });
});

test('the text has a header first, aligned columns, and a line for each job of ours', () => {
  const row = rowBetween(takeSample(hostAt(0), 0), takeSample(hostAt(1), 1000), 0);
  const [header = '', line = '', job = ''] = formatRow(row, 0).split('\n');
  expect(header.length).toBe(line.length);
  expect(header).toMatch(/cpu%.*io-wait%.*hugetlb.*vda read/);
  expect(line).toMatch(/^ {4}1s +25 +- +- +25\.0 +1 MiB +2 MiB +3\/8 +1\.0 MB\/s/);
  expect(job.trim()).toBe('ingest (process 77): 3 MiB, reads 3.0 MB/s');
  expect(formatRow(row, 1)).not.toContain('cpu%');
});

test('watching gives as many rows as asked for and then ends', async () => {
  const rows = [];
  for await (const row of watch({ intervalMs: 5, count: 3 }, hostAt(0))) rows.push(row);
  expect(rows).toHaveLength(3);
});

test('the command prints rows, or one JSON object a line', () => {
  const text = launch(['doctor', '--watch', '--interval', '20ms', '--count', '2']);
  expect(text.status, text.stderr).toBe(0);
  expect(text.stdout.trimEnd().split('\n').length).toBeGreaterThanOrEqual(3);
  const json = launch(['doctor', '--watch', '--interval', '20ms', '--count', '2', '--json']);
  const rows = json.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row).toHaveProperty('stalledPercent');
});
