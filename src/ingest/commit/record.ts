/**
 * The commit record: one small JSON file whose rename is the commit. It holds what the run read
 * (per source) and what it wrote (staged files and the names they get), so that both become true
 * at the same instant.
 */
import { readFileSync } from 'node:fs';
import type { Column } from '../../compute/relation.ts';
import { messageOf, NairobiError } from '../../errors.ts';
import type { Clearing } from './after.ts';
import { errnoOf, ioError } from './durable.ts';

/** The first and the last bytes of what was consumed, as hashes: the content knows itself again. */
export interface Fingerprint {
  /** Bytes from the start of the file that `head` covers, at most 1024. */
  readonly headBytes: number;
  readonly head: string;
  /** Bytes before `offset` that `tail` covers, at most 1024. */
  readonly tailBytes: number;
  readonly tail: string;
}

export interface SourceState {
  /** Absolute path under which it was last seen. */
  readonly path: string;
  readonly dev: string;
  readonly ino: string;
  readonly fingerprint: Fingerprint;
  /** Bytes consumed (of the decompressed content): the end of the last complete record. */
  readonly offset: number;
  /** Lines consumed, header included. */
  readonly lines: number;
  /** How its text is read (a CsvPlan, say), so that a later run reads the rest alike. */
  readonly plan: unknown;
  /** True for a compressed file, which is read once to its end. */
  readonly done: boolean;
  /** When it last gave rows, ISO 8601 UTC. */
  readonly seenAt: string;
}

/** A staged file and the name it gets; both relative to the target's root. */
export interface Publication {
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Bytes of a staged file that belong at `offset` of a file elsewhere: writing them twice is
 * harmless.
 */
export interface Appendix {
  readonly from: string;
  readonly to: string;
  readonly offset: number;
  readonly bytes: number;
}

export interface Totals {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly rowsRejected: number;
  /** Dropped on purpose: --where, --dedupe, --downsample. */
  readonly rowsFiltered: number;
}

export interface CommitRecord {
  readonly format: 'nairobi-commit';
  readonly version: 1;
  /** Commits so far under this record. */
  readonly sequence: number;
  readonly run: string;
  readonly committedAt: string;
  /** Absolute path of the dataset directory or file it belongs to. */
  readonly target: string;
  readonly columns: readonly Column[];
  readonly partitionBy: readonly string[];
  readonly publish: readonly Publication[];
  readonly append: readonly Appendix[];
  /** Parts that this commit retires, relative to the root. */
  readonly remove: readonly string[];
  readonly sources: readonly SourceState[];
  /** Sources that go now that their rows are in. */
  readonly clear?: readonly Clearing[];
  readonly totals: Totals;
}

export const NO_ROWS: Totals = { rowsRead: 0, rowsWritten: 0, rowsRejected: 0, rowsFiltered: 0 };

export function encodeRecord(record: CommitRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record, undefined, 1)}\n`);
}

/** The record at `path`; undefined where there is none yet. */
export function readRecord(path: string): CommitRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    throw ioError('read', path, cause);
  }
  return parseRecord(text, path);
}

function parseRecord(text: string, path: string): CommitRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw notOurs(path, messageOf(cause).replaceAll(/\s+/g, ' '));
  }
  if (typeof value !== 'object' || value === null) throw notOurs(path, 'it holds no object');
  const record = value as Partial<CommitRecord>;
  if (record.format !== 'nairobi-commit')
    throw notOurs(path, 'it was not written by nairobi ingest');
  if (record.version !== 1) throw notOurs(path, `its version is ${String(record.version)}, not 1`);
  for (const key of ['publish', 'append', 'remove', 'sources', 'columns'] as const) {
    if (!Array.isArray(record[key])) throw notOurs(path, `"${key}" is missing`);
  }
  return record as CommitRecord;
}

function notOurs(path: string, reason: string): NairobiError {
  return new NairobiError('BAD_DATA', `Cannot use ${path} as ingest state: ${reason}`, {
    where: { file: path },
    hint: 'name another file with --state, or move this one away to start from the beginning',
  });
}
