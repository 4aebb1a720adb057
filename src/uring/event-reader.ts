/**
 * The ring driven by the event loop: reads complete while JavaScript stays responsive, for progress
 * bars and daemons. The ring counts completions into an eventfd, which the loop polls; its own
 * descriptor would do as well, but never wakes anybody on a ring that defers its task work.
 */
import { close, eventfd, read } from '../kernel/calls.ts';
import { EVENTFD } from '../kernel/constants.ts';
import { checked } from '../kernel/errno.ts';
import { type Fd, lend, type Polling, pollReadable } from '../kernel/syscall.ts';
import { RING_ENTRIES } from '../limits.ts';
import type { Extent, ReaderFacts, Reading } from './block-reader.ts';
import type { InputFile } from './input-file.ts';
import { openRing } from './probe.ts';
import { registerEventfd } from './register.ts';
import { RingReader, type RingReaderOptions } from './ring-reader.ts';

interface Waiting {
  readonly reading: Reading;
  readonly resolve: (byteLength: number) => void;
  readonly reject: (error: unknown) => void;
}

export class EventReader implements Disposable {
  readonly facts: ReaderFacts;
  readonly #reader: RingReader;
  readonly #eventFd: Fd;
  #waiting: Waiting[] = [];
  #polling: Polling | undefined;

  /** Throws KernelError where the host refuses io_uring. */
  constructor(options: RingReaderOptions = {}) {
    const obtained = openRing({ entries: RING_ENTRIES, mode: 'events' });
    this.#reader = new RingReader(obtained, options);
    this.facts = this.#reader.facts;
    const flags = EVENTFD.EFD_CLOEXEC | EVENTFD.EFD_NONBLOCK;
    try {
      this.#eventFd = checked(eventfd(flags), 'make an eventfd') as Fd;
      checked(registerEventfd(obtained.ring, this.#eventFd), 'register an eventfd with io_uring');
    } catch (error) {
      this.#reader[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Reads a stretch of a file; resolves with its bytes, fewer than asked for only at the end of the
   * file. The memory and the file must stay until then.
   */
  read(file: InputFile, extent: Extent): Promise<number> {
    const reading = this.#reader.start(file, extent);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ reading, resolve, reject });
      this.#polling ??= pollReadable(this.#eventFd, () => this.#wake());
      // Cached files complete while they are submitted: then nothing will wake us.
      queueMicrotask(() => this.#wake());
    });
  }

  /** Waits, without the event loop, for what is in flight. Nothing may be awaited any more. */
  [Symbol.dispose](): void {
    this.#polling?.stop();
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
    if (this.#waiting.length > 0) return;
    // An idle reader does not keep the process alive.
    this.#polling?.stop();
    this.#polling = undefined;
  }
}
