/** --timeout and --memory-limit: the process ends by itself when it takes too long or too much. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { NairobiError } from '../../errors.ts';
import { OwnMemory } from '../../host/own-memory.ts';
import { faultCount, memoryPageBytes } from '../../kernel/sigbus.ts';
import { type Address, viewOf } from '../../kernel/syscall.ts';
import { threadEntry } from '../../thread-entry.ts';
import { onUnfinished } from '../../unfinished.ts';
import { formatBytes, type Milliseconds } from '../../units.ts';
import { ENDING, type LostPages, type OverseerNews, type OverseerTask } from './overseer-words.ts';

/** How an error reads on stderr. */
export type Wording = (error: NairobiError) => string;

/** The thread, started when there is something to watch. */
export class Overseer implements Disposable {
  readonly #wording: Wording;
  readonly #wake = new Int32Array(new SharedArrayBuffer(8));
  #port: MessagePort | undefined;

  constructor(wording: Wording) {
    this.#wording = wording;
  }

  /** Ends the process as `error` says, unless the run is over by then. */
  endAfter(milliseconds: Milliseconds, error: NairobiError): void {
    const at = Date.now() + milliseconds;
    this.#tell({ is: 'deadline', at, message: this.#wording(error), exitCode: error.exitCode });
  }

  /**
   * Ends the process with MEMORY_LIMIT once it takes more than `bytes`. What
   * asks for memory in bounds of its own says better what it needs; this is for what Polars takes.
   */
  endBeyond(memoryLimit: number, bytes: number): void {
    const error = new NairobiError(
      'MEMORY_LIMIT',
      `This needs more than ${formatBytes(memoryLimit)} of memory, which is the limit`,
      { hint: 'pass a larger --memory-limit, or ask for fewer rows, groups or columns' },
    );
    const { exitCode } = error;
    const lost = this.#lostPages();
    this.#tell({ is: 'memory', bytes, message: this.#wording(error), exitCode, ...lost });
  }

  /** Never comes back where the thread is ending the process: the last word is its. */
  async giveWay(): Promise<void> {
    if (Atomics.load(this.#wake, ENDING) === 0) return;
    await new Promise(() => setInterval(() => undefined, 1_000));
  }

  /** A file that is cut while it is scanned takes memory, too: a page of zeros for each it lost. */
  #lostPages(): { readonly lost?: LostPages } {
    const count = faultCount();
    if (count === undefined) return {};
    const error = new NairobiError(
      'IO',
      'A file became shorter while it was read, or its device failed: pages of it are missing',
      { hint: 'read it again when nothing writes to it, or pass --io uring' },
    );
    const end = { message: this.#wording(error), exitCode: error.exitCode };
    return { lost: { count, before: wordAt(count), end } };
  }

  [Symbol.dispose](): void {
    if (this.#port === undefined) return;
    this.#tell({ is: 'over' });
    this.#port.close();
    this.#port = undefined;
  }

  #tell(news: OverseerNews): void {
    this.#port ??= this.#start();
    this.#port.postMessage(news);
    Atomics.add(this.#wake, 0, 1);
    Atomics.notify(this.#wake, 0);
  }

  #start(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const entry = threadEntry('overseer', './overseer-worker.ts', import.meta.url);
    const task: OverseerTask = {
      wake: this.#wake.buffer as SharedArrayBuffer,
      port: port2,
      pageBytes: memoryPageBytes(),
    };
    new Worker(entry, { workerData: task, transferList: [port2] }).unref();
    port1.unref();
    this.#port = port1;
    onUnfinished((what, present) => this.#tell({ is: 'unfinished', what, present }));
    return port1;
  }
}

const wordAt = (address: Address): bigint => new BigUint64Array(viewOf(address, 8))[0] ?? 0n;

/** Bytes that are the process's own: what it maps of files the kernel can take back. */
export function ownBytes(): number {
  const memory = new OwnMemory('self');
  const { bytes } = memory;
  memory.close();
  return bytes;
}
