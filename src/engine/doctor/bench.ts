/**
 * Measures this host's ways of reading on a file of the user's: through the page cache and past it,
 * by block size, reads in flight and page kind. Rounds go over all ways in turn, so that whatever
 * else the machine does falls on each alike; medians are told.
 */
import { randomFillSync } from 'node:crypto';
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turnOfEvents } from 'node:timers/promises';
import { NairobiError } from '../../errors.ts';
import { fadvise } from '../../kernel/calls.ts';
import { FADVISE } from '../../kernel/constants.ts';
import { DIRECT_ALIGN_BYTES } from '../../limits.ts';
import type { Lease, PageKind } from '../../memory/lease.ts';
import { Pool } from '../../memory/pool.ts';
import { unfinished } from '../../unfinished.ts';
import { formatBytes, MiB } from '../../units.ts';
import { type InputFile, openInput } from '../../uring/input-file.ts';
import { openReader } from '../../uring/read-file.ts';
import { isUsual, type Way, waysFor } from './bench-ways.ts';

export interface Measured extends Way {
  readonly pageKind: PageKind;
  /** Median over the rounds. */
  readonly bytesPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
  readonly rounds: number;
}

export interface BenchReport {
  readonly file: string;
  readonly bytes: number;
  readonly rows: readonly Measured[];
  readonly recommendation: Recommendation;
  readonly milliseconds: number;
}

export interface Recommendation {
  readonly direct: boolean;
  readonly blockBytes: number;
  readonly readsInFlight: number;
  readonly bytesPerSecond: number;
  /** Of that speed, what the settings reach that every command reads with. */
  readonly usualShare: number | null;
  /** How much faster direct reads are into huge pages than into plain ones. */
  readonly hugePagesFactor: number | null;
  readonly uringFactor: number | null;
}

/** What one way reads in one round; in the first, of all ways, less: a card may be slow. */
const BYTES_PER_TURN = 128 * MiB;
const FIRST_BYTES = 32 * MiB;
const BYTES_MIN = 16 * MiB;
/** Made in a directory when no file is named. */
const MADE_BYTES = 256 * MiB;
const BUDGET_MS = 10_000;
const ROUNDS_MIN = 3;
const ROUNDS_MAX = 5;
/** No round begins beyond this, whatever it costs the medians. */
const PATIENCE_MS = 3 * BUDGET_MS;
/**
 * Below this share of the best of its path a way is measured once; the time goes to those it is
 * between.
 */
const CONTENDER_SHARE = 0.7;
/** A setting this near to the best one counts as equal; the one with less memory is taken. */
const EQUAL_SHARE = 0.97;

/**
 * Reads the file at `path`; in a directory, one that is made for it and removed. Signals get their
 * turn between any two readings.
 */
export async function bench(path: string): Promise<BenchReport> {
  const started = performance.now();
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!folder) return benchFile(path, started);
  const made = join(path, `.nairobi-bench-${process.pid}`);
  using _guard = unfinished(made);
  try {
    await makeFile(made, path);
    return { ...(await benchFile(made, started)), file: path };
  } finally {
    rmSync(made, { force: true });
  }
}

