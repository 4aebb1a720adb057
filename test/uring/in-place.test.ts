import {
  appendFileSync,
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import { collect, polars } from '../../src/compute/polars.ts';
import { fadvise, mmap, mprotect, munmap } from '../../src/kernel/calls.ts';
import { FADVISE, MAP, SYS } from '../../src/kernel/constants.ts';
import { guardFaults } from '../../src/kernel/sigbus.ts';
import { type Fd, syscall, viewOf } from '../../src/kernel/syscall.ts';
import { MiB } from '../../src/units.ts';
import { type InPlace, type InPlaceOptions, openInPlace } from '../../src/uring/in-place.ts';

const folder = mkdtempSync(join(tmpdir(), 'nairobi-in-place-'));
afterAll(() => rmSync(folder, { recursive: true }));

function csv(name: string, rows: number): string {
  const path = join(folder, name);
  const lines = Array.from(
    { length: rows },
    (_, row) => `${row},${row % 7},some text to fill it\n`,
  );
  writeFileSync(path, `a,b,c\n${lines.join('')}`);
  return path;
}

function inPlaceOrSkip(
  context: { skip: (why: string) => void },
  path: string,
  options: InPlaceOptions = {},
): InPlace {
  const scan = openInPlace(path, options);
  if (scan === undefined) context.skip(`no fault guard on ${process.arch}`);
  return scan as InPlace;
}

function sum(scan: InPlace): number {
  const pl = polars();
  const frame = collect(pl.scanCSV(scan.scanPath).select(pl.col('a').sum()));
  return Number(frame.row(0)[0]);
}

const sumTo = (rows: number): number => ((rows - 1) * rows) / 2;

test('a file is scanned where it is, and stays readable when its name is taken', (context) => {
  const path = csv('replaced.csv', 1000);
  using scan = inPlaceOrSkip(context, path);
  renameSync(csv('other.csv', 5), path);
  expect(sum(scan)).toBe(sumTo(1000));
  scan.verify();
  expect(scan.changed).toBe(false);
});

/** Cuts the file to ten pages some 15 ms after `work` began. */
async function cutSoon(path: string, work: () => void): Promise<void> {
  const program = `
    const { truncateSync } = require('node:fs');
    const { workerData, parentPort } = require('node:worker_threads');
    parentPort.postMessage('up');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15);
    truncateSync(workerData, 4096 * 10);`;
  const worker = new Worker(program, { eval: true, workerData: path });
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  await new Promise((resolve) => worker.once('message', resolve));
  try {
    work();
  } catch {
    // Zeros in the middle of a file can be bad data as well; verify is what says why.
  }
  await gone;
}

test('a file that is cut while it is scanned is an error, and the process lives', async (context) => {
  const path = csv('cut.csv', 1_500_000);
  using scan = inPlaceOrSkip(context, path);
  await cutSoon(path, () => sum(scan));
  expect(() => scan.verify()).toThrow(/became shorter while it was read/);
});

test('a file that was written to since it was opened is known as changed', (context) => {
  const path = csv('appended.csv', 1000);
  using scan = inPlaceOrSkip(context, path);
  expect(scan.changed).toBe(false);
  const { size } = statSync(path);
  appendFileSync(path, '1000,0,more\n');
  utimesSync(path, new Date(), new Date(Date.now() + 5000));
  expect(scan.changed).toBe(true);
  expect(scan.currentSize).toBeGreaterThan(size);
  scan.verify();
});

test('a window bounds what is mapped, with the same answer', async (context) => {
  const rows = 3_500_000;
  const path = csv('window.csv', rows);
  expect(statSync(path).size).toBeGreaterThan(96 * MiB);
  const scan = inPlaceOrSkip(context, path, { windowBytes: 32 * MiB });
  expect(sum(scan)).toBe(sumTo(rows));
  scan.verify();
  scan.close();
  const report = await scan.report;
  // A quick machine may be done before the warden thread is up.
  expect(report?.trimmedBytes).toBeGreaterThanOrEqual(0);
});

/** What Polars unmaps in one call. */
const STRETCH = 32 * MiB;

/** A file that is scanned through a window, mapped as Polars maps it. */
function mappedInWindow(context: { skip: (why: string) => void }, path: string) {
  const scan = inPlaceOrSkip(context, path, { windowBytes: 32 * MiB });
  expect(scan.scanPath).toContain('/proc/self/fd/');
  const { size } = statSync(path);
  const map = { protection: MAP.PROT_READ, flags: MAP.MAP_SHARED, fd: scan.fd };
  const address = BigInt(mmap(size, map));
  const bytes = Buffer.from(viewOf(address, size));
  const isSealed = (): boolean => mprotect(address, 4096, MAP.PROT_READ) < 0;
  return { scan, size, address, bytes, isSealed };
}

test('what was unmapped stretch by stretch, and is something else now, keeps its pages', async (context) => {
  const path = csv('stretches.csv', 2_500_000);
  const { scan, size, address, bytes, isSealed } = mappedInWindow(context, path);
  for (let at = 0; at < size; at += 4096) bytes.readUInt8(at);
  for (let wait = 0; wait < 200 && !isSealed(); wait++) await sleep(10);
  const others: Buffer[] = [];
  for (let at = 0; at < size; at += STRETCH) {
    const place = address + BigInt(at);
    const length = Math.min(STRETCH, size - at);
    if (munmap(place, length) < 0) continue;
    const protection = MAP.PROT_READ | MAP.PROT_WRITE;
    const flags = MAP.MAP_PRIVATE | MAP.MAP_ANONYMOUS;
    const other = BigInt(syscall(SYS.mmap, place, length, protection, flags, -1, 0));
    others.push(Buffer.from(viewOf(other, length)).fill(1));
  }
  expect(others.length).toBeGreaterThan(0);
  await sleep(200);
  scan.close();
  await scan.report;
  for (const other of others) expect(other.includes(0)).toBe(false);
});

test('a file cut while a window seals its mapping is an error, too', async (context) => {
  const path = csv('sealed.csv', 2_500_000);
  const { scan, size, address, bytes, isSealed } = mappedInWindow(context, path);
  const touch = (): Set<number | undefined> => {
    const seen = new Set<number | undefined>();
    // The pages that are sealed cannot be replaced by zeros.
    for (let at = 4096 * 10; at < size; at += 4096) if (at % STRETCH !== 0) seen.add(bytes[at]);
    return seen;
  };
  expect(touch()).not.toContain(0);
  for (let wait = 0; wait < 200 && !isSealed(); wait++) await sleep(10);
  if (!isSealed()) context.skip('this kernel seals no mappings (6.10)');
  expect(munmap(address, size)).toBeLessThan(0);
  truncateSync(path, 4096 * 10);
  expect([...touch()]).toEqual([0]);
  expect(() => scan.verify()).toThrow(/became shorter/);
  scan.close();
});

test('a cold file is read ahead by the ring', (context) => {
  const path = csv('cold.csv', 400_000);
  const fd = openSync(path, 'r+');
  fsyncSync(fd); // pages that are not written yet cannot be dropped
  fadvise(fd as Fd, 0, 0, FADVISE.POSIX_FADV_DONTNEED);
  closeSync(fd);
  using scan = inPlaceOrSkip(context, path);
  if (scan.facts.cachedShare > 0.9) context.skip('this file system keeps the pages');
  if (scan.facts.ringFlags.length === 0) context.skip('no io_uring here');
  expect(scan.facts.prefetches).toBeGreaterThan(0);
  expect(sum(scan)).toBe(sumTo(400_000));
});

test('what has no pages to map is not scanned in place', () => {
  expect(openInPlace('/proc/cpuinfo')).toBeUndefined();
  expect(() => openInPlace(join(folder, 'missing.csv'))).toThrow(/no such file/);
  using guard = guardFaults();
  expect(guard?.faults ?? 0).toBe(0);
});
