/** What listens during a run: streams from outside become rows, and hear when they are in. */
import { NairobiError } from '../../errors.ts';
import type { Decoded, Reject } from '../../ingest/decode/decoder.ts';
import { NOTHING_WIDENED } from '../../ingest/decode/widen.ts';
import { type Address, type Listener, listen } from '../../ingest/sources/listen.ts';
import { StreamSource } from '../../ingest/sources/stream-source.ts';
import type { Reporter } from '../run/report.ts';
import { segmentFor } from './memory.ts';
import type { IngestOptions } from './options.ts';
import type { IngestRun } from './run.ts';

/** The streams that come in from outside, each a text of its own. */
export class Listeners implements AsyncDisposable {
  readonly #options: IngestOptions;
  readonly #run: IngestRun;
  readonly #reporter: Reporter;
  readonly #open: Listener[] = [];
  readonly #streams = new Map<string, StreamSource>();
  readonly #whole: { stream: string; source: StreamSource; decoded: Decoded }[] = [];
  readonly #refused: { stream: string; rejects: readonly Reject[] }[] = [];
  #taken: (() => void)[] = [];
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

  /** After a commit: of what was handed over before it. What has come since is not in it. */
  acknowledge(): void {
    for (const tell of this.#taken.splice(0)) tell();
  }

  private markTaken(): void {
    this.#taken = this.#open.flatMap((listener) => listener.taken?.() ?? []);
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
    const decoded = this.rowsOf(stream, source, () => source.push(bytes));
    if (decoded === undefined) return;
    this.#whole.push({ stream, source, decoded });
    this.wake?.();
  }

  private end(stream: string): void {
    const source = this.#streams.get(stream);
    if (source === undefined) return;
    this.#streams.delete(stream);
    const decoded = this.rowsOf(stream, source, () => source.flush(true));
    if (decoded !== undefined) this.#whole.push({ stream, source, decoded });
  }

  /** What cannot be understood at all is counted as bad rows: no sender ends the run. */
  private rowsOf(
    stream: string,
    source: StreamSource,
    work: () => Decoded | undefined,
  ): Decoded | undefined {
    try {
      return work();
    } catch (error) {
      const isBad = error instanceof NairobiError && error.code === 'BAD_DATA';
      if (!isBad || this.#options.onError === 'fail') throw error;
      this.#refused.push({ stream, rejects: source.refuse(error.message) });
      return undefined;
    }
  }

  private streamOf(stream: string): StreamSource {
    const known = this.#streams.get(stream);
    if (known !== undefined) return known;
    const source = new StreamSource({
      name: stream,
      format: this.#options.format ?? 'ndjson',
      badRows: this.#options.onError,
      read: this.#options.read,
      encoding: this.#options.read.encoding ?? 'utf8',
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
    for (const { stream, rejects } of this.#refused.splice(0)) this.#run.reject(stream, rejects);
    for (let next = this.#whole.shift(); next !== undefined; next = this.#whole.shift()) {
      if (next.decoded.records === 0) continue;
      await this.#run.announce(next.source.columns, next.stream, next.source.plan);
      await this.#run.take(next.stream, next.decoded);
    }
  }

  /** Hands over everything that is whole by now. */
  async takeAll(): Promise<void> {
    for (const [stream, source] of this.#streams) {
      const decoded = this.rowsOf(stream, source, () => source.flush(false));
      if (decoded !== undefined) this.#whole.push({ stream, source, decoded });
    }
    // At once: while rows are written and committed, more comes.
    this.markTaken();
    await this.takeWhole();
  }

  /** Takes no more, then hands over what had come. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await Promise.all(this.#open.map((listener) => listener.stop()));
    for (const stream of [...this.#streams.keys()]) this.end(stream);
    this.markTaken();
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
