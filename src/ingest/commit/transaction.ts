/**
 * One commit of a run: files are staged and synced, the record is renamed into place (that is the
 * commit), then the staged files get their names. A run that dies in between is finished by the
 * next one from the record: every step may be done twice. See docs/ingest.md.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { assert } from '../../errors.ts';
import { OWN_DIRECTORY, stagingOf, stagingRoot } from '../targets/layout.ts';
import {
  attempt,
  makeDirectory,
  replaceUnsynced,
  syncDirectory,
  withHint,
  writeNew,
} from './durable.ts';
import { clearExchanges, exchangeParts } from './exchange.ts';
import { type CommitRecord, encodeRecord, readRecord } from './record.ts';

/** Written first into a staging directory: which record decides about it. */
const OWNER = 'owner';

export class Staging {
  readonly root: string;
  readonly run: string;
  readonly directory: string;
  #count = 0;
  #made = false;
  #committed = false;
  readonly #record: string;

  constructor(root: string, run: string, record: string) {
    this.root = resolve(root);
    this.run = run;
    this.directory = stagingOf(this.root, run);
    this.#record = resolve(record);
  }

  /** A path for the next staged file, relative to the root; the caller writes and syncs it. */
  next(): string {
    this.open();
    this.#count += 1;
    const name = `${String(this.#count).padStart(4, '0')}.part`;
    return relative(this.root, join(this.directory, name));
  }

  private open(): void {
    if (this.#made) return;
    makeDirectory(this.directory);
    writeNew(join(this.directory, OWNER), Buffer.from(this.#record));
    this.#made = true;
  }

  /**
   * Makes the names of all staged files durable: the last step before the record. The directory
   * is there even when nothing is staged: it says that a commit is to be finished.
   */
  seal(): void {
    this.open();
    syncDirectory(this.directory);
  }

  /** From here on the files belong to the commit: only `finish` may take them away. */
  handOver(): void {
    this.#committed = true;
  }

  discard(): void {
    if (this.#committed) return;
    rmSync(this.directory, { recursive: true, force: true });
    this.#made = false;
  }
}

/** What failed after the rename of a record. */
export const COMMITTED = 'the rows are committed; the next run finishes what is missing';

/** The commit: after this returns the run has happened, whatever dies next. */
export function commit(recordPath: string, record: CommitRecord, staging: Staging): void {
  assert(record.run === staging.run, 'a record commits the files of its own run');
  staging.seal();
  makeDirectory(dirname(resolve(recordPath)));
  replaceUnsynced(recordPath, encodeRecord(record), record.run, () => staging.handOver());
  withHint(COMMITTED, () => {
    syncDirectory(dirname(resolve(recordPath)));
    finish(record, staging.root);
  });
}

/** Gives staged files their names and removes retired ones; does nothing where that is done. */
export function finish(record: CommitRecord, root: string): void {
  const directory = stagingOf(root, record.run);
  if (!existsSync(directory)) return;
  apply(record, root);
  try {
    rmSync(directory, { recursive: true, force: true });
  } catch {
    // Empty by now: the next run takes it away.
  }
}

/** The steps of a commit that come after it. Each looks first whether it is done already. */
export function apply(record: CommitRecord, root: string): void {
  appendRejected(record, root);
  const changes = record.publish.length + record.remove.length;
  const isDataset = existsSync(join(root, OWN_DIRECTORY));
  if (changes > 1 && isDataset && isPending(record, root) && exchangeParts(record, root)) return;
  const touched = new Set<string>();
  for (const { from, to } of record.publish) {
    const source = join(root, from);
    if (!existsSync(source)) continue;
    const target = join(root, to);
    makeDirectory(dirname(target));
    attempt('rename', target, () => renameSync(source, target));
    touched.add(dirname(target));
  }
  for (const part of record.remove) {
    const target = join(root, part);
    if (!existsSync(target)) continue;
    attempt('remove', target, () => rmSync(target));
    touched.add(dirname(target));
  }
  for (const path of touched) syncDirectory(path);
}

/** False once everything is published: a repeated recovery has nothing left to swap. */
function isPending(record: CommitRecord, root: string): boolean {
  return (
    record.publish.some(({ from }) => existsSync(join(root, from))) ||
    record.remove.some((part) => existsSync(join(root, part)))
  );
}

function appendRejected(record: CommitRecord, root: string): void {
  for (const { from, to, offset } of record.append) {
    const source = join(root, from);
    if (!existsSync(source)) continue;
    writeAt(to, readFileSync(source), offset);
    attempt('remove', source, () => rmSync(source));
  }
}

/** Puts `data` at `offset` and ends the file there: the same result however often it is done. */
function writeAt(path: string, data: Buffer, offset: number): void {
  attempt('write', path, () => {
    makeDirectory(dirname(path));
    const fd = openSync(path, existsSync(path) ? 'r+' : 'w');
    try {
      let done = 0;
      while (done < data.length) {
        done += writeSync(fd, data, done, data.length - done, offset + done);
      }
      ftruncateSync(fd, offset + data.length);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDirectory(dirname(path));
  });
}

export interface Recovery {
  /** Runs that had committed and whose files now have their names. */
  readonly finished: readonly string[];
  /** Runs that had not committed and whose files are gone. */
  readonly discarded: readonly string[];
  /** Runs whose record cannot be read now (another volume, say): left alone. */
  readonly left: readonly string[];
}

/**
 * Finishes or discards what killed runs left in `root`. Only with the lock held: a staging
 * directory then belongs to nobody who lives.
 */
export function recover(root: string): Recovery {
  const finished: string[] = [];
  const discarded: string[] = [];
  const left: string[] = [];
  const base = stagingRoot(root);
  for (const run of existsSync(base) ? readdirSync(base) : []) {
    const directory = join(base, run);
    const owner = join(directory, OWNER);
    const recordPath = existsSync(owner) ? readFileSync(owner, 'utf8') : '';
    const record = recordPath === '' ? undefined : readRecord(recordPath);
    if (record?.run === run) {
      finish(record, root);
      finished.push(run);
    } else if (recordPath !== '' && record === undefined && !existsSync(dirname(recordPath))) {
      left.push(run);
    } else {
      rmSync(directory, { recursive: true, force: true });
      discarded.push(run);
    }
  }
  clearExchanges(root);
  return { finished, discarded, left };
}
