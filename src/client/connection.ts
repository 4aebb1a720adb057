/** A connection to the daemon: requests in flight side by side, descriptors with the answers. */
import { type ErrorCode, messageOf, NairobiError } from '../errors.ts';
import { parseExact } from '../exact-json.ts';
import { close } from '../kernel/calls.ts';
import { ERRNO } from '../kernel/errno.ts';
import type { Fd } from '../kernel/syscall.ts';
import { connectUnix, UnixStream } from '../kernel/unix-socket.ts';
import { FrameReader, frameOf } from './frames.ts';
import { Outbox } from './outbox.ts';
import { type JsonObject, type Method, PROTOCOL_VERSION, type Response } from './protocol.ts';
import { isTrusted, socketPath } from './socket-path.ts';
import { Spin } from './spin.ts';

export interface Answer {
  readonly result: JsonObject;
  /** Sealed memfds; the caller closes them. */
  readonly fds: readonly Fd[];
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Answers carry at most what was asked for inline; this only stops nonsense. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** What a small call takes where the daemon has to be woken. */
const LOOK_MS = 0.1;

export class Connection implements Disposable {
  readonly #stream: UnixStream;
  readonly #frames = new FrameReader(ANSWER_BYTES_MAX);
  readonly #waiting = new Map<number, Waiting>();
  readonly #fds: Fd[] = [];
  readonly #unsent = new Outbox({ ownsFds: false });
  readonly #spin = new Spin(LOOK_MS);
  #willLook = false;
  /** What the event loop waits for. */
  #isWriting = false;
  #nextId = 1;
  #greeted = false;
  #failure: unknown;

  private constructor(stream: UnixStream, program: string) {
    this.#stream = stream;
    stream.poll({ readable: true, writable: false }, (isLast) => this.#turn(isLast));
    stream.unref();
    this.#send(JSON.stringify({ hello: { protocol: PROTOCOL_VERSION, program } }), []);
  }

  /** Connects to the daemon of this user, or to `socket`; NairobiError HOST when none listens. */
  static open(socket = socketPath(), program = 'nairobi'): Connection {
    const found = isTrusted(socket) ? connectUnix(socket) : -ERRNO.ENOENT;
    if (found >= 0) return new Connection(new UnixStream(found as Fd), program);
    if (found === -ERRNO.EAGAIN) {
      throw new NairobiError('LOCKED', `Too many clients wait for the daemon at ${socket}`, {
        where: { file: socket },
      });
    }
    throw new NairobiError('HOST', `No daemon listens at ${socket}`, {
      hint: 'start one: nairobi serve',
      where: { file: socket },
    });
  }

  /** Asks; `fds` are handed over and stay the caller's. Throws what the daemon answers. */
  request(method: Method, params: JsonObject = {}, fds: readonly Fd[] = []): Promise<Answer> {
    return this.start(method, params, fds).answer;
  }

  /** The same with the id, by which Cancel knows the request. */
  start(
    method: Method,
    params: JsonObject = {},
    fds: readonly Fd[] = [],
  ): { readonly id: number; readonly answer: Promise<Answer> } {
    const id = this.#nextId;
    this.#nextId += 1;
    const answer = new Promise<Answer>((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      if (this.#waiting.size === 0) this.#stream.ref();
      this.#waiting.set(id, { resolve, reject });
      const some = fds.length === 0 ? {} : { fds: fds.length };
      this.#send(JSON.stringify({ id, method, params, ...some }), fds);
    });
    this.#lookSoon();
    return { id, answer };
  }

  [Symbol.dispose](): void {
    this.#fail(new NairobiError('IO', 'The connection to the daemon was closed'));
  }

  #send(json: string, fds: readonly Fd[]): void {
    this.#unsent.push(frameOf(json), fds);
    try {
      this.#flush();
    } catch (error) {
      this.#fail(lost(error));
    }
  }

  #flush(): void {
    try {
      this.#unsent.flush(this.#stream);
    } catch (error) {
      // It hung up: what it said before that tells why.
      this.#unsent.clear();
      this.#turn(true);
      throw error;
    }
    const writable = !this.#unsent.isEmpty;
    if (writable === this.#isWriting) return;
    this.#isWriting = writable;
    this.#stream.poll({ readable: true, writable }, (isLast) => this.#turn(isLast));
  }

  /** Once everything that is asked for in one go is on its way. */
  #lookSoon(): void {
    if (this.#willLook) return;
    this.#willLook = true;
    queueMicrotask(() => {
      this.#willLook = false;
      const waiting = this.#waiting.size;
      if (waiting === 0) return;
      this.#spin.until(this, () => {
        this.#turn(false);
        return this.#waiting.size < waiting || !this.#stream.isOpen;
      });
    });
  }

  /** Takes what is there; all of it where the event loop will not say it again. */
  #turn(isLast: boolean): void {
    try {
      if (!this.#unsent.isEmpty) this.#flush();
      do {
        const got = this.#stream.isOpen ? this.#stream.receive() : undefined;
        if (got === undefined) return;
        if (got === null) throw new NairobiError('IO', 'The daemon ended');
        this.#fds.push(...got.fds);
        for (const body of this.#frames.take(got.bytes)) this.#settle(body);
      } while (isLast);
    } catch (error) {
      this.#fail(lost(error));
    }
  }

  #settle(body: Buffer): void {
    const frame = parseExact(body.toString('utf8')) as Response | { readonly hello: object };
    if ('hello' in frame) {
      this.#greeted = true;
      return;
    }
    const fds = 'error' in frame ? [] : this.#fds.splice(0, frame.fds ?? 0);
    const waiting = this.#waiting.get(frame.id);
    this.#waiting.delete(frame.id);
    if (this.#waiting.size === 0) this.#stream.unref();
    if (waiting === undefined) {
      for (const fd of fds) close(fd);
      if ('error' in frame) throw errorOf(frame.error);
    } else if ('error' in frame) waiting.reject(errorOf(frame.error));
    else waiting.resolve({ result: frame.result, fds });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
    for (const fd of this.#fds.splice(0)) close(fd);
    this.#stream.close();
  }

  /** True once the daemon has said hello. */
  get greeted(): boolean {
    return this.#greeted;
  }
}

const errorOf = (error: { code: string; message: string; hint?: string }): NairobiError =>
  new NairobiError(error.code as ErrorCode, error.message, error);

function lost(error: unknown): NairobiError {
  if (error instanceof NairobiError) return error;
  return new NairobiError('IO', `The daemon answers nonsense: ${messageOf(error)}`, {
    cause: error,
  });
}
