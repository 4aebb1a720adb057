/**
 * Many names change at the same instant: a second tree of hard links with the parts as they shall
 * be is built beside the dataset and swapped with it (renameat2, RENAME_EXCHANGE). A reader that
 * lists a directory sees all parts of a commit or none. No byte is copied.
 */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { exchange } from '../../kernel/calls.ts';
import { OWN_DIRECTORY, runOfPart } from '../targets/layout.ts';
import { attempt, makeDirectory, syncDirectory } from './durable.ts';
import type { CommitRecord } from './record.ts';

/**
 * Beyond this many entries linking takes longer than a reader would ever notice: rename instead.
 */
const MOST_ENTRIES = 4000;

const nextTree = (root: string, run: string): string =>
  join(dirname(root), `.${basename(root)}.${run}.next`);

/**
 * Publishes and retires the parts of a commit in one step. False where that cannot be done here:
 * a mount point, no renameat2, links refused, too many files. Nothing has changed then.
 */
export function exchangeParts(record: CommitRecord, root: string): boolean {
  const next = nextTree(root, record.run);
  rmSync(next, { recursive: true, force: true });
  try {
    const made = linkTree(root, next, new Set(record.remove));
    if (made === undefined) return false;
    for (const { from, to } of record.publish) linkPart(join(root, from), join(next, to), made);
    for (const folder of made) syncDirectory(folder);
    if (exchange(next, root) < 0) return false;
    syncDirectory(dirname(root));
  } catch (error) {
    if (!existsSync(join(root, OWN_DIRECTORY))) throw error;
    return false;
  } finally {
    try {
      clearAfterExchange(root, next);
    } catch {
      // The parts are as they shall be; what is left of the other tree goes with the next run.
    }
  }
  return true;
}

function linkPart(source: string, target: string, made: Set<string>): void {
  if (!existsSync(source)) return;
  const folder = dirname(target);
  if (!made.has(folder)) {
    makeDirectory(folder);
    made.add(folder);
  }
  linkSync(source, target);
}

/** The same tree of hard links, but for what is staged and what is retired; its directories. */
function linkTree(
  root: string,
  next: string,
  retired: ReadonlySet<string>,
): Set<string> | undefined {
  const made = new Set<string>();
  let entries = 0;
  const walk = (relative: string): boolean => {
    const folder = join(next, relative);
    mkdirSync(folder, { mode: statSync(join(root, relative)).mode & 0o7777 });
    made.add(folder);
    for (const entry of readdirSync(join(root, relative), { withFileTypes: true })) {
      const name = join(relative, entry.name);
      if (name === join(OWN_DIRECTORY, 'staging') || retired.has(name)) continue;
      entries += 1;
      if (entries > MOST_ENTRIES) return false;
      if (entry.isDirectory()) {
        if (!walk(name)) return false;
      } else linkSync(join(root, name), join(next, name));
    }
    return true;
  };
  return walk('.') ? made : undefined;
}

/**
 * Takes the other tree away: the one that was not finished, or after the swap the old one. What
 * somebody else put into the old one in the meantime is carried over.
 */
function clearAfterExchange(root: string, other: string): void {
  if (!existsSync(other)) return;
  const walk = (relative: string): void => {
    for (const entry of readdirSync(join(other, relative), { withFileTypes: true })) {
      const name = join(relative, entry.name);
      if (name === OWN_DIRECTORY || runOfPart(entry.name) !== undefined) continue;
      if (entry.isDirectory()) walk(name);
      else if (!existsSync(join(root, name))) {
        makeDirectory(dirname(join(root, name)));
        renameSync(join(other, name), join(root, name));
      }
    }
  };
  if (existsSync(root)) walk('.');
  attempt('remove', other, () => rmSync(other, { recursive: true, force: true }));
}

/** Removes the trees that killed runs left beside `root`. Only with the lock held. */
export function clearExchanges(root: string): void {
  const folder = dirname(root);
  const prefix = `.${basename(root)}.`;
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!name.startsWith(prefix) || !name.endsWith('.next')) continue;
    const run = name.slice(prefix.length, -'.next'.length);
    if (/^\d{8}T\d{6}-[0-9a-f]{8}$/.test(run)) clearAfterExchange(root, join(folder, name));
  }
}
