/** The files of a run of ingest: what its sources name at this moment. */
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { NairobiError } from '../../errors.ts';
import { asIoError } from '../../ingest/commit/durable.ts';
import { expand, type InputFile } from '../inputs/files.ts';

/**
 * The files of a path, glob or directory. An empty directory, and a glob in a directory that is
 * there, are nothing new: a run from cron finds its inbox empty most of the time. A file that was
 * named and is not there is an error.
 */
export function expandSources(source: string): readonly InputFile[] {
  try {
    return expand(source);
  } catch (error) {
    if (!(error instanceof NairobiError)) throw error;
    // What cannot be listed or looked at is not empty.
    if (error.code === 'NOT_READABLE') throw asIoError(error.cause);
    // A link in it that leads nowhere makes no directory empty.
    const isAboutSource = [undefined, source].includes(error.where?.file);
    if (isAboutSource && isEmptyPlace(source)) return [];
    throw error;
  }
}

function isEmptyPlace(source: string): boolean {
  const found = statSync(source, { throwIfNoEntry: false });
  if (found !== undefined) return found.isDirectory();
  const magic = source.search(/[*?[{]/);
  return magic !== -1 && existsSync(dirname(`${source.slice(0, magic)}x`));
}

/** The same while a log is followed: a file between two names is there again at the next look. */
export function expandNow(source: string): readonly InputFile[] {
  try {
    return expandSources(source);
  } catch (error) {
    if (error instanceof NairobiError && error.code === 'NOT_FOUND') return [];
    throw error;
  }
}

/** Files that have rested for `minAgeMs`, and the others. */
export function byAge(
  files: readonly Pick<InputFile, 'path' | 'kind'>[],
  minAgeMs: number,
): { files: string[]; young: string[] } {
  const now = Date.now();
  const isYoung = ({ path, kind }: Pick<InputFile, 'path' | 'kind'>): boolean =>
    kind === 'regular' && minAgeMs > 0 && now - statSync(path).mtimeMs < minAgeMs;
  return {
    files: files.filter((file) => !isYoung(file)).map(({ path }) => path),
    young: files.filter(isYoung).map(({ path }) => path),
  };
}
