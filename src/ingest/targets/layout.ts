/**
 * What lies where in a dataset directory:
 *
 *   data/day=2026-11-21/device=a/part-20261121T005700-1f3a9c2e-0001.parquet
 *   data/.nairobi/commit.json            the commit record, unless --state names another file
 *   data/.nairobi/lock                   flock: one writer at a time
 *   data/.nairobi/staging/RUN/0001.part  what a run has written but not committed
 *
 * Nothing under .nairobi ends in .parquet, so `data/**\/*.parquet` never meets it; Spark, Trino and
 * Hive skip names that begin with a dot anyway.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

export const OWN_DIRECTORY = '.nairobi';

export const recordPath = (root: string): string => join(root, OWN_DIRECTORY, 'commit.json');
export const lockPath = (root: string): string => join(root, OWN_DIRECTORY, 'lock');
export const stagingRoot = (root: string): string => join(root, OWN_DIRECTORY, 'staging');
export const stagingOf = (root: string, run: string): string => join(stagingRoot(root), run);

/** Sorts by time and is unique among runs: the start in UTC and 32 random bits. */
export function newRunId(now: Date = new Date()): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '');
  return `${stamp}-${randomBytes(4).toString('hex')}`;
}

const PART_NAME = /^part-(\d{8}T\d{6}-[0-9a-f]{8})-(\d{4,})\.parquet$/;

export function partName(run: string, number: number): string {
  return `part-${run}-${String(number).padStart(4, '0')}.parquet`;
}

/** The run that wrote a part; undefined for a file that is not ours. */
export function runOfPart(name: string): string | undefined {
  return PART_NAME.exec(name)?.[1];
}

/**
 * Hive's own name for "no value" (HIVE_DEFAULT_PARTITION); DuckDB, Spark and Polars read it as
 * null.
 */
export const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

/** Hive escapes these and every control character as %XX (FileUtils.escapePathName). */
const UNSAFE = new Set('"#%\'*/:=?\\{[]^\u007f');

/** A partition value as a directory name may carry it. */
export function escapePartition(value: string | null): string {
  if (value === null || value === '') return NULL_PARTITION;
  let out = '';
  for (const char of value) {
    const code = char.charCodeAt(0);
    out +=
      code < 0x20 || UNSAFE.has(char)
        ? `%${code.toString(16).toUpperCase().padStart(2, '0')}`
        : char;
  }
  return out;
}

export function unescapePartition(text: string): string | null {
  if (text === NULL_PARTITION) return null;
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** "day=2026-11-21/device=a" for [["day", "2026-11-21"], ["device", "a"]]. */
export function partitionPath(values: readonly (readonly [string, string | null])[]): string {
  return values
    .map(([key, value]) => `${escapePartition(key)}=${escapePartition(value)}`)
    .join('/');
}

/** The hidden name beside `path` under which a run writes it before it is renamed. */
export function temporaryBeside(path: string, run: string): string {
  return join(dirname(path), `.${basename(path)}.${run}.tmp`);
}

const TEMPORARY_SUFFIX = /^\d{8}T\d{6}-[0-9a-f]{8}\.tmp(\.spool)?$/;

/** What runs have beside `path` under hidden names. */
export function temporariesBeside(path: string): string[] {
  const folder = dirname(resolve(path));
  const prefix = `.${basename(path)}.`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && TEMPORARY_SUFFIX.test(name.slice(prefix.length)))
    .map((name) => join(folder, name));
}

/** Removes what killed runs left beside `path`. Only with a lock held that keeps others away. */
export function removeTemporaries(path: string): void {
  for (const temporary of temporariesBeside(path)) rmSync(temporary, { force: true });
}
