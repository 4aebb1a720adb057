/**
 * Where to begin in each file: the saved states against what is on the disk now. A file is the one
 * we know when its content up to the saved offset is the same (see fingerprint.ts), whatever its
 * name and inode are today; so renaming, copying, truncating in place and replacing come out right
 * without a case of their own.
 *
 * The files of a plan stay open until it is disposed of, and are read through these descriptors: a
 * log that is rotated between the plan and the reading is still the one that was looked at.
 */
import { closeSync, fstatSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { NairobiError } from '../../errors.ts';
import { compressedHead, mayContinue } from '../sources/compressed.ts';
import { attempt, errnoOf } from './durable.ts';
import { fingerprintAt, sameContent } from './fingerprint.ts';
import type { SourceState } from './record.ts';

/** What happened to a file since the last run. */
export type Change = 'new' | 'same' | 'grown' | 'renamed' | 'truncated' | 'replaced';

export interface PlannedFile {
  readonly path: string;
  readonly change: Change;
  /** The state it continues; undefined: from the beginning. */
  readonly state: SourceState | undefined;
  /**
   * The log itself is still there too, as it is while gzip is at work: where this one turns out to
   * be its copy, the rest is read from the log.
   */
  readonly isTwin?: boolean;
  /** What opens the file that was planned, whatever has its name by now. */
  readonly content: string;
}

export interface ResumePlan extends Disposable {
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
  using opened = new DisposableStack();
  const free = new Set(states);
  const files: PlannedFile[] = [];
  const notes: string[] = [];
  const named = paths.map((path) => resolve(path));
  // One that is gone by now was renamed a moment ago: the next look finds it.
  const opening = named.flatMap((path) => openCandidate(path, opened) ?? []);
  const candidates = [...onceEach(opening, notes)];
  const planned = new Map(candidates.map((file) => [file, match(file, free)]));
  for (const [file, plan] of planned) {
    const state = plan === undefined ? compressedOf(file, states) : undefined;
    if (state === undefined) continue;
    const isTwin = !free.delete(state);
    planned.set(file, { ...renamed(file, state), isTwin });
  }
  const known = new Set([...planned].flatMap(([file, plan]) => (plan ? inodeOf(file) : [])));
  for (const [file, plan] of planned) {
    if (plan !== undefined) {
      files.push(plan);
      continue;
    }
    // Renamed while we looked: it was met under its old name too.
    if (known.has(inodeOf(file))) continue;
    const previous = [...free].find((state) => state.path === file.path);
    if (previous === undefined) {
      files.push({ path: file.path, change: 'new', state: undefined, content: contentOf(file) });
      continue;
    }
    free.delete(previous);
    const rest = findRotated(previous, named, opened);
    if (rest !== undefined) files.push(rest);
    else notes.push(lost(previous));
    const change = changeOf(file, previous);
    files.push({ path: file.path, change, state: undefined, content: contentOf(file) });
  }
  const kept = opened.move();
  return { files, others: [...free], notes, [Symbol.dispose]: () => kept.dispose() };
}

/** One file under several names is one: its rows are not there twice. */
function onceEach(files: readonly Candidate[], notes: string[]): Iterable<Candidate> {
  const known = new Map<string, Candidate>();
  for (const file of files) {
    const twin = known.get(inodeOf(file));
    if (twin === undefined) known.set(inodeOf(file), file);
    else if (twin.path === file.path) notes.push(`${file.path} was named twice: it is read once`);
    else if (isStill(twin)) notes.push(`${file.path} and ${twin.path} are one file: read once`);
  }
  return known.values();
}

/** Not renamed since it was opened. */
const isStill = ({ path, ino }: Candidate): boolean =>
  String(statSync(path, { bigint: true, throwIfNoEntry: false })?.ino) === ino;

const renamed = (file: Candidate, state: SourceState): PlannedFile => ({
  path: file.path,
  change: 'renamed',
  state,
  content: contentOf(file),
});

/** The state that the content of a compressed file seems to continue. */
function compressedOf(file: Candidate, states: readonly SourceState[]): SourceState | undefined {
  const head = compressedHead(file.fd, file.path);
  return head === undefined ? undefined : states.find((state) => mayContinue(head, state));
}

/** Opens the very file that a descriptor stands for, also after it was renamed or removed. */
const contentOf = ({ fd }: Candidate): string => `/proc/self/fd/${fd}`;

const inodeOf = ({ dev, ino }: Candidate): string => `${dev}:${ino}`;

/** The state whose content this file begins with; it is taken out of `free`. */
function match(file: Candidate, free: Set<SourceState>): PlannedFile | undefined {
  // The same inode first, then the same name, then whoever has the content.
  const rank = (state: SourceState): number =>
    isInode(file, state) ? 0 : state.path === file.path ? 1 : 2;
  for (const state of [...free].sort((a, b) => rank(a) - rank(b))) {
    if (!continues(file, state)) continue;
    free.delete(state);
    const isRenamed = state.path !== file.path && !state.done;
    const change = isRenamed ? 'renamed' : file.size > state.offset ? 'grown' : 'same';
    return { path: file.path, change, state, content: contentOf(file) };
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
function findRotated(
  state: SourceState,
  named: readonly string[],
  opened: DisposableStack,
): PlannedFile | undefined {
  const folder = dirname(state.path);
  const prefix = basename(state.path);
  const siblings = attempt('list', folder, () => readdirSync(folder))
    .filter((name) => name.startsWith(prefix) && name !== prefix)
    .map((name) => join(folder, name))
    .filter((path) => !named.includes(path));
  for (const path of siblings) {
    const file = trySibling(path, opened);
    if (file === undefined) continue;
    if (continues(file, state) || compressedOf(file, [state])) return renamed(file, state);
  }
  return undefined;
}

function lost(state: SourceState): string {
  return (
    `${state.path} was replaced or truncated, and the old content is not beside it: ` +
    `what was written behind byte ${state.offset} of it was not read`
  );
}

/** Undefined where nothing has the name any more. */
function openCandidate(path: string, opened: DisposableStack): Candidate | undefined {
  const fd = attempt('open', path, () => openOrGone(path));
  if (fd === undefined) return undefined;
  opened.defer(() => closeSync(fd));
  const stat = fstatSync(fd, { bigint: true });
  return { path, fd, size: Number(stat.size), dev: String(stat.dev), ino: String(stat.ino) };
}

function openOrGone(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * As openCandidate, for a file that may not be ours to read, or no file. Any other failure ends the
 * run: it may be the one that holds the rest of a log, which would be given up as lost.
 */
function trySibling(path: string, opened: DisposableStack): Candidate | undefined {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
    return openCandidate(path, opened);
  } catch (error) {
    const cause = error instanceof NairobiError ? error.cause : error;
    if (['EACCES', 'EPERM'].includes(errnoOf(cause) ?? '')) return undefined;
    throw error;
  }
}
