/** ingest: from sources through transforms into a target, with an account of every row. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NairobiError } from '../../errors.ts';
import { clearAway } from '../../ingest/after.ts';
import { lockPath, OWN_DIRECTORY, removeTemporaries } from '../../ingest/layout.ts';
import { type Lock, takeLock } from '../../ingest/lock.ts';
import { type Maintained, type MaintainOptions, maintain } from '../../ingest/maintain.ts';
import { openTarget } from '../../ingest/open-target.ts';
import { undoOnInterrupt } from '../../unfinished.ts';
import type { Reporter } from '../run/report.ts';
import type { IngestOptions, IngestResult } from './options.ts';
import { IngestRun } from './run.ts';

export async function ingest(options: IngestOptions, reporter: Reporter): Promise<IngestResult> {
  using locks = new DisposableStack();
  for (const path of lockPaths(options)) locks.use(lockOf(path, options));
  using target = await openTarget(options.target);
  // After the target has finished what was committed: these belong to nobody.
  if (options.target.lockPath !== undefined && options.rejects !== undefined) {
    removeTemporaries(options.rejects);
  }
  // Before anything is read: their rows are in already.
  target.uncleared.forEach(clearAway);
  using run = new IngestRun(options, target, reporter);
  using _undo = undoOnInterrupt(() => {
    run[Symbol.dispose]();
    target[Symbol.dispose]();
  });
  const result = await run.run();
  target.uncleared.forEach(clearAway);
  return result;
}

export function lockPaths(options: IngestOptions): string[] {
  return [options.lock, options.target.lockPath].filter((path) => path !== undefined);
}

export const lockOf = (path: string, options: IngestOptions): Lock =>
  takeLock(path, options.lockWaitMs);

export interface MaintainWishes extends MaintainOptions {
  readonly lockWaitMs: number;
}

/** Compacts a dataset and drops its old partitions, alone with it. */
export function maintainDataset(wishes: MaintainWishes): Maintained {
  if (!existsSync(join(wishes.root, OWN_DIRECTORY))) {
    throw new NairobiError('NOT_FOUND', `${wishes.root} is no dataset of nairobi ingest`, {
      where: { file: wishes.root },
      hint: 'name a directory that "nairobi ingest ... -o DIR" has written',
    });
  }
  using _lock = takeLock(lockPath(resolve(wishes.root)), wishes.lockWaitMs);
  return maintain(wishes);
}