/** Random bytes: some devices store zeros without writing them. */
async function makeFile(file: string, folder: string): Promise<void> {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < 2 * MADE_BYTES) {
    throw new NairobiError(
      'IO',
      `There is no room for a file of ${formatBytes(MADE_BYTES)} to read in ${folder}`,
      {
        hint: 'name an existing file instead',
        where: { file: folder },
      },
    );
  }
  const block = Buffer.alloc(4 * MiB);
  const fd = openSync(file, 'wx', 0o600);
  try {
    for (let at = 0; at < MADE_BYTES; at += block.length) {
      writeSync(fd, randomFillSync(block));
      await turnOfEvents();
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function benchFile(path: string, started: number): Promise<BenchReport> {
  using direct = openInput(path, 'always');
  using buffered = openInput(path, 'never');
  if (buffered.kind !== 'regular' || buffered.size < BYTES_MIN) {
    throw new NairobiError(
      'USAGE',
      `"${path}" is too small to measure with: ${formatBytes(buffered.size)}`,
      {
        hint: `name a file of ${formatBytes(BYTES_MIN)} or more, or a directory to make one in`,
        where: { file: path },
      },
    );
  }
  using plain = new Pool({ pages: 'plain' });
  using huge = new Pool({ pages: 'auto' });
  // tmpfs takes O_DIRECT from 6.6 on, and reads its memory as ever: there is nothing to compare.
  const directWorks = direct.directFd !== undefined && direct.hasDevice;
  const turns: readonly Turns[] = waysFor(directWorks, hasRing()).map((way) => ({
    way,
    times: [],
  }));
  const bytes = Math.min(BYTES_PER_TURN, buffered.size - (buffered.size % DIRECT_ALIGN_BYTES));
  let contenders: readonly Turns[] = turns;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const began = performance.now();
    for (const [index, { way, times }] of contenders.entries()) {
      const file = way.path === 'direct' ? direct : buffered;
      const wanted = round === 0 ? Math.min(FIRST_BYTES, bytes) : bytes;
      const offset = offsetOf(index + round, bytes, file.size);
      times.push(turn(file, way, way.pages === 'plain' ? plain : huge, offset, wanted));
      await turnOfEvents();
    }
    const lastMs = performance.now() - began;
    const before = contenders.length;
    contenders = contendersOf(turns);
    const nextMs = (lastMs * contenders.length) / before;
    const limitMs = round + 1 < ROUNDS_MIN ? PATIENCE_MS : BUDGET_MS;
    if (performance.now() - started + nextMs > limitMs) break;
  }
  const rows = turns.map(({ way, times }) => summarise(way, times));
  return {
    file: path,
    bytes,
    rows,
    recommendation: recommend(rows),
    milliseconds: performance.now() - started,
  };
}

interface Turns {
  readonly way: Way;
  readonly times: Timing[];
}

/** Those worth another round: near the best of their path, and the usual settings. */
function contendersOf(turns: readonly Turns[]): readonly Turns[] {
  const speeds = new Map(
    turns.map((one) => [one, summarise(one.way, one.times).bytesPerSecond] as const),
  );
  return turns.filter((one) => {
    const rivals = turns.filter(({ way }) => way.path === one.way.path);
    const best = Math.max(...rivals.map((rival) => speeds.get(rival) ?? 0));
    return isUsual(one.way) || (speeds.get(one) ?? 0) >= best * CONTENDER_SHARE;
  });
}

/** Each turn reads elsewhere in a file that is large enough: devices have caches, too. */
function offsetOf(turnNumber: number, bytes: number, size: number): number {
  const places = Math.max(1, Math.floor(size / bytes));
  return (turnNumber % places) * bytes;
}

/** Whether io_uring works here at all. */
function hasRing(): boolean {
  try {
    openReader('uring')[Symbol.dispose]();
    return true;
  } catch {
    return false; // "nairobi doctor --only io_uring" says why
  }
}

interface Timing {
  readonly milliseconds: number;
  readonly cpuMicroseconds: number;
  readonly bytes: number;
  readonly pageKind: PageKind;
}

/** Reads `bytes` from `offset` in two halves that take turns, so that the device never waits. */
function turn(file: InputFile, way: Way, pool: Pool, offset: number, bytes: number): Timing {
  const half = Math.max(way.blockBytes * way.readsInFlight, 4 * MiB);
  using lease = pool.lease(2 * half);
  touch(lease);
  using opened = openReader(way.backend, way);
  const reader = opened.readerOf(file);
  const region = { offset, bytes: Math.min(bytes, file.size - offset) };
  if (way.path === 'uncached') fadvise(file.fd, 0, 0, FADVISE.POSIX_FADV_DONTNEED);
  const readAll = (): void => {
    let waiting: ReturnType<typeof reader.start> | undefined;
    for (let at = 0, side = 0; at < region.bytes; at += half, side = 1 - side) {
      const extent = {
        address: lease.address + BigInt(side * half),
        offset: region.offset + at,
        byteLength: Math.min(half, region.bytes - at),
      };
      const next = reader.start(file, extent);
      if (waiting !== undefined) reader.finish(waiting);
      waiting = next;
    }
    if (waiting !== undefined) reader.finish(waiting);
  };
  if (way.path === 'cached') readAll();
  const cpu = process.cpuUsage();
  const start = performance.now();
  readAll();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const { pageKind } = lease;
  return { milliseconds, cpuMicroseconds: user + system, bytes: region.bytes, pageKind };
}

/** The first touch of fresh memory costs more than reading into it. */
function touch(lease: Lease): void {
  const memory = lease.bytes();
  for (let at = 0; at < memory.length; at += 4096) memory[at] = 1;
}

function summarise(way: Way, times: readonly Timing[]): Measured {
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return {
    ...way,
    pageKind: times[0]?.pageKind ?? 'plain',
    bytesPerSecond: median(times.map(({ bytes, milliseconds }) => (bytes * 1000) / milliseconds)),
    cpuSecondsPerGigabyte: median(times.map((one) => (one.cpuMicroseconds * 1000) / one.bytes)),
    rounds: times.length,
  };
}

/** The least memory within a few per cent of the fastest direct read; the page cache if it wins. */
export function recommend(rows: readonly Measured[]): Recommendation {
  const best = (some: readonly Measured[]): Measured | undefined =>
    some.toSorted((a, b) => b.bytesPerSecond - a.bytesPerSecond)[0];
  const past = rows.filter(({ path }) => path === 'direct');
  const rings = past.filter(({ backend }) => backend === 'uring');
  const direct = rings.length > 0 ? rings : past;
  const fastest = best(direct);
  const uncached = best(rows.filter(({ path }) => path === 'uncached'));
  const chosen = direct
    .filter(({ bytesPerSecond }) => bytesPerSecond >= (fastest?.bytesPerSecond ?? 0) * EQUAL_SHARE)
    .toSorted((a, b) => a.blockBytes * a.readsInFlight - b.blockBytes * b.readsInFlight)[0];
  const ratio = (a: Measured | undefined, b: Measured | undefined): number | null =>
    a === undefined || b === undefined ? null : a.bytesPerSecond / b.bytesPerSecond;
  const use = chosen ?? uncached;
  return {
    direct: (ratio(chosen, uncached) ?? 0) > 1,
    blockBytes: use?.blockBytes ?? 0,
    readsInFlight: use?.readsInFlight ?? 0,
    bytesPerSecond: use?.bytesPerSecond ?? 0,
    usualShare: ratio(direct.find(isUsual), use),
    hugePagesFactor: ratio(
      best(direct.filter(({ pages }) => pages === 'huge')),
      best(direct.filter(({ pages }) => pages === 'plain')),
    ),
    uringFactor: ratio(best(rings), best(past.filter(({ backend }) => backend === 'pread'))),
  };
}
