/**
 * What the first touch of memory costs, and what faulting it in beside the reads saves.
 *
 *   node bench/prefault.ts FILE [ROUNDS]    FILE of about 1 GB; medians over rounds in changing order
 */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { madvise } from '../src/kernel/calls.ts';
import { MADV } from '../src/kernel/constants.ts';
import { Pool } from '../src/memory/pool.ts';
import type { DirectWish } from '../src/uring/input-file.ts';
import { openReader, readFile } from '../src/uring/read-file.ts';
import { openSource } from '../src/uring/source.ts';

const [file, rounds = '8'] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node bench/prefault.ts FILE [ROUNDS]');
  process.exit(2);
}
const size = statSync(file).size;
const used = new Pool();
readFile(file, { pool: used, direct: 'never' }).lease.release();

function throughWindow(): void {
  using pool = new Pool();
  using reader = openReader('auto');
  using source = openSource(file as string, { pool, reader, direct: 'always' });
  for (let block = source.pop(); block !== undefined; block = source.pop()) block.release();
}

/** Into memory nobody has touched yet. */
function fresh(direct: DirectWish, ahead: boolean): void {
  using pool = new Pool();
  using reader = openReader('auto');
  if (!ahead) reader.prefault = () => undefined;
  readFile(file as string, { pool, direct, reader }).lease.release();
}

const WAYS: readonly (readonly [string, () => void])[] = [
  ['cold: window of 8 MiB', throughWindow],
  ['cold: used memory', () => readFile(file, { pool: used, direct: 'always' }).lease.release()],
  ['cold: fresh memory, touched by the reads', () => fresh('always', false)],
  ['cold: fresh memory, faulted in ahead', () => fresh('always', true)],
  ['warm: fresh memory, touched by the copies', () => fresh('never', false)],
  ['warm: fresh memory, faulted in ahead', () => fresh('never', true)],
];

/**
 * Takes as much memory as the run will and gives it back: a hypervisor that was told of free pages
 * (free page reporting) needs up to a second to put them back, and it would hit runs by chance.
 */
function claim(): void {
  const pool = new Pool();
  const lease = pool.lease(size);
  madvise(lease.address, lease.byteLength, MADV.MADV_POPULATE_WRITE);
  lease.release();
  pool.trim();
}

const runs = new Map<string, { gbPerSecond: number; cpuMs: number }[]>();
for (let round = 0; round < Number(rounds); round++) {
  for (let turn = 0; turn < WAYS.length; turn++) {
    const step = round % 2 === 0 ? 1 : WAYS.length - 1;
    const [name, work] = WAYS[(turn * step + round) % WAYS.length] ?? ['', () => undefined];
    const cache = name.startsWith('warm')
      ? ['of=/dev/null', 'bs=1M']
      : ['iflag=nocache', 'count=0'];
    execFileSync('dd', [`if=${file}`, ...cache, 'status=none']);
    claim();
    const cpu = process.cpuUsage();
    const start = performance.now();
    work();
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    const run = { gbPerSecond: size / 1e6 / ms, cpuMs: (user + system) / 1000 };
    runs.set(name, [...(runs.get(name) ?? []), run]);
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
for (const [name, own] of runs) {
  const speeds = own.map((run) => run.gbPerSecond);
  const told = `${median(speeds).toFixed(2)} GB/s, ${median(own.map((run) => run.cpuMs)).toFixed(0)} ms`;
  console.log(`${name.padEnd(42)} ${told}   ${speeds.map((speed) => speed.toFixed(2)).join(' ')}`);
}
