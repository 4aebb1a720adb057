/**
 * The stream between the daemon and one of its workers: any value that can be cloned, with
 * descriptors beside it. It is the framing of the protocol, with values of V8 in place of JSON.
 */
import { availableParallelism } from 'node:os';
import { deserialize, serialize } from 'node:v8';
import { FrameReader, frameOf } from '../client/frames.ts';
import { Outbox } from '../client/outbox.ts';
import { close, waitReadable } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import { UnixStream } from '../kernel/unix-socket.ts';

/** Both ends are ours: this only stops nonsense. */
const MESSAGE_BYTES_MAX = 512 * 1024 * 1024;

/** What comes later than this after the bell was rung too early. */
const LOOK_MS = 0.5;

/**
 * So long after its last message an end sleeps. To be woken then takes 100 to 200 µs on the
 * machines measured: who knows that a message comes rings, and the other is awake when it does
 * (bench/serve/first-call.ts).
 */
export const ASLEEP_MS = 2;

/** So long the other end and its client have the CPU to themselves once they have their answer. */
const REST_MS = 2;

/** Never on one CPU: there, looking is in the way of what is looked for. */
export const LOOKING_PAYS = availableParallelism() > 1;

/** A frame without anything in it: what it is rung for comes soon. */
const BELL = frameOf('');

interface Envelope {
  readonly message: unknown;
  /** How many descriptors come with it. */
  readonly fds: number;
}

export interface LinkEnd {
  /** The descriptors are the hearer's. */
  heard(message: unknown, fds: readonly Fd[]): void;
  /** A message is about to come: the place to call `look`. */
  rung(): void;
  /** The other end is gone, or talks nonsense. */
  ended(error: unknown): void;
}

export class Link {
  readonly #stream: UnixStream;
  readonly #end: LinkEnd;
  readonly #frames = new FrameReader(MESSAGE_BYTES_MAX);
  readonly #outbox = new Outbox({ ownsFds: true });
  readonly #fds: Fd[] = [];
  #isWriting = false;
  /** The last thing that came was the bell. */
  #isRung = false;

  constructor(fd: Fd, end: LinkEnd) {
    this.#stream = new UnixStream(fd);
    this.#end = end;
    this.#stream.poll({ readable: true, writable: false }, (isLast) => this.#turn(isLast));
  }

  /** `fds` are closed here once they are with the kernel. */
  send(message: unknown, fds: readonly Fd[] = []): void {
    this.#push(frameOf(serialize({ message, fds: fds.length } satisfies Envelope)), fds);
  }

  ring(): void {
    this.#push(BELL, []);
  }

  /** Takes the next message without sleeping, if it comes in time. */
  look(): void {
    const end = performance.now() + LOOK_MS;
    this.#attempt(() => {
      while (!this.#take() || this.#isRung) if (performance.now() >= end) return;
    });
  }

  /**
   * Sleeps until more comes, but not for long: what there is to tidy up would keep the CPU from
   * those who wait for what was sent (0.6 to 1 ms of a first call, bench/serve/first-call.ts).
   */
  rest(): void {
    if (this.#stream.isOpen) waitReadable(this.#stream.fd, REST_MS);
  }

  close(): void {
    this.#stream.close();
    this.#outbox.clear();
    for (const fd of this.#fds.splice(0)) close(fd);
  }

  #push(bytes: Uint8Array, fds: readonly Fd[]): void {
    this.#outbox.push(bytes, fds);
    this.#attempt(() => this.#flush());
  }

  #flush(): void {
    this.#outbox.flush(this.#stream);
    const writable = !this.#outbox.isEmpty;
    if (writable === this.#isWriting) return;
    this.#isWriting = writable;
    this.#stream.poll({ readable: true, writable }, (isLast) => this.#turn(isLast));
  }

  #turn(isLast: boolean): void {
    this.#attempt(() => {
      if (!this.#outbox.isEmpty) this.#flush();
      while (this.#take());
      if (isLast) throw new Error('the event loop gave up the stream');
      if (!this.#isRung) return;
      this.#isRung = false;
      this.#end.rung();
    });
  }

  /** One block of what is there; false when there is none. */
  #take(): boolean {
    if (!this.#stream.isOpen) return false;
    const got = this.#stream.receive();
    if (got === undefined) return false;
    if (got === null) throw new Error('the other end is gone');
    this.#fds.push(...got.fds);
    for (const body of this.#frames.take(got.bytes)) {
      this.#isRung = body.length === 0;
      if (this.#isRung) continue;
      const { message, fds } = deserialize(body) as Envelope;
      this.#end.heard(message, this.#fds.splice(0, fds));
    }
    return true;
  }

  #attempt(work: () => void): void {
    if (!this.#stream.isOpen) return;
    try {
      work();
    } catch (error) {
      this.close();
      this.#end.ended(error);
    }
  }
}
