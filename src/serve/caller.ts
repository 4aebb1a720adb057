/** One client of the socket: its frames in, its answers out, nothing lost when it hangs up. */
import { FrameReader, frameOf } from '../client/frames.ts';
import { Outbox } from '../client/outbox.ts';
import { type JsonObject, PROTOCOL_VERSION } from '../client/protocol.ts';
import type { Spin } from '../client/spin.ts';
import { NairobiError } from '../errors.ts';
import { close } from '../kernel/calls.ts';
import { closeForeign } from '../kernel/foreign.ts';
import type { Fd } from '../kernel/syscall.ts';
import type { UnixStream } from '../kernel/unix-socket.ts';
import type { Client, Dispatcher, Reply } from './door.ts';
import { isBug, protocolError } from './failures.ts';
import { isObject } from './params.ts';

const REQUEST_BYTES_MAX = 1024 * 1024;
/** Descriptors that came and that no frame has claimed yet. */
const FDS_MAX = 16;
/** Blocks taken from one client before the others have their turn. */
const READS_A_TURN = 8;
/** What a client may leave unread before no more of its requests are taken. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;
/** The same for descriptors: of requests that are not answered yet, and of answers not read. */
const HELD_FDS_MAX = 64;

/** What all callers of a door share. */
export interface CallerDoor {
  /** Who we are: "nairobi/0.1.0". */
  readonly program: string;
  /** For the next request of who was just answered. */
  readonly spin: Spin;
  readonly dispatcher: Dispatcher;
  readonly onGone: (caller: Caller) => void;
}

/** One connected client. */
export class Caller {
  readonly #stream: UnixStream;
  readonly #client: Client;
  readonly #door: CallerDoor;
  readonly #frames = new FrameReader(REQUEST_BYTES_MAX);
  /** Descriptors that arrived, in order. */
  readonly #fds: Fd[] = [];
  readonly #unsent = new Outbox({ ownsFds: true });
  /** Descriptors of requests that wait for their answers. */
  #askedFds = 0;
  /** What the event loop waits for. */
  #awaited = { readable: true, writable: false };
  #greeted = false;
  readonly #since = performance.now();

