/** What happens to a file once its rows are committed: --after keep, move:DIR or delete. */
import { copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { NairobiError } from '../errors.ts';
import { attempt, errnoOf, makeDirectory, syncDirectory } from './durable.ts';

export type After =
  | { readonly kind: 'keep' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'move'; readonly folder: string };

export function parseAfter(text: string): After {
  if (text === 'keep' || text === 'delete') return { kind: text };
  const folder = /^move:(.+)$/.exec(text)?.[1];
  if (folder !== undefined) return { kind: 'move', folder: resolve(folder) };
  throw new NairobiError('USAGE', `Cannot read --after "${text}"`, {
    hint: 'write keep, delete or move:DIR',
  });
}

/** Files that grew since they were read are left: their rest is not in the target yet. */
export function clearAway(after: After, path: string, readTo: number): void {
  if (after.kind === 'keep' || !statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  if (statSync(path).size !== readTo) return;
  if (after.kind !== 'move') {
    attempt('remove', path, () => rmSync(path));
    syncDirectory(dirname(resolve(path)));
    return;
  }
  makeDirectory(after.folder);
  attempt('move', path, () => move(path, freeName(after.folder, basename(path))));
  syncDirectory(after.folder);
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
    copyFileSync(from, to);
    rmSync(from);
  }
}
