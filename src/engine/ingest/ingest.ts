/** ingest: from sources through transforms into a target, with an account of every row. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NairobiError } from '../../errors.ts';
import type { CsvColumn } from '../../formats/csv/sniff.ts';
import { clearAway } from '../../ingest/commit/after.ts';
import { asIoError, withHint } from '../../ingest/commit/durable.ts';
import { type Lock, takeLock } from '../../ingest/commit/lock.ts';
import { type Widened, wideningOf } from '../../ingest/decode/widen.ts';
import { OTHER_COLUMNS } from '../../ingest/targets/columns.ts';
import { lockPath, OWN_DIRECTORY, removeTemporaries } from '../../ingest/targets/layout.ts';
import { type Maintained, type MaintainOptions, maintain } from '../../ingest/targets/maintain.ts';
import { openTarget } from '../../ingest/targets/open-target.ts';
import type { Target } from '../../ingest/targets/target.ts';
import { undoOnInterrupt } from '../../unfinished.ts';
import type { Reporter } from '../run/report.ts';
import type { IngestOptions, IngestResult } from './options.ts';
import { IngestRun } from './run.ts';

/** Each widening is another reading from the start. */
const MAX_WIDENINGS = 64;

/**
 * Reads everything once and commits it. Where a value contradicts the type its column was inferred
 * to have, all of it is thrown away and read again under the type that holds it (as a query does);
 * not where rows were committed under the narrower one before: their readers go by that.
 */
export async function ingest(options: IngestOptions, reporter: Reporter): Promise<IngestResult> {
  using locks = new DisposableStack();
  for (const path of lockPaths(options)) locks.use(lockOf(path, options));
  const widened = new Map<string, CsvColumn>();
  let last: NairobiError | undefined;
  for (let round = 0; ; round += 1) {
    try {
      const done = await ingestOnce(options, reporter, widened);
      if (!('wider' in done)) return done;
      if (round === MAX_WIDENINGS) throw done.error;
      widened.set(done.wider.name, done.wider);
      last = done.error;
    } catch (error) {
      const isOld = error instanceof NairobiError && error.cause === OTHER_COLUMNS;
      throw last !== undefined && isOld ? isCommitted(last, options) : asIoError(error);
    }
  }
}

/** What would let everything be read to its end, and the error that ended it. */
interface Contradicted {
  readonly wider: CsvColumn;
  readonly error: NairobiError;
}

function isCommitted(error: NairobiError, { target }: IngestOptions): NairobiError {
  const column = error.where?.column;
  return new NairobiError('BAD_DATA', `${error.message}; ${target.output} was begun that way`, {
    ...(error.where === undefined ? {} : { where: error.where }),
    hint:
      '--on-error quarantine --rejects FILE keeps such rows apart; to hold them, write all into ' +
      `another target with --types ${column}=...`,
  });
}

async function ingestOnce(
  options: IngestOptions,
  reporter: Reporter,
  widened: Widened,
): Promise<IngestResult | Contradicted> {
  using target = await openTarget(options.target);
  // After the target has finished what was committed: these belong to nobody.
  if (options.target.lockPath !== undefined && options.rejects !== undefined) {
    removeTemporaries(options.rejects);
  }
  // Before anything is read: their rows are in already.
  clearAll(target);
  using run = new IngestRun(options, target, reporter, widened);
  using _undo = undoOnInterrupt(() => {
    run[Symbol.dispose]();
    target[Symbol.dispose]();
  });
  let result: IngestResult;
  try {
    result = await run.run();
  } catch (error) {
    if (!(error instanceof NairobiError) || !run.isRepeatable) throw error;
    const wider = wideningOf(error);
    if (wider === undefined) throw error;
    return { wider, error };
  }
  clearAll(target);
  return result;
}

function clearAll({ uncleared }: Target): void {
  const hint = 'the rows are committed; the next run moves or removes what is left of the sources';
  withHint(hint, () => uncleared.forEach(clearAway));
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
  try {
    return maintain(wishes);
  } catch (error) {
    throw asIoError(error);
  }
}
