/** Reads a source once, whole, and keeps its rows as a sealed Arrow file in memory. */
import { collect, type DataFrame } from '../compute/polars.ts';
import { columnsOf } from '../compute/types.ts';
import { tableName } from '../engine/inputs/sources.ts';
import type { planHost } from '../engine/plan.ts';
import { Reporter } from '../engine/run/report.ts';
import { Session } from '../engine/session.ts';
import { NairobiError } from '../errors.ts';
import { usableThreads } from '../host/cpu.ts';
import { close } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import { type Sealed, sealedFile } from '../memory/sealed.ts';
import { type Bytes, bytes, formatBytes } from '../units.ts';
import { marksOf, sameFiles, settledMarks } from './files.ts';
import { onHugePages } from './huge-rows.ts';
import type { Held, SourceWish } from './tasks.ts';

export interface Loaded {
  readonly held: Held;
  readonly frame: DataFrame;
}

/** Looked up once: the files that say it cost a sixth of a small query. */
let threads: number | undefined;

export function hostOf(memoryLimit: number): Parameters<typeof planHost>[0] {
  threads ??= usableThreads();
  return {
    memoryLimit: bytes(memoryLimit) as Bytes,
    threads,
    cpus: undefined,
    io: 'auto',
    direct: 'auto',
  };
}

/**
 * Reads it, and again when it changed meanwhile. MEMORY_LIMIT where the rows do not fit; what
 * reading throws otherwise.
 */
export async function load(
  wanted: { id: string; version: number; wish: SourceWish },
  memoryLimit: number,
): Promise<Loaded> {
  for (let round = 1; ; round += 1) {
    const loaded = await loadOnce(wanted, memoryLimit);
    if (sameFiles(marksOf(wanted.wish), loaded.held.files)) return loaded;
    close(loaded.held.fd as Fd);
    if (round === READS_MAX) throw changing(wanted.wish);
  }
}

async function loadOnce(
  { id, version, wish }: { id: string; version: number; wish: SourceWish },
  memoryLimit: number,
): Promise<Loaded> {
  const files = await settledMarks(wish);
  const { unionByName, filenameColumn } = wish;
  const reporter = new Reporter();
  using session = new Session(
    {
      host: hostOf(memoryLimit),
      read: wish.read,
      ...(unionByName === undefined ? {} : { unionByName }),
      ...(filenameColumn === undefined ? {} : { filenameColumn }),
    },
    reporter,
  );
  const argument = { path: wish.path, ...(wish.fd === undefined ? {} : { fd: wish.fd }) };
  const relation = session.open(argument);
  const promised = JSON.stringify(relation.columns);
  const frame = await session.attempt(() => {
    if (!relation.fits) throw tooLarge(wish, relation.byteLength, memoryLimit);
    return collect(relation.scan());
  });
  const whole = frame.rechunk();
  const { fd, byteLength, pages } = sealedRows(`nairobi:${id}`, whole);
  const columns = columnsOf(whole);
  const held: Held = {
    id,
    version,
    name: tableName(argument),
    fd,
    bytes: byteLength,
    pages,
    rows: whole.height,
    columns,
    wish,
    files,
    asInferred:
      promised === JSON.stringify(relation.columns) &&
      promised === JSON.stringify(columns) &&
      reporter.rejection === undefined,
  };
  return { held, frame: whole };
}

function sealedRows(name: string, rows: DataFrame): Sealed & { pages: Held['pages'] } {
  let pages: Held['pages'] = 'plain';
  const sealed = sealedFile(
    name,
    (path) => rows.writeIPC(path),
    (fd, byteLength) => {
      const huge = onHugePages(name, fd, byteLength);
      if (huge !== undefined) pages = 'hugetlb-2M';
      return huge ?? fd;
    },
  );
  return { ...sealed, pages };
}

/** What is written to all the time is never read whole. */
const READS_MAX = 4;

const changing = ({ path }: SourceWish): NairobiError =>
  new NairobiError('BAD_DATA', `${path} changes faster than it can be read`, {
    hint: 'query a copy of it',
  });

const tooLarge = (wish: SourceWish, size: number, limit: number): NairobiError =>
  new NairobiError(
    'MEMORY_LIMIT',
    `${wish.path} (${formatBytes(size)}) does not fit what is left of the memory limit, ` +
      `${formatBytes(limit)}`,
    { hint: 'pass a larger --memory-limit to the daemon, or query the file without it' },
  );
