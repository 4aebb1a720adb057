/**
 * ingest that does not end: files that grow are followed, addresses are listened on. What has come
 * is committed every `flushMs`, and when told to stop; then it ends well.
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { NairobiError } from '../../errors.ts';
import { asIoError } from '../../ingest/commit/durable.ts';
import type { Decoded } from '../../ingest/decode/decoder.ts';
import { NOTHING_WIDENED } from '../../ingest/decode/widen.ts';
import { notify, watchdogMs } from '../../ingest/notify.ts';
import { type Address, type Listener, listen, parseAddress } from '../../ingest/sources/listen.ts';
import { StreamSource } from '../../ingest/sources/stream-source.ts';
import { removeTemporaries } from '../../ingest/targets/layout.ts';
import { openTarget } from '../../ingest/targets/open-target.ts';
import type { Reporter } from '../run/report.ts';
import { expandNow } from './files.ts';
import { lockOf, lockPaths } from './ingest.ts';
import { segmentFor } from './memory.ts';
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
    if (isDue && (run.pendingRows > 0 || listeners.hasRows)) {
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

/** The streams that come in from outside, each a text of its own. */
class Listeners implements AsyncDisposable {
  readonly #options: IngestOptions;
  readonly #run: IngestRun;
  readonly #reporter: Reporter;
  readonly #open: Listener[] = [];
  readonly #streams = new Map<string, StreamSource>();
  readonly #whole: { stream: string; source: StreamSource; decoded: Decoded }[] = [];
  #failure: unknown;
  #stopped = false;
  #waitingBefore = 0;
  wake: (() => void) | undefined;

  constructor(options: IngestOptions, run: IngestRun, reporter: Reporter) {
    this.#options = options;
    this.#run = run;
    this.#reporter = reporter;
  }

  async open(addresses: readonly Address[]): Promise<void> {
    const receiver = {
      data: (stream: string, bytes: Buffer) => this.guard(() => this.data(stream, bytes)),
      end: (stream: string) => this.guard(() => this.end(stream)),
      failed: (error: NairobiError) => this.fail(error),
      note: (text: string) => this.#reporter.note(text),
    };
    for (const address of addresses) this.#open.push(await listen(address, receiver));
  }

  get addresses(): readonly string[] {
    return this.#open.map(({ address }) => address);
  }

  get dropped(): number {
    return this.#open.reduce((sum, listener) => sum + listener.dropped(), 0);
  }

  get hasRows(): boolean {
    return this.#whole.length > 0 || [...this.#streams.values()].some(({ pending }) => pending > 0);
  }

  /** Rows wait that would be better written than kept. */
  get isFull(): boolean {
    return this.#whole.length > 4;
  }

  /** True when a sender has fallen silent that waits to be acknowledged. */
  get isWaitedFor(): boolean {
    const waiting = this.#open.reduce((sum, listener) => sum + (listener.waiting?.() ?? 0), 0);
    const isSilent = waiting > 0 && waiting === this.#waitingBefore;
    this.#waitingBefore = waiting;
    return isSilent;
  }

  get hasWaiting(): boolean {
    return this.#open.some((listener) => (listener.waiting?.() ?? 0) > 0);
  }

  acknowledge(): void {
    for (const listener of this.#open) listener.acknowledge?.();
  }

  async close(): Promise<void> {
    for (const listener of this.#open) await listener.close?.();
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.#failure ??= error;
    this.wake?.();
  }

  private data(stream: string, bytes: Buffer): void {
    this.#reporter.addBytesRead(bytes.length);
    const source = this.streamOf(stream);
    const decoded = source.push(bytes);
    if (decoded === undefined) return;
    this.#whole.push({ stream, source, decoded });
    this.wake?.();
  }

  private end(stream: string): void {
    const source = this.#streams.get(stream);
    if (source === undefined) return;
    this.#streams.delete(stream);
    const decoded = source.flush(true);
    if (decoded !== undefined) this.#whole.push({ stream, source, decoded });
  }

  private streamOf(stream: string): StreamSource {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const source = new StreamSource({
      name: stream,
      format: this.#options.format ?? 'ndjson',
      badRows: this.#options.onError,
      read: this.#options.read,
      known: this.#run.plan,
      widened: NOTHING_WIDENED,
      segmentBytes: segmentFor(this.#run.host),
    });
    this.#streams.set(stream, source);
    return source;
  }

  /** Hands the full segments to the run. */
  async takeWhole(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    for (let next = this.#whole.shift(); next !== undefined; next = this.#whole.shift()) {
      if (next.decoded.records === 0) continue;
      await this.#run.announce(next.source.columns, next.stream, next.source.plan);
      await this.#run.take(next.stream, next.decoded);
    }
  }

  /** Hands over everything that is whole by now. */
  async takeAll(): Promise<void> {
    for (const [stream, source] of this.#streams) {
      const decoded = source.flush(false);
      if (decoded !== undefined) this.#whole.push({ stream, source, decoded });
    }
    await this.takeWhole();
  }

  /** Takes no more, then hands over what had come. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await Promise.all(this.#open.map((listener) => listener.stop()));
    for (const stream of [...this.#streams.keys()]) this.end(stream);
    await this.takeWhole();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await Promise.all(this.#open.map((listener) => listener.stop()));
    // Nothing is acknowledged: what was not committed will be sent again.
    await this.close();
  }
}
