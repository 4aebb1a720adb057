/**
 * One io_uring, driven by three system calls and shared memory; liburing is not needed. The words
 * are liburing's: get an SQE, prepare it, submit, wait for or peek at a CQE, mark it seen. Heads
 * and tails go through Atomics, which order at least as strongly as the acquire and release the
 * protocol asks for, on x86-64 and arm64 alike.
 */
import { assert } from '../errors.ts';
import { ioUringEnter } from '../kernel/calls.ts';
import { ENTER, SETUP, SQ_FLAG } from '../kernel/constants.ts';
import { ERRNO, KernelError } from '../kernel/errno.ts';
import { CQE, SQE } from '../kernel/layout.ts';
import type { Fd } from '../kernel/syscall.ts';
import { openQueues, type Queues, type RingParams } from './queues.ts';

/**
 * One completion. `slot` and `generation` are the two halves of the user_data that the request was
 * prepared with; `res` is a count, or -errno.
 */
export interface Completion {
  readonly slot: number;
  readonly generation: number;
  readonly res: number;
}

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

  /**
   * Hands every prepared SQE to the kernel and waits until `waitFor` completions are there.
   * A signal ends the wait early: callers loop on `peek`. Throws KernelError otherwise.
   */
  submit(waitFor = 0): void {
    const { words, sq } = this.#open();
    Atomics.store(words, sq.tail, this.#tail);
    let flags = this.#enterFlags;
    if (waitFor > 0 || this.#kernelHasWork()) flags |= ENTER.IORING_ENTER_GETEVENTS;
    const polled = (this.flags & SETUP.IORING_SETUP_SQPOLL) !== 0;
    const sleeping = (Atomics.load(words, sq.flags) & SQ_FLAG.IORING_SQ_NEED_WAKEUP) !== 0;
    if (polled && sleeping) flags |= ENTER.IORING_ENTER_SQ_WAKEUP;
    if (polled && !sleeping && (flags & ENTER.IORING_ENTER_GETEVENTS) === 0) return;
    const pending = (this.#tail - Atomics.load(words, sq.head)) >>> 0;
    if (pending === 0 && flags === this.#enterFlags) return;
    const result = ioUringEnter(this.#enterFd, pending, waitFor, flags);
    if (result >= 0) return;
    // EINTR: a signal. EAGAIN and EBUSY: short of memory, or completions must be taken first
    // (liburing#281). In each case the caller takes what is there and comes back.
    if (result === -ERRNO.EINTR || result === -ERRNO.EAGAIN || result === -ERRNO.EBUSY) return;
    throw new KernelError(-result, 'submit to an io_uring');
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
      this.submit(1);
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

  #flush(): void {
    const flags = this.#enterFlags | ENTER.IORING_ENTER_GETEVENTS;
    const result = ioUringEnter(this.#enterFd, 0, 0, flags);
    if (
      result < 0 &&
      result !== -ERRNO.EINTR &&
      result !== -ERRNO.EAGAIN &&
      result !== -ERRNO.EBUSY
    ) {
      throw new KernelError(-result, 'fetch completions from an io_uring');
    }
  }

  #open(): Queues {
    assert(this.#queues !== undefined, 'the ring is closed');
    return this.#queues;
  }
}
