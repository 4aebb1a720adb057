/**
 * The ring driven by the event loop: reads complete while JavaScript stays responsive, to signals,
 * timers and the answers of threads. The ring counts completions into an eventfd, which the loop
 * polls; its own descriptor would do as well, but never wakes anybody on a ring that defers its task
 * work.
 */
import { close, eventfd, read } from '../kernel/calls.ts';
import { EVENTFD } from '../kernel/constants.ts';
import { checked } from '../kernel/errno.ts';
import { type Fd, lend, type Polling, pollReadable } from '../kernel/syscall.ts';
import { RING_ENTRIES } from '../limits.ts';
import type { AsyncReader, Extent, ReaderFacts, Reading } from './block-reader.ts';
import type { InputFile } from './input-file.ts';
import { LaneReader } from './lane-reader.ts';
import { openRing, refusalReason } from './probe.ts';
import type { IoWish } from './read-file.ts';
import { registerEventfd } from './register.ts';
import { RingReader, type RingReaderOptions, STALL_MS } from './ring-reader.ts';

interface Waiting {
  readonly reading: Reading;
  readonly resolve: (byteLength: number) => void;
  readonly reject: (error: unknown) => void;
}

export class EventReader implements AsyncReader {
  readonly #reader: RingReader;
  readonly #eventFd: Fd;
  readonly #stallMs: number;
  #waiting: Waiting[] = [];
  #idle: (() => void)[] = [];
  #polling: Polling | undefined;
  #stallTimer: NodeJS.Timeout | undefined;

  /** Throws KernelError where the host refuses io_uring. */
  constructor(options: RingReaderOptions & { readonly sqpoll?: boolean } = {}) {
    const { sqpoll = false, stallMs = STALL_MS } = options;
    const obtained = openRing({ entries: RING_ENTRIES, mode: 'events', sqpoll });
    this.#reader = new RingReader(obtained, options);
    this.#stallMs = stallMs;
    const flags = EVENTFD.EFD_CLOEXEC | EVENTFD.EFD_NONBLOCK;
    try {
      this.#eventFd = checked(eventfd(flags), 'make an eventfd') as Fd;
      checked(registerEventfd(obtained.ring, this.#eventFd), 'register an eventfd with io_uring');
    } catch (error) {
      this.#reader[Symbol.dispose]();
      throw error;
    }
  }

  get facts(): ReaderFacts {
    return this.#reader.facts;
  }

  readerOf(file: InputFile): AsyncReader {
    return file.ringUnfit === undefined ? this : new LaneReader(file.ringUnfit);
  }

  read(file: InputFile, extent: Extent): Promise<number> {
    const reading = this.#reader.start(file, extent);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ reading, resolve, reject });
      this.#polling ??= pollReadable(this.#eventFd, () => this.#wake());
      this.#watchStalls(0);
      // Cached files complete while they are submitted: then nothing will wake us.
      queueMicrotask(() => this.#wake());
    });
  }

  settled(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Waits, without the event loop, for what is in flight. Nothing may be awaited any more. */
  [Symbol.dispose](): void {
    this.#rest();
    this.#reader[Symbol.dispose]();
    close(this.#eventFd);
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    lend(new BigUint64Array(1), (counter) => read(this.#eventFd, counter, 8)); // back to zero
    this.#reader.advance();
    const finished = this.#waiting.filter(({ reading }) => this.#reader.isFinished(reading));
    this.#waiting = this.#waiting.filter(({ reading }) => !this.#reader.isFinished(reading));
    for (const { reading, resolve, reject } of finished) {
      try {
        resolve(this.#reader.finish(reading));
      } catch (error) {
        reject(error);
      }
    }
    if (this.#waiting.length > 0) {
      this.#watchStalls(0);
      return;
    }
    this.#rest();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** An idle reader does not keep the process alive. */
  #rest(): void {
    this.#polling?.stop();
    this.#polling = undefined;
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
  }

  /** Told when nothing came for a while after `waitedMs` without an answer, and so on. */
  #watchStalls(waitedMs: number): void {
    clearTimeout(this.#stallTimer);
    const patienceMs = Math.max(waitedMs, this.#stallMs);
    this.#stallTimer = setTimeout(() => {
      this.#reader.tellStall(waitedMs + patienceMs);
      this.#watchStalls(waitedMs + patienceMs);
    }, patienceMs).unref();
  }
}

/** As `openReader`, for the event loop. The ring of an event loop does not poll the device. */
export function openAsyncReader(io: IoWish = 'auto', options: RingReaderOptions = {}): AsyncReader {
  if (io === 'pread') return new LaneReader(undefined);
  try {
    return new EventReader({ ...options, sqpoll: io === 'sqpoll' });
  } catch (error) {
    if (io !== 'auto' && io !== 'mmap') throw error;
    return new LaneReader(refusalReason(error));
  }
}
