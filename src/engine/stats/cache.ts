/**
 * The sidecar of `stats --cache`: FILE.nairobi-stats.json beside the file. It is used only when the
 * file is the very one it was made of: device, inode, size, times of change to the nanosecond and
 * a digest of its beginning, its end and 64 places between; and when the question is the same.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { KERNEL_SOURCE } from '../../compute/stats/kernel.generated.ts';
import { messageOf, NairobiError } from '../../errors.ts';
import type { StatsResult } from './stats.ts';

const ENDS_BYTES = 64 * 1024;
const PLACES = 64;
const PLACE_BYTES = 4096;

/**
 * A file changed so recently could change again without its times telling: the clock that stamps
 * files moves in steps of some milliseconds, on some file systems of two seconds.
 */
const SETTLED_NS = 2_000_000_000n;

export interface CacheKey {
  readonly path: string;
  /** Everything the figures depend on beside the file. */
  readonly question: string;
  readonly file: string;
}

export function sidecarOf(path: string): string {
  return `${path}.nairobi-stats.json`;
}

/** Undefined for what is no regular file. `question`: the options, as plain data. */
export function cacheKey(
  path: string,
  question: object,
  now = BigInt(Date.now()) * 1_000_000n,
): CacheKey | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd, { bigint: true });
    const { dev, ino, size, mtimeNs, ctimeNs } = stat;
    if (!stat.isFile() || now - mtimeNs < SETTLED_NS || now - ctimeNs < SETTLED_NS)
      return undefined;
    const identity = [dev, ino, size, mtimeNs, ctimeNs, digestOf(fd, Number(size))].join(' ');
    const about = JSON.stringify({ kernel: KERNEL_SOURCE, question });
    return { path, question: createHash('sha256').update(about).digest('hex'), file: identity };
  } finally {
    closeSync(fd);
  }
}

function digestOf(fd: number, size: number): string {
  const hash = createHash('sha256');
  const block = Buffer.alloc(ENDS_BYTES);
  const add = (at: number, length: number): void => {
    hash.update(block.subarray(0, readSync(fd, block, 0, length, Math.max(0, at))));
  };
  add(0, ENDS_BYTES);
  for (let i = 1; i <= PLACES; i += 1) add(Math.floor((size / (PLACES + 1)) * i), PLACE_BYTES);
  add(size - ENDS_BYTES, ENDS_BYTES);
  return hash.digest('hex');
}

/** The kept result, or undefined when there is none that is certain to be right. */
export function readCache(key: CacheKey): StatsResult | undefined {
  try {
    const kept = JSON.parse(readFileSync(sidecarOf(key.path), 'utf8'), revive) as {
      key: CacheKey;
      result: StatsResult;
    };
    const isSame = kept.key.question === key.question && kept.key.file === key.file;
    return isSame ? kept.result : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all. `before` and `after` the run: nothing is kept of a file that changed. */
export function writeCache(
  before: CacheKey,
  after: CacheKey | undefined,
  result: StatsResult,
): void {
  if (after?.file !== before.file) return;
  const path = sidecarOf(before.path);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, JSON.stringify({ key: before, result }, hide), { mode: 0o644 });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new NairobiError('IO', `Cannot write the cache ${path}: ${messageOf(cause)}`, {
      cause,
      hint: 'leave out --cache, or make the folder writable',
    });
  }
}

/** JSON has no integers beyond 2^53, no NaN and no infinity. */
function hide(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: value.toString() };
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  return value;
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$bigint' in value) return BigInt(String(value.$bigint));
  return '$number' in value ? Number(value.$number) : value;
}
