/** D-Bus through libsystemd's sd-bus, which every distribution with systemd has: see sd-bus(3). */
import { checked } from './errno.ts';
import { busCalls, type Handle, outOf } from './sd-bus-calls.ts';
import { type BusMessage, receivedMessage, type Way } from './sd-bus-message.ts';
import { type Fd, pollSocket, type SocketPolling } from './syscall.ts';

export type BusKind = 'session' | 'system';

const POLLOUT = 4;

/** A connection to a bus. Not blocking, but for the first moments and `credentials`. */
export class Bus {
  readonly #calls = busCalls();
  readonly #bus: Handle;
  readonly #way: Way = {
    calls: this.#calls,
    send: (message) => this.#send(message),
    wake: () => this.#wake(),
  };
  #polling: SocketPolling | undefined;
  #onMessage: (message: BusMessage) => void = () => undefined;
  #onLost: (error: unknown) => void = () => undefined;
  #wantsWrite = false;
  #heard = 0;

  /** NairobiError HOST where there is no such bus. */
  constructor(kind: BusKind) {
    const open = kind === 'session' ? 'sd_bus_open_user' : 'sd_bus_open_system';
    const bus = outOf((at) => this.#calls[open](at), `connect to the ${kind} bus`);
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
    const message = receivedMessage(this.#way, handle);
    if (message === undefined) this.#calls.sd_bus_message_unref(handle);
    else this.#onMessage(message);
  }

  /**
   * The bus gets a call to itself that it does not answer: after a pause it takes 100 µs to wake
   * up, and does so while the answer for it is still being made.
   */
  #wake(): void {
    const lib = this.#calls;
    const [name, path, member] = PING;
    const ping = outOf(
      (at) => lib.sd_bus_message_new_method_call(this.#bus, at, name, path, PEER, member),
      'begin a call',
    );
    try {
      checked(lib.sd_bus_message_set_expect_reply(ping, 0) as number, 'begin a call');
      // Where the bus is gone, the answer will say so.
      lib.sd_bus_send(this.#bus, ping, null);
    } finally {
      lib.sd_bus_message_unref(ping);
    }
  }

  #send(message: Handle): void {
    checked(this.#calls.sd_bus_send(this.#bus, message, null) as number, 'answer on the bus');
    this.#watch();
  }
}

/** What everything on a bus answers, the bus too. */
const PEER = 'org.freedesktop.DBus.Peer';
const PING = ['org.freedesktop.DBus', '/org/freedesktop/DBus', 'Ping'] as const;
