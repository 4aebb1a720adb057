/** D-Bus through libsystemd's sd-bus, which every distribution with systemd has: see sd-bus(3). */
import { checked } from './errno.ts';
import { busCalls, type Handle } from './sd-bus-calls.ts';
import { type Fd, koffiModule, pollSocket, type SocketPolling } from './syscall.ts';

export type BusKind = 'session' | 'system';

const SD_BUS_CREDS_PID = 1n << 0n;
const SD_BUS_CREDS_EUID = 1n << 4n;
const SD_BUS_MESSAGE_METHOD_CALL = 1;
const SD_BUS_MESSAGE_SIGNAL = 4;
const POLLOUT = 4;

/** What came in: a call to answer, or a signal. */
export interface BusMessage {
  readonly kind: 'call' | 'signal';
  readonly cookie: number;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** The unique name of who sent it. */
  readonly sender: string;
  /** Types of the arguments, such as "s". */
  readonly signature: string;
  /** The arguments while they are texts, in order. */
  texts(): readonly string[];
  /** One of type h that follows them; the message's own, until `done`. */
  descriptor(): Fd;
  /** Who sent it, as the bus vouches for it; one round trip to the bus. */
  credentials(): { readonly uid: number; readonly pid: number };
  /** Arguments of type s, then, when `fds` is given, one of type ah; the caller closes the fds. */
  reply(texts: readonly string[], fds?: readonly Fd[]): void;
  /** One argument of type v that holds a text, or a{sv} of texts. */
  replyVariant(value: string | Readonly<Record<string, string>>): void;
  /** `name` is that of a D-Bus error. */
  fail(name: string, text: string): void;
  /** To be called once, when it is answered or left alone. */
  done(): void;
}

/** A connection to a bus. Not blocking, but for the first moments and `credentials`. */
export class Bus {
  readonly #calls = busCalls();
  readonly #bus: Handle;
  #polling: SocketPolling | undefined;
  #onMessage: (message: BusMessage) => void = () => undefined;
  #onLost: (error: unknown) => void = () => undefined;
  #wantsWrite = false;
  #heard = 0;

  /** NairobiError HOST where there is no such bus. */
  constructor(kind: BusKind) {
    const open = kind === 'session' ? 'sd_bus_open_user' : 'sd_bus_open_system';
    const bus = this.#out((at) => this.#calls[open](at), `connect to the ${kind} bus`);
    this.#bus = bus;
  }

  /** Takes a well-known name; KernelError EEXIST when somebody has it. */
  own(name: string): void {
    const result = this.#calls.sd_bus_request_name(this.#bus, name, 0n) as number;
    checked(result, `take the name ${name} on the bus`);
  }

  /** Signals that match come in as messages from now on. */
  listen(match: string): void {
    const result = this.#calls.sd_bus_add_match(this.#bus, null, match, null, null) as number;
    checked(result, 'listen on the bus');
  }

