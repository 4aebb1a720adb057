/**
 * Unix stream sockets with descriptors beside the bytes (SCM_RIGHTS), which Node's own sockets
 * cannot pass. See unix(7), cmsg(3).
 */
import { SOCKET, SYS } from './constants.ts';
import { checked, ERRNO, KernelError } from './errno.ts';
import { closeForeign } from './foreign.ts';
import { IOVEC, MSGHDR } from './layout.ts';
import {
  type Address,
  addressOf,
  type Fd,
  lend,
  pollSocket,
  type SocketPolling,
  syscall,
} from './syscall.ts';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = SOCKET;
const STREAM = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

/** sun_path with its terminating zero. */
export const SOCKET_PATH_BYTES = 108;

/** As many as one message may carry (SCM_MAX_FD): those without room would be closed on receipt. */
const FDS_MAX = 253;
const CMSG_HEADER_BYTES = 16;
const READ_BYTES = 256 * 1024;

const socketName = (path: string): Buffer => {
  const text = Buffer.from(`${path}\0`);
  if (text.length > SOCKET_PATH_BYTES) throw new KernelError(36, `use the socket ${path}`);
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, text]);
};

const openSocket = (): Fd =>
  checked(syscall(SYS.socket, AF_UNIX, STREAM, 0), 'open a socket') as Fd;

/**
 * Listens at `path`, which must not exist. The mode is that of the socket from the first moment:
 * bind(2) takes it from the descriptor, less the umask.
 */
export function listenUnix(path: string, mode: number, backlog: number): Fd {
  const name = socketName(path);
  const fd = openSocket();
  syscall(SYS.fchmod, fd, mode);
  const bound = lend(name, (at) => syscall(SYS.bind, fd, at, name.length));
  const listening = bound < 0 ? bound : syscall(SYS.listen, fd, backlog);
  if (listening < 0) syscall(SYS.close, fd);
  checked(listening, `listen at ${path}`, { file: path });
  return fd;
}

/** A connected socket, or -errno: ENOENT and ECONNREFUSED say that nobody listens. */
export function connectUnix(path: string): number {
  const name = socketName(path);
  const fd = openSocket();
  const connected = lend(name, (at) => syscall(SYS.connect, fd, at, name.length));
  if (connected === 0) return fd;
  syscall(SYS.close, fd);
  return connected;
}

/** Two ends of one stream. The second is for another program: it blocks, and survives no exec. */
export function socketPair(): readonly [Fd, Fd] {
  const ends = new Int32Array(2);
  const made = lend(ends, (at) =>
    syscall(SYS.socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, at),
  );
  checked(made, 'make a pair of sockets');
  return [ends[0] as Fd, ends[1] as Fd];
}

/** The next connection, or -errno (EAGAIN: none waits). */
export const acceptUnix = (fd: Fd): number =>
  syscall(SYS.accept4, fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC);

export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const getOption = (fd: Fd, option: number, into: Uint32Array): number => {
  const length = Uint32Array.of(into.byteLength);
  const result = lend(into, (at) =>
    lend(length, (size) => syscall(SYS.getsockopt, fd, SOCKET.SOL_SOCKET, option, at, size)),
  );
  return result < 0 ? result : (length[0] ?? 0);
};

/** Who connected, as the kernel noted it then. */
export function peerCredentials(fd: Fd): Credentials {
  const [pid, uid, gid] = ((values: Uint32Array): Uint32Array => {
    checked(getOption(fd, SOCKET.SO_PEERCRED, values), 'ask who connected');
    return values;
  })(new Uint32Array(3));
  return { pid: pid ?? 0, uid: uid ?? 0, gid: gid ?? 0 };
}

/** The supplementary groups of who connected; undefined where the kernel does not tell. */
export function peerGroups(fd: Fd): readonly number[] | undefined {
  const groups = new Uint32Array(65_536);
  const bytes = getOption(fd, SOCKET.SO_PEERGROUPS, groups);
  return bytes < 0 ? undefined : [...groups.subarray(0, bytes / 4)];
}

export interface Received {
  /** Valid until the next receive. */
  readonly bytes: Buffer;
  readonly fds: readonly Fd[];
}

/**
 * One connected stream. Not blocking: `receive` gives undefined when nothing is there and null at
 * the end; `send` gives how many bytes were taken. Both throw KernelError when the peer is gone.
 */
export class UnixStream {
  readonly fd: Fd;
  #polling: SocketPolling | undefined;
  #open = true;

