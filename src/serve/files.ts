/** Whether the files of a dataset are still what was read. */
import { statSync } from 'node:fs';
import { expand } from '../engine/files.ts';
import { NairobiError } from '../errors.ts';
import type { FileMark, Held, SourceWish } from './tasks.ts';

/** The files a source means now, each with what tells it from its other versions. */
export function marksOf(wish: SourceWish): readonly FileMark[] {
  return expand(wish.path).map(({ path, size }) => ({ path, size, identity: identityOf(path) }));
}

function identityOf(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** NOT_FOUND when a file of it is gone. To be called with the directory of the wish current. */
export function isFresh({ files, wish }: Held): boolean {
  // One file costs two looks; a directory or glob may have gained one.
  const now = files.length === 1 && files[0]?.path === wish.path ? markOf(files[0]) : marksOf(wish);
  return (
    now.length === files.length &&
    files.every(({ path, identity }, i) => now[i]?.path === path && now[i]?.identity === identity)
  );
}

function markOf(file: FileMark): readonly FileMark[] {
  try {
    return [{ ...file, identity: identityOf(file.path) }];
  } catch (cause) {
    throw new NairobiError('NOT_FOUND', `${file.path} is not there any more`, {
      where: { file: file.path },
      cause,
    });
  }
}
