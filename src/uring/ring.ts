/**
 * One io_uring, driven by three system calls and shared memory; liburing is not needed. The words
 * are liburing's: get an SQE, prepare it, submit, wait for or peek at a CQE, mark it seen. Heads
 * and tails go through Atomics, which order at least as strongly as the acquire and release the
 * protocol asks for, on x86-64 and arm64 alike.
 */
import { assert } from '../errors.ts';
import { ioUringEnter, waitReadable } from '../kernel/calls.ts';
import { ENTER, SETUP, SQ_FLAG } from '../kernel/constants.ts';
import { ERRNO, KernelError } from '../kernel/errno.ts';
import { CQE, SQE } from '../kernel/layout.ts';
import type { Fd } from '../kernel/syscall.ts';
import { openQueues, type Queues, type RingParams } from './queues.ts';
import { hasTimedWaits, withWaitArgument } from './wait.ts';

/**
 * One completion. `slot` and `generation` are the two halves of the user_data that the request was
 * prepared with; `res` is a count, or -errno.
 */
export interface Completion {
  readonly slot: number;
  readonly generation: number;
  readonly res: number;
}

/**
 * How a wait ended. 'woken': look for completions, there may be some. 'late': the time passed.
 * 'interrupted': a signal of those that ask the program to stop (kernel/calls.ts).
 */
export type Waking = 'woken' | 'late' | 'interrupted';

/** EAGAIN and EBUSY: short of memory, or completions must be taken first (liburing#281). */
const isPassing = (errno: number): boolean => errno === ERRNO.EAGAIN || errno === ERRNO.EBUSY;

export class Ring implements Disposable {
  readonly fd: Fd;
  readonly flags: number;
  readonly features: number;
  readonly sqEntries: number;
  readonly cqEntries: number;
  #queues: Queues | undefined;
  /** Our copy of the submission tail; the kernel sees it at `submit`. */
  #tail: number;
  #enterFd: Fd;
  #enterFlags = 0;
  #beforeClose: (() => void) | undefined;

  /** Throws KernelError when the kernel refuses one of the flags, or a ring altogether. */
  constructor(params: RingParams) {
    const queues = openQueues(params);
    this.#queues = queues;
    this.fd = queues.fd;
    this.#enterFd = queues.fd;
    this.flags = params.flags;
    this.features = queues.features;
    this.sqEntries = queues.sqEntries;
    this.cqEntries = queues.cqEntries;
    this.#tail = Atomics.load(queues.words, queues.sq.tail);
  }

  /**
   * Enters by the registered index from now on, which saves the kernel a look-up (5.18).
   * `unregister` runs at close: a registered ring keeps itself alive, and a task has 16 places.
   */
  enterByIndex(index: number, unregister: () => void): void {
    this.#enterFd = index as Fd;
    this.#enterFlags = ENTER.IORING_ENTER_REGISTERED_RING;
    this.#beforeClose = unregister;
  }

