/** --files-from: the names of files from a file, as `find` and `ls` print them. */
import { readFileSync } from 'node:fs';
import { messageOf, NairobiError } from '../../errors.ts';
import { expand, type InputFile, notFound, openFile, statOf, withKeys } from './files.ts';
import type { SourceArgument } from './sources.ts';

/** All files that a list names, as one table "data"; "-" is stdin. */
export function sourceFromList(list: string): SourceArgument {
  return { path: list, files: readFileList(list) };
}

/**
 * One name a line, blank lines left out; when there is a NUL byte in it, one name to each NUL, as
 * `find -print0` writes. Throws BAD_DATA when there are none.
 */
export function readFileList(list: string): string[] {
  let text: string;
  try {
    text = readFileSync(list === '-' ? 0 : list, 'utf8');
  } catch (cause) {
    throw new NairobiError('NOT_READABLE', `Cannot read the list of files: ${messageOf(cause)}`, {
      where: { file: list },
      cause,
    });
  }
  const names = text.includes('\0') ? text.split('\0') : text.split(/\r?\n/);
  const files = names.filter((name) => name !== '');
  if (files.length > 0) return files;
  throw new NairobiError('BAD_DATA', 'The list of files is empty', {
    where: { file: list },
    hint: 'one name a line, or separated by NUL bytes as "find -print0" writes them',
  });
}

/** The files of a source, however it names them. */
export function filesOf({ path, files, fd }: SourceArgument): readonly InputFile[] {
  if (fd !== undefined) return [openFile(fd, path)];
  if (files === undefined) return expand(path);
  const listed = files.flatMap(expandListed);
  const areWhole = listed.every(({ partitions }) => partitions.length === 0);
  return areWhole ? withKeys(listed) : listed;
}

/** A name from a list means itself: it is no pattern. */
function expandListed(name: string): readonly InputFile[] {
  if (name !== '-' && statOf(name) !== undefined) return expand(name);
  throw notFound(name);
}
