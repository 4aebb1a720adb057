/**
 * ingest that does not end: files that grow are followed, addresses are listened on. What has come
 * is committed every `flushMs`, and when told to stop; then it ends well.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { asIoError } from '../../ingest/commit/durable.ts';
import { NOTHING_WIDENED } from '../../ingest/decode/widen.ts';
import { notify, watchdogMs } from '../../ingest/notify.ts';
import { parseAddress } from '../../ingest/sources/listen.ts';
import { removeTemporaries } from '../../ingest/targets/layout.ts';
import { openTarget } from '../../ingest/targets/open-target.ts';
import type { Reporter } from '../run/report.ts';
import { expandNow } from './files.ts';
import { lockOf, lockPaths } from './ingest.ts';
import { Listeners } from './listeners.ts';
import type { IngestOptions, IngestResult } from './options.ts';
import { IngestRun } from './run.ts';

export interface FollowOptions {
  /** Rows wait at most so long before they are committed. */
  readonly flushMs: number;
  /** Ends the run well: what has come is committed. */
  readonly stop: AbortSignal;
  readonly onReady: (addresses: readonly string[]) => void;
  readonly onCommit: (result: IngestResult) => void;
}

/** How often files are looked at where no notice of a change comes (network file systems). */
const POLL_MS = 1000;

/** A sender that has sent all it may without being acknowledged is silent for so long. */
const WAITED_MS = 20;

export async function ingestOnAndOn(
  options: IngestOptions,
  follow: FollowOptions,
  reporter: Reporter,
): Promise<IngestResult> {
  try {
    return await goOn(options, follow, reporter);
  } catch (error) {
    throw asIoError(error);
  }
}

async function goOn(
  options: IngestOptions,
  follow: FollowOptions,
  reporter: Reporter,
): Promise<IngestResult> {
  using locks = new DisposableStack();
  for (const path of lockPaths(options)) locks.use(lockOf(path, options));
  using target = await openTarget(options.target);
  if (options.target.lockPath !== undefined && options.rejects !== undefined) {
    removeTemporaries(options.rejects);
  }
  using run = new IngestRun(options, target, reporter, NOTHING_WIDENED);
  await using listeners = new Listeners(options, run, reporter);
  const addresses = options.sources.flatMap((source) => parseAddress(source) ?? []);
  const paths = options.sources.filter((source) => parseAddress(source) === undefined);
  await listeners.open(addresses);
  using changes = new Changes(paths);
  follow.onReady(listeners.addresses);
  notify('READY=1');
  using _watchdog = every(watchdogMs(), () => notify('WATCHDOG=1'));
  let since = performance.now();
  while (!follow.stop.aborted) {
    await run.readFiles(paths.flatMap(expandNow));
    await listeners.takeWhole();
    const isDue =
      performance.now() - since >= follow.flushMs || listeners.isFull || listeners.isWaitedFor;
    if (isDue && (run.pendingRows > 0 || listeners.hasRows || listeners.hasWaiting)) {
      await listeners.takeAll();
      await commit(run, listeners, follow);
      since = performance.now();
    }
    const pauseMs = listeners.hasWaiting ? WAITED_MS : Math.min(POLL_MS, follow.flushMs);
    await changes.wait(pauseMs, follow.stop, listeners);
  }
  notify('STOPPING=1');
  await listeners.stop();
  await run.readFiles(paths.flatMap(expandNow));
  await commit(run, listeners, follow);
  await listeners.close();
  return withDrops(run.result(), listeners);
}

async function commit(run: IngestRun, listeners: Listeners, follow: FollowOptions): Promise<void> {
  await run.commit();
  listeners.acknowledge();
  follow.onCommit(withDrops(run.result(), listeners));
}

function withDrops(result: IngestResult, { dropped }: Listeners): IngestResult {
  if (dropped === 0) return result;
  const note = `${dropped} datagrams were dropped by the kernel: raise net.core.rmem_max`;
  return { ...result, notes: [...result.notes, note] };
}

function every(ms: number | undefined, work: () => void): Disposable {
  const timer = ms === undefined ? undefined : setInterval(work, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Wakes when something happens to the files, by inotify where there is one. */
class Changes implements Disposable {
  readonly #watchers: FSWatcher[] = [];
  #wake: (() => void) | undefined;

  constructor(paths: readonly string[]) {
    for (const folder of new Set(paths.map((path) => dirname(path)))) {
      try {
        const watcher = watch(folder, () => this.#wake?.());
        // Lost watches (the folder was removed) leave the polling.
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // Too many watches on this host: polling does it too.
      }
    }
  }

  wait(ms: number, stop: AbortSignal, listeners: Listeners): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        listeners.wake = undefined;
        stop.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
      listeners.wake = done;
      stop.addEventListener('abort', done);
      if (stop.aborted) done();
    });
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}