  /** Entries that can be prepared before the next `submit`. */
  get sqSpace(): number {
    const { words, sq } = this.#open();
    return this.sqEntries - ((this.#tail - Atomics.load(words, sq.head)) >>> 0);
  }

  /** The next free SQE, zeroed, for a prep function; undefined when the queue is full. */
  getSqe(): DataView | undefined {
    if (this.sqSpace === 0) return undefined;
    const { sqes, sq } = this.#open();
    const at = (this.#tail & sq.mask) * SQE.size;
    this.#tail = (this.#tail + 1) >>> 0;
    const sqe = new DataView(sqes.buffer, at, SQE.size);
    for (let word = 0; word < SQE.size; word += 8) sqe.setBigUint64(word, 0n);
    return sqe;
  }

  /** Hands every prepared SQE to the kernel. Throws KernelError when it does not take them. */
  submit(): void {
    const { words, sq } = this.#open();
    Atomics.store(words, sq.tail, this.#tail);
    const flags = this.#wakingFlags() | (this.#kernelHasWork() ? ENTER.IORING_ENTER_GETEVENTS : 0);
    const pending = this.#pending();
    const polled = (this.flags & SETUP.IORING_SETUP_SQPOLL) !== 0;
    if (flags === 0 && (pending === 0 || polled)) return;
    const result = ioUringEnter(this.#enterFd, pending, 0, this.#enterFlags | flags);
    if (result >= 0 || isPassing(-result) || result === -ERRNO.EINTR) return;
    throw new KernelError(-result, 'submit to an io_uring');
  }

  /**
   * Hands every prepared SQE to the kernel and waits until a completion is there, or `timeoutMs`
   * passed. It may wake without one: callers loop on `peek`.
   */
  submitAndWait(timeoutMs?: number): Waking {
    const { words, sq } = this.#open();
    if (timeoutMs !== undefined && !hasTimedWaits(this.features)) return this.#pollFd(timeoutMs);
    Atomics.store(words, sq.tail, this.#tail);
    const flags = this.#enterFlags | this.#wakingFlags() | ENTER.IORING_ENTER_GETEVENTS;
    const result = withWaitArgument(this.features, timeoutMs, ({ flag, address, byteLength }) =>
      ioUringEnter(this.#enterFd, this.#pending(), 1, flags | flag, address, byteLength),
    );
    if (result >= 0 || isPassing(-result)) return 'woken';
    if (result === -ERRNO.ETIME) return 'late';
    if (result === -ERRNO.EINTR) return 'interrupted';
    throw new KernelError(-result, 'wait for an io_uring');
  }

  /** The oldest completion, left in the queue; undefined when there is none. */
  peek(): Completion | undefined {
    const { words, cq } = this.#open();
    const head = Atomics.load(words, cq.head);
    if (head === Atomics.load(words, cq.tail)) {
      if (!this.#kernelHasWork()) return undefined;
      this.#flush();
      if (head === Atomics.load(words, cq.tail)) return undefined;
    }
    const at = cq.cqes + ((head & cq.mask) * CQE.size) / 4;
    return {
      slot: words[at] ?? 0,
      generation: words[at + 1] ?? 0,
      res: (words[at + 2] ?? 0) | 0,
    };
  }

  /** Gives the slot of the completion that `peek` showed back to the kernel. */
  seen(): void {
    const { words, cq } = this.#open();
    Atomics.store(words, cq.head, (Atomics.load(words, cq.head) + 1) >>> 0);
  }

  /** The next completion, taken; waits for one when there is none. */
  wait(): Completion {
    for (;;) {
      const completion = this.peek();
      if (completion !== undefined) {
        this.seen();
        return completion;
      }
      this.submitAndWait();
    }
  }

  /** Closes the ring. Nothing may be in flight: the kernel would write to memory lent again. */
  close(): void {
    if (this.#queues === undefined) return;
    this.#beforeClose?.();
    this.#queues.unmap();
    this.#queues = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Completions wait inside the kernel: the queue overflowed, or deferred work is due. */
  #kernelHasWork(): boolean {
    const { words, sq } = this.#open();
    const due = SQ_FLAG.IORING_SQ_CQ_OVERFLOW | SQ_FLAG.IORING_SQ_TASKRUN;
    return (Atomics.load(words, sq.flags) & due) !== 0;
  }

  /** What an SQPOLL thread that fell asleep needs. */
  #wakingFlags(): number {
    const { words, sq } = this.#open();
    const sleeping = (Atomics.load(words, sq.flags) & SQ_FLAG.IORING_SQ_NEED_WAKEUP) !== 0;
    return sleeping ? ENTER.IORING_ENTER_SQ_WAKEUP : 0;
  }

  /** Entries the kernel has not taken yet. */
  #pending(): number {
    const { words, sq } = this.#open();
    return (this.#tail - Atomics.load(words, sq.head)) >>> 0;
  }

  /** A timed wait before 5.11: rings of that time wake whoever polls their descriptor. */
  #pollFd(timeoutMs: number): Waking {
    this.submit();
    const result = waitReadable(this.fd, timeoutMs);
    if (result === -ERRNO.EINTR) return 'interrupted';
    if (result < 0) throw new KernelError(-result, 'wait for an io_uring');
    return result === 0 ? 'late' : 'woken';
  }

  #flush(): void {
    const flags = this.#enterFlags | ENTER.IORING_ENTER_GETEVENTS;
    const result = ioUringEnter(this.#enterFd, 0, 0, flags);
    if (result >= 0 || isPassing(-result) || result === -ERRNO.EINTR) return;
    throw new KernelError(-result, 'fetch completions from an io_uring');
  }

  #open(): Queues {
    assert(this.#queues !== undefined, 'the ring is closed');
    return this.#queues;
  }
}
