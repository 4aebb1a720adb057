/**
 * Compaction and retention of a dataset. Only parts of ours are touched; each change is a commit
 * like any other, so a reader sees the parts before or after, and a killed one is finished later.
 */
import { readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { collect, type DataFrame, type LazyFrame, polars } from '../../compute/polars.ts';
import { messageOf, NairobiError } from '../../errors.ts';
import type { Bytes } from '../../units.ts';
import { attempt, errnoOf, ioError, syncDirectory, withHint } from '../commit/durable.ts';
import { type CommitRecord, NO_ROWS, type Publication, readRecord } from '../commit/record.ts';
import { commit, recover, Staging } from '../commit/transaction.ts';
import { type Codec, ParquetWriter } from '../parquet/writer.ts';
import { newRunId, partName, recordPath, removeTemporaries, runOfPart } from './layout.ts';

export interface MaintainOptions {
  readonly root: string;
  /** Merge small parts. */
  readonly compact: boolean;
  /** Drop partitions whose time ended longer ago; undefined: none. */
  readonly keepMs: number | undefined;
  readonly codec: Codec;
  readonly partBytes: Bytes;
}

export interface Maintained {
  readonly merged: number;
  readonly into: number;
  readonly dropped: number;
  readonly rows: number;
}

/**
 * Rows of a row group: as DuckDB and the Parquet documentation advise for columns that are read
 * alone.
 */
const GROUP_ROWS = 500_000;

interface Part {
  /** Relative to the root. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * The caller has seen that it is a dataset of ours, and holds its lock. What is old goes first: it
 * may be what fills the disk.
 */
export function maintain(options: MaintainOptions): Maintained {
  if (!options.compact || options.keepMs === undefined) return maintainOnce(options);
  const { dropped } = maintainOnce({ ...options, compact: false });
  const hint = 'what is old was dropped and nothing was merged; a rerun goes on from there';
  return withHint(hint, () => ({ ...maintainOnce({ ...options, keepMs: undefined }), dropped }));
}

function maintainOnce(options: MaintainOptions): Maintained {
  const root = resolve(options.root);
  recover(root);
  removeTemporaries(recordPath(root));
  const staging = new Staging(root, newRunId(), recordPath(root));
  const { keepMs } = options;
  const parts = listParts(root);
  const isOld = ({ path }: Part): boolean =>
    keepMs !== undefined && hasEnded(path, Date.now() - keepMs);
  const old = parts.filter(isOld);
  const rest = parts.filter((part) => !isOld(part));
  try {
    const merged = options.compact ? mergeAll(rest, staging, options) : { publish: [], remove: [] };
    const remove = [...old.map(({ path }) => path), ...merged.remove];
    if (remove.length > 0) {
      const record = recordFor(root, staging.run, merged.publish, remove);
      commitOrDrop(record, staging);
    }
    if (keepMs !== undefined) {
      const hint = 'the old parts are gone; the next run removes the directories they leave empty';
      withHint(hint, () => removeEnded(root, Date.now() - keepMs));
    }
    const rows = merged.publish.reduce((sum, part) => sum + part.rows, 0);
    return { merged: merged.remove.length, into: merged.publish.length, dropped: old.length, rows };
  } finally {
    staging.discard();
  }
}

/**
 * A disk that is full has no room for a record either. Where parts only go, they go without one: a
 * reader may see some gone before others, and the next run takes what a killed one left.
 */
function commitOrDrop(record: CommitRecord, staging: Staging): void {
  const { root } = staging;
  try {
    commit(recordPath(root), record, staging);
  } catch (error) {
    const isFull =
      error instanceof NairobiError && ['ENOSPC', 'EDQUOT'].includes(errnoOf(error.cause) ?? '');
    if (!isFull || record.publish.length > 0) throw error;
    const paths = record.remove.map((part) => join(root, part));
    for (const path of paths) attempt('remove', path, () => rmSync(path, { force: true }));
    for (const folder of new Set(paths.map((path) => dirname(path)))) syncDirectory(folder);
  }
}

/** Our parts, oldest first within each directory. */
function listParts(root: string): Part[] {
  const found: Part[] = [];
  const walk = (relative: string): void => {
    for (const entry of readdirSync(join(root, relative), { withFileTypes: true })) {
      const path = join(relative, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith('.')) walk(path);
      else if (entry.isFile() && runOfPart(entry.name) !== undefined) {
        found.push({ path, bytes: statSync(join(root, path)).size });
      }
    }
  };
  walk('.');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function mergeAll(
  parts: readonly Part[],
  staging: Staging,
  options: MaintainOptions,
): { publish: Publication[]; remove: string[] } {
  const publish: Publication[] = [];
  const remove: string[] = [];
  const small = parts.filter(({ bytes }) => bytes < options.partBytes / 2);
  const folders = Map.groupBy(small, ({ path }) => dirname(path));
  for (const [folder, members] of folders) {
    for (const group of fill(members, options.partBytes)) {
      if (group.length < 2) continue;
      const from = staging.next();
      const { rows, bytes } = mergeParts(
        staging.root,
        group,
        join(staging.root, from),
        options.codec,
      );
      publish.push({
        from,
        to: join(folder, partName(staging.run, publish.length + 1)),
        rows,
        bytes,
      });
      remove.push(...group.map(({ path }) => path));
    }
  }
  return { publish, remove };
}

/** Neighbours together up to the size of a part. */
function fill(parts: readonly Part[], limit: number): Part[][] {
  const groups: Part[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const part of parts) {
    if (size + part.bytes > limit) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(part);
    size += part.bytes;
  }
  return groups;
}

/** Writes the rows of the parts, in order, in row groups of a good size. */
function mergeParts(
  root: string,
  parts: readonly Part[],
  into: string,
  codec: Codec,
): { rows: number; bytes: number } {
  const pl = polars();
  const writer = new ParquetWriter(into, codec);
  try {
    const scans = parts.map(({ path }) =>
      pl.scanParquet(join(root, path), { glob: false, hivePartitioning: false } as never),
    );
    const [first] = scans;
    const all = scans.length === 1 && first !== undefined ? first : pl.concat(scans);
    for (let at = 0; ; at += GROUP_ROWS) {
      const frame = rowsOf(all.slice(at, GROUP_ROWS), join(root, dirname(parts[0]?.path ?? '')));
      if (frame.height === 0 && at > 0) break;
      writer.append(frame);
      if (frame.height < GROUP_ROWS) break;
    }
    writer.close();
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return { rows: writer.rows, bytes: writer.bytes };
}

/** A part that cannot be opened, or is damaged: Polars names it. */
function rowsOf(rows: LazyFrame, folder: string): DataFrame {
  try {
    return collect(rows);
  } catch (cause) {
    if (errnoOf(cause) !== undefined) throw ioError('merge the parts of', folder, cause);
    const reason = messageOf(cause);
    throw new NairobiError('BAD_DATA', `Cannot merge the parts of ${folder}: ${reason}`, {
      cause,
      where: { file: folder },
      hint: 'nothing was changed; move the damaged part away, or restore it',
    });
  }
}

function recordFor(
  root: string,
  run: string,
  publish: readonly Publication[],
  remove: readonly string[],
): CommitRecord {
  const last = readRecord(recordPath(root));
  return {
    format: 'nairobi-commit',
    version: 1,
    sequence: (last?.sequence ?? 0) + 1,
    run,
    committedAt: new Date().toISOString(),
    target: root,
    columns: last?.columns ?? [],
    partitionBy: last?.partitionBy ?? [],
    publish,
    append: [],
    remove,
    sources: last?.sources ?? [],
    totals: last?.totals ?? NO_ROWS,
  };
}

const LENGTHS: Readonly<Record<string, (start: Date) => number>> = {
  year: (start) => start.setUTCFullYear(start.getUTCFullYear() + 1),
  month: (start) => start.setUTCMonth(start.getUTCMonth() + 1),
  day: (start) => start.setUTCDate(start.getUTCDate() + 1),
  hour: (start) => start.setUTCHours(start.getUTCHours() + 1),
};

/** True when the path states a stretch of time (day=2026-11-21) that ended before `before`. */
function hasEnded(path: string, before: number): boolean {
  return path.split('/').some((step) => {
    const match = /^(?:.*_)?(year|month|day|hour)=(\d{4}(?:-\d\d){0,2}(?:T\d\d)?)$/.exec(step);
    const length = LENGTHS[match?.[1] ?? ''];
    const text = match?.[2];
    if (length === undefined || text === undefined) return false;
    const start = new Date(text.includes('T') ? `${text}:00:00Z` : text);
    return !Number.isNaN(start.getTime()) && length(start) <= before;
  });
}

/** Removes the empty directories of time that has ended, also those a killed run left. */
function removeEnded(root: string, before: number): void {
  const walk = (relative: string): void => {
    for (const entry of readdirSync(join(root, relative), { withFileTypes: true })) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) walk(join(relative, entry.name));
    }
    const folder = join(root, relative);
    if (hasEnded(relative, before) && readdirSync(folder).length === 0) rmdirSync(folder);
  };
  walk('.');
}
