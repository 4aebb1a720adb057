/** From what the user named to the files it means, in a fixed order. */
import { fstatSync, globSync, readdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { messageOf, NairobiError } from '../../errors.ts';
import { closest } from '../../suggest.ts';
import { gateOfThread } from './gate.ts';

export interface InputFile {
  /** The very file in place of its name, where the name must not be followed again: see gate.ts. */
  readonly place?: string;
  readonly path: string;
  /** Bytes as stat(2) has them: 0 for pipes and /proc files, whatever they hold. */
  readonly size: number;
  readonly kind: 'regular' | 'stream' | 'device';
  /** "year=2026/day=1" of a hive-partitioned directory, as pairs; empty otherwise. */
  readonly partitions: readonly (readonly [string, string])[];
}

/** Where the bytes of the file are to be read. */
export const placeOf = ({ place, path }: InputFile): string => place ?? path;

/** What Node's patterns may have. */
const PATTERN_LENGTH_MAX = 65_536;

/** Standard input, under the name the shell knows it by. */
export const STDIN_PATH = '/dev/stdin';

/** The files of a path, glob, directory or "-", sorted by name; never empty. */
export function expand(argument: string): readonly InputFile[] {
  if (argument.length > PATTERN_LENGTH_MAX) {
    throw new NairobiError('USAGE', `A pattern of ${argument.length} characters is too long`, {
      hint: `at most ${PATTERN_LENGTH_MAX}; name many files by --files-from`,
    });
  }
  gateOfThread()?.enter(argument);
  if (argument === '-') return [describe(STDIN_PATH, [])];
  if (/^[a-z][a-z0-9+]*:\/\//i.test(argument) && statOf(argument) === undefined) {
    throw new NairobiError('NOT_SUPPORTED', `Cannot read "${argument}": it is an address`, {
      hint: 'nairobi reads local files; fetch it first: curl -fsS ADDRESS | nairobi ... -',
    });
  }
  const found = statOf(argument);
  if (found?.isDirectory()) return expandDirectory(argument);
  if (found !== undefined) return [describe(argument, [])];
  const matches = /[*?[{]/.test(argument) ? globSync(argument, { cwd: process.cwd() }) : [];
  const files = matches.sort(byName).filter((match) => entryOf(match)?.isDirectory() === false);
  if (files.length === 0) throw notFound(argument);
  return withKeys(files.map((file) => describe(file, [])));
}

/** Files by many paths: where all have the same key=value directories, those are columns too. */
export function withKeys(files: readonly InputFile[]): readonly InputFile[] {
  const keyed = files.map((file) => {
    const pairs = path
      .dirname(file.path)
      .split('/')
      .flatMap((folder) => {
        const pair = /^([^=]+)=(.*)$/s.exec(folder);
        return pair?.[1] === undefined ? [] : [[pair[1], decode(pair[2] ?? '')] as const];
      });
    return { ...file, partitions: pairs };
  });
  const keysOf = ({ partitions }: InputFile): string => partitions.map(([key]) => key).join('/');
  const [first] = keyed;
  const isSame = first !== undefined && keyed.every((file) => keysOf(file) === keysOf(first));
  return isSame ? keyed : files;
}

type Partitions = InputFile['partitions'];

/**
 * Every data file below `directory`; names that start with "." or "_" are somebody's scratch. Pipes,
 * sockets and devices hold no data at rest and are passed over, and so is a link back to a directory
 * that the walk is in.
 */
function expandDirectory(directory: string): readonly InputFile[] {
  const files: InputFile[] = [];
  const walk = (folder: string, partitions: Partitions, above: readonly string[]): void => {
    for (const name of list(folder)) {
      if (name.startsWith('.') || name.startsWith('_')) continue;
      const full = path.join(folder, name);
      const found = entryOf(full);
      if (found?.isFile()) files.push(describe(full, partitions));
      if (found?.isDirectory() !== true || above.includes(identityOf(found))) continue;
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(name) ?? [];
      const isKey = key !== undefined && value !== undefined;
      const inside: Partitions = isKey ? [...partitions, [key, decode(value)]] : partitions;
      walk(full, inside, [...above, identityOf(found)]);
    }
  };
  const root = statOf(directory);
  walk(directory, [], root === undefined ? [] : [identityOf(root)]);
  if (files.length === 0) {
    throw new NairobiError('BAD_DATA', `Cannot read "${directory}": the directory holds no files`, {
      hint: 'files whose names start with "." or "_" are passed over',
    });
  }
  return files;
}

const identityOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/**
 * What a name that was just met stands for; undefined where it is gone since. A link that leads
 * nowhere is NOT_FOUND: its data is missed.
 */
function entryOf(file: string): Stats | undefined {
  const found = statOf(file);
  if (found === undefined && isListed(file)) throw notFound(file);
  return found;
}

const isListed = (file: string): boolean =>
  seenIn(path.dirname(file))?.includes(path.basename(file)) === true;

/** Hive writers percent-encode what a file name cannot hold. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function list(folder: string): readonly string[] {
  try {
    return namesIn(folder).toSorted(byName);
  } catch (cause) {
    if (cause instanceof NairobiError) throw cause;
    throw new NairobiError('NOT_READABLE', `Cannot list "${folder}": ${messageOf(cause)}`, {
      where: { file: folder },
      hint: 'see who may read it with: namei -l DIRECTORY',
      cause,
    });
  }
}

function describe(file: string, partitions: InputFile['partitions']): InputFile {
  const found = statOf(file);
  if (found === undefined) throw notFound(file);
  const kind = found.isFile() ? 'regular' : found.isBlockDevice() ? 'device' : 'stream';
  return { path: file, size: found.size, kind, partitions };
}

/** A file that is open already and is called `path`; NOT_SUPPORTED for what is no regular file. */
export function openFile(fd: number, path: string): InputFile {
  const found = fstatSync(fd);
  if (!found.isFile()) {
    throw new NairobiError('NOT_SUPPORTED', `The descriptor of "${path}" is of no regular file`, {
      hint: 'files and memory (memfd_create) are read; write what a pipe gives into one of them',
    });
  }
  return { path, place: `/proc/self/fd/${fd}`, size: found.size, kind: 'regular', partitions: [] };
}

export function statOf(file: string): Stats | undefined {
  const gate = gateOfThread();
  if (gate !== undefined) return gate.look(file);
  try {
    return statSync(file);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return undefined;
    throw new NairobiError('NOT_READABLE', `Cannot look at "${file}": ${messageOf(cause)}`, {
      where: { file },
      hint: 'see who may read it, and where links lead, with: namei -l FILE',
      cause,
    });
  }
}

export function notFound(argument: string): NairobiError {
  const folder = path.dirname(argument);
  const names = seenIn(folder);
  const near = closest(path.basename(argument), names ?? []);
  const isPattern = /[*?[{]/.test(argument);
  const isLink = names?.includes(path.basename(argument)) === true;
  const what = isPattern
    ? 'no file matches'
    : isLink
      ? 'it is a link to what is not there'
      : 'no such file';
  const hint =
    near !== undefined && !isLink
      ? `did you mean "${path.join(folder, near)}"?`
      : names === undefined
        ? `there is no directory "${folder}", or it may not be read`
        : `it is looked for in "${path.resolve(folder)}"`;
  return new NairobiError('NOT_FOUND', `Cannot read "${argument}": ${what}`, {
    hint,
    where: { file: argument },
  });
}

const namesIn = (folder: string): readonly string[] =>
  gateOfThread()?.list(folder) ?? readdirSync(folder);

function seenIn(folder: string): readonly string[] | undefined {
  try {
    return namesIn(folder);
  } catch {
    return undefined;
  }
}

/** Bytewise, so that the order is the same under every locale. */
function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