  constructor(fd: Fd) {
    this.fd = fd;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  receive(): Received | undefined | null {
    incoming ??= new Incoming();
    const count = incoming.receive(this.fd);
    if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return undefined;
    checked(count, 'receive from a client');
    const fds = incoming.rights();
    if (count === 0) return null;
    return { bytes: incoming.bytes.subarray(0, count), fds };
  }

  /** The descriptors go with the first byte. */
  send(bytes: Uint8Array, fds: readonly Fd[] = []): number {
    outgoing ??= new Outgoing();
    const sent =
      fds.length === 0 ? outgoing.send(this.fd, bytes) : outgoing.sendWith(this.fd, bytes, fds);
    if (sent === -ERRNO.EAGAIN || sent === -ERRNO.EINTR) return 0;
    return checked(sent, 'send to a client');
  }

  /**
   * Calls back while there is something to read or, when asked for, room to write. `isLast`: the
   * event loop saw an error and stops waiting (libuv, uv__poll_io); what was sent is still there.
   */
  poll(
    events: { readable: boolean; writable: boolean },
    callback: (isLast: boolean) => void,
  ): void {
    if (this.#polling === undefined) this.#polling = pollSocket(this.fd, events, callback);
    else this.#polling.change(events);
  }

  /** The program may end although this is open. */
  unref(): void {
    this.#polling?.unref();
  }

  ref(): void {
    this.#polling?.ref();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#polling?.stop();
    syscall(SYS.close, this.fd);
  }

  /** Closes it, and before that the descriptors that came and nobody took: see closeForeign. */
  closeForeign(): void {
    if (!this.#open) return;
    // Nothing more can come; what is there can be taken still.
    syscall(SYS.shutdown, this.fd, SOCKET.SHUT_RDWR);
    incoming ??= new Incoming();
    while (incoming.receive(this.fd) > 0) for (const fd of incoming.rights()) closeForeign(fd);
    this.close();
  }
}

const { iov, iovLength, control, controlLength } = MSGHDR.fields;
const CONTROL_BYTES = CMSG_HEADER_BYTES + FDS_MAX * 4;
const NO_FDS: readonly Fd[] = [];

/** What sendmsg and recvmsg take: bytes and, beside them, room for descriptors. */
class Message {
  readonly vector = Buffer.alloc(IOVEC.size);
  readonly control = Buffer.alloc(CONTROL_BYTES);
  readonly header = Buffer.alloc(MSGHDR.size);
  /** None of them moves, and all live as long as this. */
  readonly at = Number(addressOf(this.header));

  constructor() {
    this.header.writeBigUInt64LE(addressOf(this.vector), iov.at);
    this.header.writeBigUInt64LE(1n, iovLength.at);
    this.header.writeBigUInt64LE(addressOf(this.control), control.at);
  }

  /** The bytes it is about. */
  over(at: Address, length: number): this {
    this.vector.writeBigUInt64LE(at, 0);
    this.vector.writeBigUInt64LE(BigInt(length), 8);
    return this;
  }
}

/** One for all streams of a thread: what was received is used before anything else is read. */
class Incoming {
  readonly bytes = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #message = new Message().over(addressOf(this.bytes), READ_BYTES);

  receive(fd: Fd): number {
    this.#message.header.writeUInt32LE(CONTROL_BYTES, controlLength.at);
    const flags = SOCKET.MSG_DONTWAIT | SOCKET.MSG_CMSG_CLOEXEC;
    return syscall(SYS.recvmsg, fd, this.#message.at, flags);
  }

  /** The kernel has installed them already: what is received has to be closed by somebody. */
  rights(): readonly Fd[] {
    const { header, control: received } = this.#message;
    const room = header.readUInt32LE(controlLength.at);
    if (room === 0) return NO_FDS;
    const fds: Fd[] = [];
    for (let at = 0; at + CMSG_HEADER_BYTES <= room; ) {
      const length = Number(received.readBigUInt64LE(at));
      const isRights = received.readInt32LE(at + 12) === SOCKET.SCM_RIGHTS;
      for (let i = CMSG_HEADER_BYTES; isRights && i + 4 <= length; i += 4) {
        fds.push(received.readInt32LE(at + i) as Fd);
      }
      at += Math.max(CMSG_HEADER_BYTES, Math.ceil(length / 8) * 8);
    }
    return fds;
  }
}

const SEND_FLAGS = SOCKET.MSG_DONTWAIT | SOCKET.MSG_NOSIGNAL;
/** Up to here, copying costs less than asking where the bytes are. */
const COPIED_BYTES_MAX = 4096;

/** The same for what is sent, which is with the kernel when the call is over. */
class Outgoing {
  readonly #bytes = Buffer.allocUnsafeSlow(COPIED_BYTES_MAX);
  readonly #bytesAt = Number(addressOf(this.#bytes));
  readonly #message = new Message();

  send(fd: Fd, bytes: Uint8Array): number {
    const { length } = bytes;
    if (length > COPIED_BYTES_MAX) {
      return lend(bytes, (at) => syscall(SYS.sendto, fd, at, length, SEND_FLAGS));
    }
    this.#bytes.set(bytes);
    return syscall(SYS.sendto, fd, this.#bytesAt, length, SEND_FLAGS);
  }

  sendWith(fd: Fd, bytes: Uint8Array, fds: readonly Fd[]): number {
    const { header, control: rights, at: headerAt } = this.#message;
    rights.writeBigUInt64LE(BigInt(CMSG_HEADER_BYTES + fds.length * 4), 0);
    rights.writeInt32LE(SOCKET.SOL_SOCKET, 8);
    rights.writeInt32LE(SOCKET.SCM_RIGHTS, 12);
    for (const [i, each] of fds.entries()) rights.writeInt32LE(each, CMSG_HEADER_BYTES + i * 4);
    const room = CMSG_HEADER_BYTES + Math.ceil(fds.length / 2) * 8;
    header.writeUInt32LE(room, controlLength.at);
    return lend(bytes, (at) => {
      this.#message.over(at, bytes.length);
      return syscall(SYS.sendmsg, fd, headerAt, SEND_FLAGS);
    });
  }
}

let incoming: Incoming | undefined;
let outgoing: Outgoing | undefined;
