/**
 * Where to begin in each file: the saved states against what is on the disk now. A file is the one
 * we know when its content up to the saved offset is the same (see fingerprint.ts), whatever its
 * name and inode are today; so renaming, copying, truncating in place and replacing come out right
 * without a case of their own.
 */
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { attempt } from './durable.ts';
import { fingerprintAt, sameContent } from './fingerprint.ts';
import type { SourceState } from './record.ts';

/** What happened to a file since the last run. */
export type Change = 'new' | 'same' | 'grown' | 'renamed' | 'truncated' | 'replaced';

export interface PlannedFile {
  readonly path: string;
  readonly change: Change;
  /** The state it continues; undefined: from the beginning. */
  readonly state: SourceState | undefined;
}

export interface ResumePlan {
  /** In reading order: what a rotated file still holds comes before what replaced it. */
  readonly files: readonly PlannedFile[];
  /** States of files that are not read in this run; kept, they may come back. */
  readonly others: readonly SourceState[];
  readonly notes: readonly string[];
}

interface Candidate {
  readonly path: string;
  readonly fd: number;
  readonly size: number;
  readonly dev: string;
  readonly ino: string;
}

export function planResume(paths: readonly string[], states: readonly SourceState[]): ResumePlan {
  const free = new Set(states);
  const files: PlannedFile[] = [];
  const notes: string[] = [];
  const named = paths.map((path) => resolve(path));
  const planned = named.map((path) => withCandidate(path, (file) => match(file, free)));
  for (const [index, path] of named.entries()) {
    const known = planned[index];
    if (known !== undefined) {
      files.push(known);
      continue;
    }
    const previous = [...free].find((state) => state.path === path);
    if (previous === undefined) {
      files.push({ path, change: 'new', state: undefined });
      continue;
    }
    free.delete(previous);
    const rest = findRotated(previous, named);
    if (rest !== undefined) files.push(rest);
    else notes.push(lost(previous));
    const change = withCandidate(path, (file) => changeOf(file, previous));
    files.push({ path, change, state: undefined });
  }
  return { files, others: [...free], notes };
}

/** The state whose content this file begins with; it is taken out of `free`. */
function match(file: Candidate, free: Set<SourceState>): PlannedFile | undefined {
  // The same inode first, then the same name, then whoever has the content.
  const rank = (state: SourceState): number =>
    isInode(file, state) ? 0 : state.path === file.path ? 1 : 2;
  for (const state of [...free].sort((a, b) => rank(a) - rank(b))) {
    if (!continues(file, state)) continue;
    free.delete(state);
    const change =
      state.path !== file.path ? 'renamed' : file.size > state.offset ? 'grown' : 'same';
    return { path: file.path, change, state };
  }
  return undefined;
}

function continues(file: Candidate, state: SourceState): boolean {
  if (file.size < state.offset || state.done) return state.done && isSameDone(file, state);
  // Nothing was consumed: only the inode and the name can say that it is the same file.
  if (state.offset === 0) return isInode(file, state) || state.path === file.path;
  return sameContent(state.fingerprint, fingerprintAt(file.fd, state.offset, file.path));
}

/** A file that was read to its end once: done while it is the same size with the same content. */
function isSameDone(file: Candidate, state: SourceState): boolean {
  return (
    file.size === state.offset &&
    sameContent(state.fingerprint, fingerprintAt(file.fd, state.offset, file.path))
  );
}

function isInode(file: Candidate, state: SourceState): boolean {
  return file.ino === state.ino && file.dev === state.dev;
}

function changeOf(file: Candidate, previous: SourceState): Change {
  return isInode(file, previous) ? 'truncated' : 'replaced';
}

/**
 * The rotated file that holds what we know of `state`, beside its old place: log.1, log-20261121,
 * or the copy that copytruncate made.
 */
function findRotated(state: SourceState, named: readonly string[]): PlannedFile | undefined {
  const folder = dirname(state.path);
  const prefix = basename(state.path);
  const siblings = attempt('list', folder, () => readdirSync(folder))
    .filter((name) => name.startsWith(prefix) && name !== prefix)
    .map((name) => join(folder, name))
    .filter((path) => !named.includes(path));
  for (const path of siblings) {
    const found = tryCandidate(path, (file) => continues(file, state));
    if (found === true) return { path, change: 'renamed', state };
  }
  return undefined;
}

function lost(state: SourceState): string {
  return (
    `${state.path} was replaced or truncated, and the old content is not beside it: ` +
    `what was written behind byte ${state.offset} of it was not read`
  );
}

function withCandidate<T>(path: string, use: (file: Candidate) => T): T {
  const fd = attempt('open', path, () => openSync(path, 'r'));
  try {
    const stat = fstatSync(fd, { bigint: true });
    return use({
      path,
      fd,
      size: Number(stat.size),
      dev: String(stat.dev),
      ino: String(stat.ino),
    });
  } finally {
    closeSync(fd);
  }
}

/** As withCandidate, for a file that may not be there or not be ours to read. */
function tryCandidate<T>(path: string, use: (file: Candidate) => T): T | undefined {
  try {
    return withCandidate(path, use);
  } catch {
    return undefined;
  }
}