  start(onMessage: (message: BusMessage) => void, onLost: (error: unknown) => void): void {
    this.#onMessage = onMessage;
    this.#onLost = onLost;
    const fd = checked(this.#calls.sd_bus_get_fd(this.#bus) as number, 'poll the bus') as Fd;
    this.#polling = pollSocket(fd, { readable: true, writable: false }, () => this.#turn());
    this.#turn();
  }

  close(): void {
    this.#polling?.stop();
    this.#polling = undefined;
    this.#calls.sd_bus_flush_close_unref(this.#bus);
  }

  /** Takes what has come in the meantime; true when there was something. */
  look(): boolean {
    const before = this.#heard;
    if (this.#polling !== undefined) this.#turn();
    return this.#heard > before || this.#polling === undefined;
  }

  #turn(): void {
    try {
      for (;;) {
        const slot = new BigUint64Array(1);
        const result = this.#calls.sd_bus_process(this.#bus, slot) as number;
        if (checked(result, 'read from the bus') === 0) break;
        const [message = 0n] = slot;
        if (message !== 0n) this.#hear(message);
        if (this.#polling === undefined) return;
      }
      this.#watch();
    } catch (error) {
      this.#polling?.stop();
      this.#polling = undefined;
      this.#onLost(error);
    }
  }

  /** What could not be written yet is written when there is room. */
  #watch(): void {
    const events = this.#calls.sd_bus_get_events(this.#bus) as number;
    const wantsWrite = events > 0 && (events & POLLOUT) !== 0;
    if (wantsWrite === this.#wantsWrite) return;
    this.#wantsWrite = wantsWrite;
    this.#polling?.change({ readable: true, writable: wantsWrite });
  }

  #hear(handle: Handle): void {
    this.#heard += 1;
    const type = new Uint8Array(1);
    this.#calls.sd_bus_message_get_type(handle, type);
    const kind = KINDS.get(type[0] ?? 0);
    if (kind === undefined) {
      this.#calls.sd_bus_message_unref(handle);
      return;
    }
    this.#onMessage(this.#message(handle, kind));
  }

  #message(handle: Handle, kind: BusMessage['kind']): BusMessage {
    const lib = this.#calls;
    const cookie = new BigUint64Array(1);
    lib.sd_bus_message_get_cookie(handle, cookie);
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    const signature = text(lib.sd_bus_message_get_signature(handle, 1));
    return {
      kind,
      cookie: Number(cookie[0]),
      path: text(lib.sd_bus_message_get_path(handle)),
      interface: text(lib.sd_bus_message_get_interface(handle)),
      member: text(lib.sd_bus_message_get_member(handle)),
      sender: text(lib.sd_bus_message_get_sender(handle)),
      signature,
      texts: () => (/^s*/.exec(signature)?.[0] ?? '').split('').map(() => this.#readText(handle)),
      descriptor: () => this.#readFd(handle),
      credentials: () => this.#credentials(handle),
      reply: (texts, fds) => {
        const write = (reply: Handle): void => {
          for (const each of texts) this.#appendText(reply, each);
          if (fds !== undefined) this.#appendFds(reply, fds);
        };
        this.#answer(handle, write);
      },
      replyVariant: (value) => {
        const variant = (reply: Handle, content: string): void =>
          this.#within(reply, 'v', 's', () => this.#appendText(reply, content));
        this.#answer(handle, (reply) => {
          if (typeof value === 'string') {
            variant(reply, value);
            return;
          }
          this.#within(reply, 'a', '{sv}', () => {
            for (const [name, content] of Object.entries(value)) {
              this.#within(reply, 'e', 'sv', () => {
                this.#appendText(reply, name);
                variant(reply, content);
              });
            }
          });
        });
      },
      fail: (name, message) => this.#fail(handle, name, message),
      done: () => {
        lib.sd_bus_message_unref(handle);
      },
    };
  }

  #readText(handle: Handle): string {
    const slot = new BigUint64Array(1);
    const result = this.#calls.sd_bus_message_read_basic(handle, S, slot) as number;
    checked(result, 'read an argument');
    return koffiModule().decode(slot, 'char *') as string;
  }

  #readFd(handle: Handle): Fd {
    const slot = new Int32Array(1);
    const result = this.#calls.sd_bus_message_read_basic(handle, H, slot) as number;
    checked(result, 'read a descriptor');
    return slot[0] as Fd;
  }

  #appendText(reply: Handle, text: string): void {
    const bytes = Buffer.from(`${text}\0`);
    checked(this.#calls.sd_bus_message_append_basic(reply, S, bytes) as number, 'write an answer');
  }

  /** The library keeps descriptors of its own. */
  #appendFds(reply: Handle, fds: readonly Fd[]): void {
    this.#within(reply, 'a', 'h', () => {
      for (const fd of fds) {
        const result = this.#calls.sd_bus_message_append_basic(reply, H, Int32Array.of(fd));
        checked(result as number, 'write a descriptor');
      }
    });
  }

  #within(reply: Handle, kind: string, contents: string, write: () => void): void {
    const lib = this.#calls;
    const opened = lib.sd_bus_message_open_container(reply, kind.charCodeAt(0), contents);
    checked(opened as number, 'write an answer');
    write();
    checked(lib.sd_bus_message_close_container(reply) as number, 'write an answer');
  }

  #answer(handle: Handle, write: (reply: Handle) => void): void {
    const lib = this.#calls;
    const reply = this.#out(
      (at) => lib.sd_bus_message_new_method_return(handle, at),
      'begin an answer',
    );
    try {
      write(reply);
      this.#send(reply);
    } finally {
      lib.sd_bus_message_unref(reply);
    }
  }

  #fail(handle: Handle, name: string, message: string): void {
    const lib = this.#calls;
    const texts = [Buffer.from(`${name}\0`), Buffer.from(`${message}\0`)];
    const address = (bytes: Buffer): bigint => BigInt(koffiModule().address(bytes));
    // struct sd_bus_error: name, message, an int that is 0 where both are the caller's.
    const error = BigUint64Array.of(...texts.map(address), 0n);
    const reply = this.#out(
      (at) => lib.sd_bus_message_new_method_error(handle, at, error),
      'begin an answer',
    );
    try {
      this.#send(reply);
    } finally {
      lib.sd_bus_message_unref(reply);
    }
  }

  #send(message: Handle): void {
    checked(this.#calls.sd_bus_send(this.#bus, message, null) as number, 'answer on the bus');
    this.#watch();
  }

  #credentials(handle: Handle): { uid: number; pid: number } {
    const lib = this.#calls;
    const mask = SD_BUS_CREDS_PID | SD_BUS_CREDS_EUID;
    const creds = this.#out(
      (at) => lib.sd_bus_query_sender_creds(handle, mask, at),
      'ask the bus who called',
    );
    try {
      const [uid, pid] = [new Uint32Array(1), new Uint32Array(1)];
      const known = lib.sd_bus_creds_get_euid(creds, uid) as number;
      checked(known, 'ask the bus who called');
      lib.sd_bus_creds_get_pid(creds, pid);
      return { uid: uid[0] ?? -1, pid: pid[0] ?? 0 };
    } finally {
      lib.sd_bus_creds_unref(creds);
    }
  }

  /** The pointer a call writes; throws what the call answers. */
  #out(call: (at: BigUint64Array) => unknown, doing: string): Handle {
    const slot = new BigUint64Array(1);
    checked(call(slot) as number, doing);
    return slot[0] ?? 0n;
  }
}

const S = 's'.charCodeAt(0);
const H = 'h'.charCodeAt(0);

const KINDS = new Map<number, BusMessage['kind']>([
  [SD_BUS_MESSAGE_METHOD_CALL, 'call'],
  [SD_BUS_MESSAGE_SIGNAL, 'signal'],
]);
