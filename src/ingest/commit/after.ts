/**
 * What happens to a file once its rows are committed: --after keep, move:DIR or delete. What is to
 * be cleared away stands in the commit record, so that a run killed in between is finished by the
 * next one instead of the rows being read twice.
 */
import { copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { NairobiError } from '../../errors.ts';
import type { Content } from '../sources/source.ts';
import { newRunId, temporaryBeside } from '../targets/layout.ts';
import { attempt, errnoOf, makeDirectory, syncDirectory } from './durable.ts';

export type After =
  | { readonly kind: 'keep' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'move'; readonly folder: string };

/** A file as it was when its rows were committed. */
export interface Clearing {
  readonly path: string;
  readonly after: Exclude<After, { kind: 'keep' }>;
  readonly dev: string;
  readonly ino: string;
  readonly size: string;
  /** When its inode last changed: tells a new file in the same inode with the same name. */
  readonly changedNs: string;
}

export function parseAfter(text: string): After {
  if (text === 'keep' || text === 'delete') return { kind: text };
  const folder = /^move:(.+)$/.exec(text)?.[1];
  if (folder !== undefined) return { kind: 'move', folder: resolve(folder) };
  throw new NairobiError('USAGE', `Cannot read --after "${text}"`, {
    hint: 'write keep, delete or move:DIR',
  });
}

/**
 * What is to be cleared away of a file that was read to `readTo`; nothing of one that grew since:
 * its rest is not in the target yet.
 */
export function clearingOf(after: After, { path, content }: Content, readTo: number): Clearing[] {
  if (after.kind === 'keep') return [];
  const stat = statSync(content, { bigint: true });
  if (!stat.isFile() || stat.size !== BigInt(readTo)) return [];
  const [dev, ino, size] = [String(stat.dev), String(stat.ino), String(stat.size)];
  return [{ path: resolve(path), after, dev, ino, size, changedNs: String(stat.ctimeNs) }];
}

/** Does nothing where it is done already, or where another file has the name by now. */
export function clearAway({ path, after, dev, ino, size, changedNs }: Clearing): void {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  const now = [stat?.dev, stat?.ino, stat?.size, stat?.ctimeNs].map(String);
  if ([dev, ino, size, changedNs].some((text, index) => text !== now[index])) return;
  if (after.kind === 'delete') attempt('remove', path, () => rmSync(path));
  else {
    makeDirectory(after.folder);
    attempt('move', path, () => move(path, freeName(after.folder, basename(path))));
    syncDirectory(after.folder);
  }
  syncDirectory(dirname(path));
}

/** log.csv, then log.csv.1, ...: what was moved before is not overwritten. */
function freeName(folder: string, name: string): string {
  let target = join(folder, name);
  for (let number = 1; existsSync(target); number += 1) target = join(folder, `${name}.${number}`);
  return target;
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    const temporary = temporaryBeside(to, newRunId());
    copyFileSync(from, temporary);
    renameSync(temporary, to);
    rmSync(from);
  }
}
