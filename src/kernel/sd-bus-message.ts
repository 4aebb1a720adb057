/** One message of a D-Bus: what it says, and its answer. See sd_bus_message_new(3) and its kin. */
import { checked } from './errno.ts';
import { type BusCalls, type Handle, outOf } from './sd-bus-calls.ts';
import { type Fd, koffiModule } from './syscall.ts';

const SD_BUS_CREDS_PID = 1n << 0n;
const SD_BUS_CREDS_EUID = 1n << 4n;
const SD_BUS_MESSAGE_METHOD_CALL = 1;
const SD_BUS_MESSAGE_SIGNAL = 4;

const KINDS = new Map<number, 'call' | 'signal'>([
  [SD_BUS_MESSAGE_METHOD_CALL, 'call'],
  [SD_BUS_MESSAGE_SIGNAL, 'signal'],
]);

/** What a message needs of the connection it came by. */
export interface Way {
  readonly calls: BusCalls;
  send(message: Handle): void;
  /** The bus will soon have something to do. */
  wake(): void;
}

/** A call to answer, or a signal; undefined for what is neither, such as an answer. */
export function receivedMessage(way: Way, handle: Handle): BusMessage | undefined {
  const type = new Uint8Array(1);
  way.calls.sd_bus_message_get_type(handle, type);
  const kind = KINDS.get(type[0] ?? 0);
  return kind === undefined ? undefined : new BusMessage(way, handle, kind);
}

export class BusMessage {
  readonly kind: 'call' | 'signal';
  readonly cookie: number;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** The unique name of who sent it. */
  readonly sender: string;
  /** Types of the arguments, such as "s". */
  readonly signature: string;
  readonly #way: Way;
  readonly #calls: BusCalls;
  readonly #handle: Handle;
  /** An answer without contents, made beforehand. */
  #prepared: Handle | undefined;
  #isDone = false;

  constructor(way: Way, handle: Handle, kind: BusMessage['kind']) {
    const lib = way.calls;
    this.#way = way;
    this.#calls = lib;
    this.#handle = handle;
    this.kind = kind;
    const cookie = new BigUint64Array(1);
    lib.sd_bus_message_get_cookie(handle, cookie);
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    this.cookie = Number(cookie[0]);
    this.path = text(lib.sd_bus_message_get_path(handle));
    this.interface = text(lib.sd_bus_message_get_interface(handle));
    this.member = text(lib.sd_bus_message_get_member(handle));
    this.sender = text(lib.sd_bus_message_get_sender(handle));
    this.signature = text(lib.sd_bus_message_get_signature(handle, 1));
  }

  /** The arguments while they are texts, in order. */
  texts(): readonly string[] {
    const texts: string[] = [];
    while (this.signature[texts.length] === 's') texts.push(this.#readText());
    return texts;
  }

  /** One of type h that follows them; the message's own, until `done`. */
  descriptor(): Fd {
    const slot = new Int32Array(1);
    const result = this.#calls.sd_bus_message_read_basic(this.#handle, H, slot) as number;
    checked(result, 'read a descriptor');
    return slot[0] as Fd;
  }

  /** Who sent it, as the bus vouches for it; one round trip to the bus. */
  credentials(): { readonly uid: number; readonly pid: number } {
    const lib = this.#calls;
    const mask = SD_BUS_CREDS_PID | SD_BUS_CREDS_EUID;
    const creds = outOf(
      (at) => lib.sd_bus_query_sender_creds(this.#handle, mask, at),
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

  /** It will be answered soon: what can be done before the answer is there. */
  prepare(): void {
    if (this.#isDone || this.#prepared !== undefined) return;
    this.#prepared = this.#begin();
    this.#way.wake();
  }

  /** Arguments of type s, then, when `fds` is given, one of type ah; the caller closes the fds. */
  reply(texts: readonly string[], fds?: readonly Fd[]): void {
    const reply = this.#prepared ?? this.#begin();
    this.#prepared = undefined;
    this.#fill(reply, () => {
      for (const each of texts) this.#appendText(reply, each);
      if (fds !== undefined) this.#appendFds(reply, fds);
    });
  }

  /** One argument of type v that holds a text, or a{sv} of texts. */
  replyVariant(value: string | Readonly<Record<string, string>>): void {
    const reply = this.#begin();
    const variant = (content: string): void =>
      this.#within(reply, 'v', 's', () => this.#appendText(reply, content));
    const entry = (name: string, content: string): void =>
      this.#within(reply, 'e', 'sv', () => {
        this.#appendText(reply, name);
        variant(content);
      });
    this.#fill(reply, () => {
      if (typeof value === 'string') variant(value);
      else {
        this.#within(reply, 'a', '{sv}', () => {
          for (const [name, content] of Object.entries(value)) entry(name, content);
        });
      }
    });
  }

  /** `name` is that of a D-Bus error. */
  fail(name: string, message: string): void {
    const lib = this.#calls;
    const texts = [Buffer.from(`${name}\0`), Buffer.from(`${message}\0`)];
    const address = (bytes: Buffer): bigint => BigInt(koffiModule().address(bytes));
    // struct sd_bus_error: name, message, an int that is 0 where both are the caller's.
    const error = BigUint64Array.of(...texts.map(address), 0n);
    const reply = outOf(
      (at) => lib.sd_bus_message_new_method_error(this.#handle, at, error),
      'begin an answer',
    );
    try {
      this.#way.send(reply);
    } finally {
      lib.sd_bus_message_unref(reply);
    }
  }

  /** To be called once, when it is answered or left alone. */
  done(): void {
    this.#isDone = true;
    if (this.#prepared !== undefined) this.#calls.sd_bus_message_unref(this.#prepared);
    this.#prepared = undefined;
    this.#calls.sd_bus_message_unref(this.#handle);
  }

  #readText(): string {
    const slot = new BigUint64Array(1);
    const result = this.#calls.sd_bus_message_read_basic(this.#handle, S, slot) as number;
    checked(result, 'read an argument');
    return koffiModule().decode(slot, 'char *') as string;
  }

  /** An answer to fill and send. */
  #begin(): Handle {
    const begin = this.#calls.sd_bus_message_new_method_return;
    return outOf((at) => begin(this.#handle, at), 'begin an answer');
  }

  #fill(reply: Handle, write: () => void): void {
    try {
      write();
      this.#way.send(reply);
    } finally {
      this.#calls.sd_bus_message_unref(reply);
    }
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
}

const S = 's'.charCodeAt(0);
const H = 'h'.charCodeAt(0);
