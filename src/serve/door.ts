/** What a way into the daemon has to do, and what it may ask. */
import type { JsonObject } from '../client/protocol.ts';
import type { Fd } from '../kernel/syscall.ts';

/** Who asks, as the kernel or the bus vouches for it. */
export interface Peer {
  readonly uid: number;
  readonly pid: number;
  /** For logs and Status: "socket" or "dbus". */
  readonly door: string;
}

export interface Call {
  readonly method: string;
  readonly params: JsonObject;
  /** Lent for the call: the door closes them afterwards. */
  readonly fds: readonly Fd[];
  /** Told when a worker is about to answer, where that takes long enough for it to be of use. */
  readonly onSoon?: () => void;
}

export interface Reply {
  /** The text of a JSON object. */
  readonly json: string;
  /** Sealed memfds; they are the door's to send and to close. */
  readonly fds: readonly Fd[];
  /** Follows the frame as it is. */
  readonly tail?: Uint8Array;
}

/** One connected peer: what it holds open, and what it has in flight. */
export interface Client {
  /** Answers a call; throws what goes wrong. `id` is the peer's own name for it, for Cancel. */
  call(id: number, call: Call): Promise<Reply>;
  /** The peer is gone: its requests are given up, its datasets let go. */
  gone(): void;
}

/** The daemon as a door sees it. */
export interface Dispatcher {
  /** True while workers compute: who looks for a call instead of sleeping is in their way. */
  readonly isBusy: boolean;
  /** A call of this method has come in and will be dispatched at once. */
  announce(method: string): void;
  /** NairobiError where the peer may not come in. */
  connected(peer: Peer): Client;
}

/** Opened once; closing it lets no new peer in and hangs up on those there are. */
export interface Door {
  /** Where it is, for people. */
  readonly address: string;
  close(): Promise<void>;
}
