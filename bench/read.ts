/**
 * How fast bytes get from a file into memory, beside fio and memcpy on the same file and host.
 *
 *   node bench/read.ts FILE [ROUNDS]        all ways in turn, round after round; medians at the end
 *
 * Goal: the paths we choose are as fast as the device or the memory allows. Not a goal: to catch
 * regressions in CI. With ROUNDS=1 and a small file it only proves that it still runs. Huge pages
 * for fio's buffers are reserved for the run when we may, and given back.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { HUGE_PAGE_BYTES } from '../src/limits.ts';
import { Pool } from '../src/memory/pool.ts';
import { MiB } from '../src/units.ts';
import type { DirectWish } from '../src/uring/input-file.ts';
import { type IoWish, openReader, readFile } from '../src/uring/read-file.ts';
import { openSource } from '../src/uring/source.ts';

const [file, rounds = '5'] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node bench/read.ts FILE [ROUNDS]');
  process.exit(2);
}
const size = statSync(file).size;
const NR_HUGEPAGES = '/proc/sys/vm/nr_hugepages';

interface Run {
  readonly name: string;
  readonly gbPerSecond: number;
  readonly cpuMsPerGb: number;
}

const pool = new Pool();
const runs: Run[] = [];

/** Drops the file from the page cache: no privilege needed for a clean file of one's own. */
function makeCold(): void {
  execFileSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none']);
}

function makeWarm(): void {
  execFileSync('dd', [`if=${file}`, 'of=/dev/null', 'bs=1M', 'status=none']);
}

function measure(name: string, bytes: number, work: () => void): void {
  const cpu = process.cpuUsage();
  const start = performance.now();
  work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const run = {
    name,
    gbPerSecond: bytes / 1e6 / ms,
    cpuMsPerGb: ((user + system) / 1000) * (1e9 / bytes),
  };
  runs.push(run);
  console.log(`${name.padEnd(40)} ${run.gbPerSecond.toFixed(2)} GB/s`);
}

function whole(name: string, io: IoWish, direct: DirectWish): void {
  measure(name, size, () => readFile(file as string, { pool, io, direct }).lease.release());
}

/** Block after block through a window of 8 MiB, as fio reads. */
function blocks(name: string, io: IoWish, direct: DirectWish): void {
  using reader = openReader(io);
  measure(name, size, () => {
    using source = openSource(file as string, { pool, reader, direct });
    for (let block = source.pop(); block !== undefined; block = source.pop()) block.release();
  });
}

/** fio's own figures: bandwidth in KiB/s is field 7, processor shares are fields 88 and 89. */
function fio(name: string, extra: readonly string[]): void {
  const options = ['--name=read', `--filename=${file}`, '--readonly', '--rw=read', '--minimal'];
  const engine = ['--ioengine=io_uring', '--direct=1', '--bs=1M', '--iodepth=8'];
  const run = spawnSync('fio', [...options, ...engine, ...extra], { encoding: 'utf8' });
  const fields = run.stdout?.split(';') ?? [];
  if (run.error !== undefined || run.status !== 0 || fields.length < 89) return;
  const gbPerSecond = (Number(fields[6]) * 1024) / 1e9;
  const share = Number.parseFloat(fields[87] ?? '') + Number.parseFloat(fields[88] ?? '');
  runs.push({ name, gbPerSecond, cpuMsPerGb: (share * 10) / gbPerSecond });
  console.log(`${name.padEnd(40)} ${gbPerSecond.toFixed(2)} GB/s`);
}

function memcpy(): void {
  const length = Math.min(size, 256 * MiB);
  using from = pool.lease(length);
  using to = pool.lease(length);
  from.bytes().copy(to.bytes());
  measure('memcpy', length, () => void from.bytes().copy(to.bytes()));
}

function round(): void {
  makeCold();
  fio('fio, 1 MiB x 8, huge pages', ['--iomem=mmaphuge']);
  makeCold();
  blocks('cold: blocks, ring, O_DIRECT', 'auto', 'always');
  makeCold();
  blocks('cold: blocks, preadv2, O_DIRECT', 'pread', 'always');
  makeCold();
  whole('cold: whole file, ring, O_DIRECT', 'auto', 'always');
  makeCold();
  fio('fio, 1 MiB x 8, ordinary pages', []);
  makeWarm();
  whole('warm: whole file, ring', 'auto', 'never');
  blocks('warm: blocks, ring', 'auto', 'never');
  blocks('warm: blocks, preadv2', 'pread', 'never');
  memcpy();
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function summary(): Run[] {
  const names = [...new Set(runs.map(({ name }) => name))];
  return names.map((name) => {
    const own = runs.filter((run) => run.name === name);
    return {
      name,
      gbPerSecond: median(own.map((run) => run.gbPerSecond)),
      cpuMsPerGb: median(own.map((run) => run.cpuMsPerGb)),
    };
  });
}

/** The bytes are those of the file: what is quick and wrong is not quick. */
function check(): string {
  const { lease } = readFile(file as string, { pool, direct: 'always' });
  const hash = createHash('sha256').update(lease.bytes(0, size)).digest('hex');
  lease.release();
  const theirs = execFileSync('sha256sum', [file as string], { encoding: 'utf8' }).split(' ')[0];
  if (hash !== theirs) throw new Error(`read ${hash}, but the file is ${theirs}`);
  return hash;
}

const hash = check();
const before = readFileSync(NR_HUGEPAGES, 'utf8').trim();
// Enough for fio and for our own pool, which takes reserved pages when there are some.
const needed = Math.ceil((64 * MiB) / HUGE_PAGE_BYTES);
try {
  writeFileSync(NR_HUGEPAGES, String(Math.max(Number(before), needed)));
} catch {
  console.log('no right to reserve huge pages: fio goes without');
}
try {
  readFile(file, { pool }).lease.release(); // first touch of the memory
  for (let count = 0; count < Number(rounds); count++) round();
} finally {
  try {
    writeFileSync(NR_HUGEPAGES, before);
  } catch {
    // It was not changed either.
  }
}

const table = summary();
const of = (name: string): number =>
  table.find((row) => row.name.startsWith(name))?.gbPerSecond ?? Number.NaN;
console.table(table);
const ratios = {
  'cold blocks / fio': of('cold: blocks, ring') / of('fio, 1 MiB x 8, huge'),
  'cold whole file / fio': of('cold: whole file') / of('fio, 1 MiB x 8, huge'),
  'warm blocks / memcpy': of('warm: blocks, ring') / of('memcpy'),
  'warm whole file / memcpy': of('warm: whole file') / of('memcpy'),
};
console.log(ratios);
const machine = {
  cpu: cpus()[0]?.model,
  cpus: cpus().length,
  kernel: release(),
  memory: totalmem(),
};
const folder = new URL('runs/', import.meta.url);
mkdirSync(folder, { recursive: true });
const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '');
writeFileSync(
  new URL(`read-${stamp}.json`, folder),
  `${JSON.stringify({ machine, file: { size, sha256: hash }, ratios, table, runs }, null, 1)}\n`,
);