  constructor(stream: UnixStream, client: Client, door: CallerDoor) {
    this.#stream = stream;
    this.#client = client;
    this.#door = door;
    stream.poll({ readable: true, writable: false }, (isLast) => this.#turn(isLast));
  }

  /** How long it has kept its place without saying who it is. */
  get silentMs(): number {
    return this.#greeted ? 0 : performance.now() - this.#since;
  }

  hangUp(): void {
    if (!this.#stream.isOpen) return;
    this.#stream.closeForeign();
    for (const fd of this.#fds.splice(0)) closeForeign(fd);
    this.#unsent.clear();
    this.#client.gone();
    this.#door.onGone(this);
  }

  /**
   * Takes what is there, and all of it at the last call: when a peer hangs up without reading, the
   * event loop says so once and stops waiting, and the end comes behind what it sent.
   */
  #turn(isLast: boolean): void {
    if (!this.#stream.isOpen) return;
    try {
      this.#flush();
      for (let reads = 0; reads === 0 || isLast; reads += 1) {
        if (reads === READS_A_TURN) {
          setImmediate(() => this.#turn(isLast));
          return;
        }
        // Who is gone is heard to the end.
        if ((this.#isFull && !isLast) || !this.#take()) return;
      }
    } catch (error) {
      this.#dismiss(error);
    }
  }

  /** Who does not read its answers is not listened to, nor who waits for too much. */
  get #isFull(): boolean {
    const fds = this.#askedFds + this.#unsent.fds;
    return this.#unsent.bytes > UNREAD_BYTES_MAX || fds > HELD_FDS_MAX;
  }

  /** One block of what is there; false when there is none. */
  #take(): boolean {
    if (!this.#stream.isOpen) return false;
    const received = this.#stream.receive();
    if (received === undefined) return false;
    if (received === null) {
      this.hangUp();
      return false;
    }
    this.#fds.push(...received.fds);
    if (this.#fds.length > FDS_MAX) throw new NairobiError('USAGE', 'Too many descriptors');
    for (const body of this.#frames.take(received.bytes)) this.#hear(body);
    return true;
  }

  /** Who was answered may ask again at once. */
  #look(): void {
    if (this.#door.dispatcher.isBusy) return;
    this.#door.spin.until(this, () => {
      try {
        return this.#isFull || this.#take() || !this.#stream.isOpen;
      } catch (error) {
        this.#dismiss(error);
        return true;
      }
    });
  }

  /** What cannot be understood ends the connection: what follows could not be either. */
  #dismiss(error: unknown): void {
    if (!this.#stream.isOpen) return;
    try {
      this.#send({ json: errorJson(0, error), fds: [] });
    } catch {
      // It is gone: there is nobody to tell.
    }
    this.hangUp();
  }

  #hear(body: Buffer): void {
    const frame: unknown = parse(body);
    if (!this.#greeted) {
      this.#greet(frame);
      return;
    }
    const { id, method, params = {}, fds: count = 0 } = frame as Record<string, unknown>;
    const isCall = Number.isSafeInteger(id) && typeof method === 'string' && isObject(params);
    if (!isCall || !Number.isSafeInteger(count) || (count as number) < 0) {
      throw new NairobiError('USAGE', 'A request has to have an id, a method and params');
    }
    if ((count as number) > this.#fds.length) {
      throw new NairobiError('USAGE', `The request ${String(id)} came without its descriptors`);
    }
    this.#door.dispatcher.announce(method as string);
    const fds = this.#fds.splice(0, count as number);
    this.#askedFds += fds.length;
    void this.#answer(id as number, method as string, params, fds);
  }

  #greet(frame: unknown): void {
    const hello = (frame as { hello?: { protocol?: unknown } }).hello;
    if (hello?.protocol !== PROTOCOL_VERSION) {
      throw new NairobiError('NOT_SUPPORTED', 'The client speaks another version', {
        hint: `this daemon speaks ${PROTOCOL_VERSION}; the first frame has to be {"hello": ...}`,
      });
    }
    this.#greeted = true;
    const ours = { protocol: PROTOCOL_VERSION, program: this.#door.program };
    this.#send({ json: JSON.stringify({ hello: ours }), fds: [] });
  }

  async #answer(id: number, method: string, params: JsonObject, fds: readonly Fd[]): Promise<void> {
    const reply = await this.#client.call(id, { method, params, fds }).then(
      (answer): Reply => {
        const count = answer.fds.length === 0 ? '' : `,"fds":${answer.fds.length}`;
        const tail = answer.tail === undefined ? '' : `,"tail":${answer.tail.length}`;
        return { ...answer, json: `{"id":${id},"result":${answer.json}${count}${tail}}` };
      },
      (error: unknown): Reply => ({ json: errorJson(id, error), fds: [] }),
    );
    for (const fd of fds) closeForeign(fd, () => this.#letGo());
    if (!this.#stream.isOpen) {
      closeAll(reply.fds);
      return;
    }
    try {
      this.#send(reply);
    } catch {
      this.hangUp();
      return;
    }
    this.#look();
  }

  /** One descriptor of a request is closed, and there may be room for the next ones. */
  #letGo(): void {
    const wasFull = this.#isFull;
    this.#askedFds -= 1;
    if (wasFull && !this.#isFull && this.#stream.isOpen) this.#await();
  }

  /** The descriptors are closed here once they are with the kernel. */
  #send({ json, fds, tail }: Reply): void {
    this.#unsent.push(frameOf(json), fds);
    if (tail !== undefined && tail.length > 0) this.#unsent.push(tail);
    this.#flush();
  }

  #flush(): void {
    this.#unsent.flush(this.#stream);
    this.#await();
  }

  /** Says what the event loop is to wait for. */
  #await(): void {
    const writable = !this.#unsent.isEmpty;
    const readable = !this.#isFull;
    const { readable: listens, writable: writes } = this.#awaited;
    if (listens === readable && writes === writable) return;
    this.#awaited = { readable, writable };
    this.#stream.poll(this.#awaited, (last) => this.#turn(last));
  }
}

function parse(body: Buffer): object {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (isObject(value)) return value;
  } catch {
    // Told below.
  }
  throw new NairobiError('USAGE', 'A frame has to be a JSON object');
}

function errorJson(id: number, error: unknown): string {
  if (isBug(error) && process.env['NAIROBI_DEBUG'] === '1') {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  }
  return JSON.stringify({ id, error: protocolError(error) });
}

function closeAll(fds: readonly Fd[]): void {
  for (const fd of fds) close(fd);
}
