/** Whether the files of a dataset are still what was read. */
import { type BigIntStats, fstatSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expand } from '../engine/inputs/files.ts';
import { gateOfThread } from '../engine/inputs/gate.ts';
import { NairobiError } from '../errors.ts';
import type { FileMark, Held, SourceWish } from './tasks.ts';

/**
 * The clock that stamps files moves in steps of up to 10 ms (CONFIG_HZ=100): a file changed so
 * recently could change again and look the same.
 */
const SETTLED_MS = 20;

/** The files a source means now, each with what tells it from its other versions. */
export function marksOf(wish: SourceWish): readonly FileMark[] {
  if (wish.fd !== undefined) return [markOf(wish.path, fstatSync(wish.fd, { bigint: true }))];
  return expand(path.resolve(wish.cwd, wish.path)).map((file) => markAt(file.path));
}

/** The same, once none of them was changed in this very moment. */
export async function settledMarks(wish: SourceWish): Promise<readonly FileMark[]> {
  const marks = marksOf(wish);
  const age = Date.now() - Math.max(0, ...marks.map(({ changedMs }) => changedMs));
  if (age < 0 || age > SETTLED_MS) return marks;
  await sleep(SETTLED_MS - age + 1);
  return marksOf(wish);
}

export const sameFiles = (a: readonly FileMark[], b: readonly FileMark[]): boolean =>
  a.length === b.length &&
  a.every((mark, i) => mark.path === b[i]?.path && mark.identity === b[i]?.identity);

/** NOT_FOUND when a file of it is gone. */
export function isFresh({ files, wish }: Held): boolean {
  const [first] = files;
  // One file costs two looks; a directory or a glob may have gained one.
  const isFile =
    wish.fd === undefined &&
    files.length === 1 &&
    first?.path === path.resolve(wish.cwd, wish.path);
  return sameFiles(isFile ? [markAt(first.path)] : marksOf(wish), files);
}

function markOf(file: string, stats: BigIntStats): FileMark {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return {
    path: file,
    size: Number(size),
    identity: [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    changedMs: Math.max(Number(mtimeNs / 1_000_000n), Number(ctimeNs / 1_000_000n)),
  };
}

function markAt(file: string): FileMark {
  const gate = gateOfThread();
  const found =
    gate === undefined
      ? statOf(file)
      : gate.see(file, (fd) => markOf(file, fstatSync(fd, { bigint: true })));
  if (found !== undefined) return found;
  throw new NairobiError('NOT_FOUND', `${file} is not there any more`, { where: { file } });
}

function statOf(file: string): FileMark | undefined {
  try {
    return markOf(file, statSync(file, { bigint: true }));
  } catch {
    return undefined;
  }
}
