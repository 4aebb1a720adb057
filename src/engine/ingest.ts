/** ingest: from sources through transforms into a target, with an account of every row. */
import { removeTemporaries } from '../ingest/layout.ts';
import { type Lock, takeLock } from '../ingest/lock.ts';
import { openTarget } from '../ingest/open-target.ts';
import { undoOnInterrupt } from './cleanup.ts';
import type { IngestOptions, IngestResult } from './ingest-options.ts';
import { IngestRun } from './ingest-run.ts';
import type { Reporter } from './report.ts';

export async function ingest(options: IngestOptions, reporter: Reporter): Promise<IngestResult> {
  using locks = new DisposableStack();
  for (const path of lockPaths(options)) locks.use(lockOf(path, options));
  using target = await openTarget(options.target);
  // After the target has finished what was committed: these belong to nobody.
  if (options.target.lockPath !== undefined && options.rejects !== undefined) {
    removeTemporaries(options.rejects);
  }
  using run = new IngestRun(options, target, reporter);
  using _undo = undoOnInterrupt(() => {
    run[Symbol.dispose]();
    target[Symbol.dispose]();
  });
  return await run.run();
}

export function lockPaths(options: IngestOptions): string[] {
  return [options.lock, options.target.lockPath].filter((path) => path !== undefined);
}

export const lockOf = (path: string, options: IngestOptions): Lock =>
  takeLock(path, options.lockWaitMs);
