/** A content as segments of whole records: a thread reads ahead while this one computes. */
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { AssertionFailure, NairobiError } from '../../errors.ts';
import type { CutRules } from '../../formats/cut.ts';
import type { Segment } from '../../formats/segment.ts';
import { close, eventfd } from '../../kernel/calls.ts';
import { EVENTFD } from '../../kernel/constants.ts';
import { checked } from '../../kernel/errno.ts';
import type { Fd } from '../../kernel/syscall.ts';
import type { Lease } from '../../memory/lease.ts';
import { threadEntry } from '../../thread-entry.ts';
import { CONTROL, type FedSegment, type FeedNews, type FeedOrder } from './order.ts';
import type { TextOrigin } from './text-origin.ts';

export interface FeedOptions {
  readonly origin: TextOrigin;
  readonly rules: CutRules;
  readonly start: FeedOrder['start'];
  /** Given back by whoever lent it, once `closed` is there. */
  readonly lease: Lease;
  readonly filled: number;
  readonly segmentBytes: number;
}

/** A segment whose memory is the reader's until it is released; in their order. */
export interface LentSegment extends Segment {
  release(): void;
}

/** A word that no count of segments reaches: a thread that waits for one wakes. */
const NEVER = 2 ** 30;

const EIGHT_BYTES = Buffer.from(BigUint64Array.of(1n).buffer);

export class Feed {
  /** When the thread is gone: nobody writes into the memory any more. */
  readonly closed: Promise<void>;
  readonly #lease: Lease;
  readonly #control = new Int32Array(new SharedArrayBuffer(8));
  readonly #stopFd: Fd;
  readonly #news: FeedNews[] = [];
  #wake: (() => void) | undefined;
  #isOver = false;
  #isGone = false;
  #isWrapped = false;
  #byteLength: number | undefined;

  constructor({ lease, ...options }: FeedOptions) {
    this.#lease = lease;
    this.#stopFd = checked(eventfd(EVENTFD.EFD_CLOEXEC), 'make an eventfd') as Fd;
    const order: FeedOrder = {
      ...options,
      address: lease.address,
      byteLength: lease.byteLength,
      control: this.#control.buffer as SharedArrayBuffer,
      stopFd: this.#stopFd,
    };
    const entry = threadEntry('segments', './worker.ts', import.meta.url);
    const worker = new Worker(entry, { workerData: order });
    worker.on('message', (news: FeedNews) => this.#tell(news));
    worker.on('error', (error) => this.#tell(failed(error.message)));
    this.closed = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#isGone = true;
        close(this.#stopFd);
        this.#tell(failed('the thread that reads segments ended without an answer'));
        resolve();
      });
    });
  }

  /** Bytes of the content, when it was read to its end and all of it still lies in the memory. */
  get keptBytes(): number | undefined {
    return this.#isWrapped ? undefined : this.#byteLength;
  }

  /** Each segment; what the thread met is thrown where it stands in the content. */
  async *segments(): AsyncGenerator<LentSegment> {
    for (;;) {
      const news = await this.#next();
      if (news.is === 'wrapped') this.#isWrapped = true;
      else if (news.is === 'segment') yield this.#lent(news);
      else if (news.is === 'error') throw asError(news);
      else {
        this.#byteLength = news.byteLength;
        return;
      }
    }
  }

  /** Reads on without giving segments; see keptBytes. Ends where the content does not fit. */
  async rest(): Promise<number | undefined> {
    while (!this.#isWrapped && this.#byteLength === undefined) {
      const news = await this.#next();
      if (news.is === 'wrapped') this.#isWrapped = true;
      else if (news.is === 'end') this.#byteLength = news.byteLength;
      else if (news.is === 'error') throw asError(news);
    }
    return this.keptBytes;
  }

  /** Lets the thread end, whatever it waits for. */
  stop(): void {
    if (this.#isOver || this.#isGone) return;
    this.#isOver = true;
    Atomics.store(this.#control, CONTROL.over, 1);
    Atomics.add(this.#control, CONTROL.released, NEVER);
    Atomics.notify(this.#control, CONTROL.released);
    writeSync(this.#stopFd, EIGHT_BYTES);
  }

  #lent({ at, cut, byte, line }: FedSegment): LentSegment {
    const bytes = this.#lease.bytes(at, cut.byteLength);
    return { bytes, cut, place: { byte, line }, release: () => this.#release() };
  }

  #release(): void {
    Atomics.add(this.#control, CONTROL.released, 1);
    Atomics.notify(this.#control, CONTROL.released);
  }

  #tell(news: FeedNews): void {
    this.#news.push(news);
    this.#wake?.();
  }

  async #next(): Promise<FeedNews> {
    for (;;) {
      const news = this.#news.shift();
      if (news !== undefined) return news;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function asError(news: FeedNews & { is: 'error' }): Error {
  const { error } = news;
  if (error === undefined) return new AssertionFailure(news.message);
  return new NairobiError(error.code, error.message, error);
}

const failed = (message: string): FeedNews => ({ is: 'error', error: undefined, message });
