/**
 * Unix stream sockets with descriptors beside the bytes (SCM_RIGHTS), which Node's own sockets
 * cannot pass. See unix(7), cmsg(3).
 */
import { SOCKET, SYS } from './constants.ts';
import { checked, ERRNO, KernelError } from './errno.ts';
import { IOVEC, MSGHDR } from './layout.ts';
import { type Address, type Fd, lend, pollSocket, type SocketPolling, syscall } from './syscall.ts';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = SOCKET;
const STREAM = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

/** sun_path with its terminating zero. */
export const SOCKET_PATH_BYTES = 108;

/** As many as one message may carry (SCM_MAX_FD is 253; nobody here needs more than a few). */
const FDS_MAX = 64;
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
  readonly #header = Buffer.alloc(MSGHDR.size);
  readonly #vector = Buffer.alloc(IOVEC.size);
  readonly #control = Buffer.alloc(CMSG_HEADER_BYTES + FDS_MAX * 4);
  readonly #headerAt: Address;
  readonly #controlAt: Address;
  #polling: SocketPolling | undefined;
  #open = true;

  constructor(fd: Fd) {
    this.fd = fd;
    this.#headerAt = addressOf(this.#header);
    this.#controlAt = addressOf(this.#control);
    const { iov, iovLength } = MSGHDR.fields;
    this.#header.writeBigUInt64LE(addressOf(this.#vector), iov.at);
    this.#header.writeBigUInt64LE(1n, iovLength.at);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  receive(): Received | undefined | null {
    this.#prepare(incomingAt(), READ_BYTES, this.#control.length);
    const flags = SOCKET.MSG_DONTWAIT | SOCKET.MSG_CMSG_CLOEXEC;
    const count = syscall(SYS.recvmsg, this.fd, this.#headerAt, flags);
    if (count === -ERRNO.EAGAIN || count === -ERRNO.EINTR) return undefined;
    checked(count, 'receive from a client');
    const fds = this.#rights();
    if (count === 0) return null;
    return { bytes: incoming().subarray(0, count), fds };
  }

  /** The descriptors go with the first byte. */
  send(bytes: Uint8Array, fds: readonly Fd[] = []): number {
    if (fds.length > 0) {
      const length = CMSG_HEADER_BYTES + fds.length * 4;
      this.#control.writeBigUInt64LE(BigInt(length), 0);
      this.#control.writeInt32LE(SOCKET.SOL_SOCKET, 8);
      this.#control.writeInt32LE(SOCKET.SCM_RIGHTS, 12);
      for (const [i, fd] of fds.entries()) {
        this.#control.writeInt32LE(fd, CMSG_HEADER_BYTES + i * 4);
      }
    }
    const room = fds.length === 0 ? 0 : CMSG_HEADER_BYTES + Math.ceil(fds.length / 2) * 8;
    const sent = lend(bytes, (at) => {
      this.#prepare(at, bytes.length, room);
      return syscall(
        SYS.sendmsg,
        this.fd,
        this.#headerAt,
        SOCKET.MSG_DONTWAIT | SOCKET.MSG_NOSIGNAL,
      );
    });
    if (sent === -ERRNO.EAGAIN || sent === -ERRNO.EINTR) return 0;
    return checked(sent, 'send to a client');
  }

  /** Calls back while there is something to read or, when asked for, room to write. */
  poll(events: { readable: boolean; writable: boolean }, callback: () => void): void {
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

  #prepare(at: Address, length: number, controlLength: number): void {
    this.#vector.writeBigUInt64LE(at, 0);
    this.#vector.writeBigUInt64LE(BigInt(length), 8);
    const { control, controlLength: room, flags } = MSGHDR.fields;
    this.#header.writeBigUInt64LE(controlLength === 0 ? 0n : this.#controlAt, control.at);
    this.#header.writeBigUInt64LE(BigInt(controlLength), room.at);
    this.#header.writeInt32LE(0, flags.at);
  }

  /** The kernel has installed them already: what is received has to be closed by somebody. */
  #rights(): Fd[] {
    const room = Number(this.#header.readBigUInt64LE(MSGHDR.fields.controlLength.at));
    const fds: Fd[] = [];
    for (let at = 0; at + CMSG_HEADER_BYTES <= room; ) {
      const length = Number(this.#control.readBigUInt64LE(at));
      const isRights = this.#control.readInt32LE(at + 12) === SOCKET.SCM_RIGHTS;
      for (let i = CMSG_HEADER_BYTES; isRights && i + 4 <= length; i += 4) {
        fds.push(this.#control.readInt32LE(at + i) as Fd);
      }
      at += Math.max(CMSG_HEADER_BYTES, Math.ceil(length / 8) * 8);
    }
    return fds;
  }
}

const addressOf = (view: NodeJS.ArrayBufferView): Address => lend(view, (at) => at);

/** One for all streams of a thread: what was received is used before anything else is read. */
let block: { readonly bytes: Buffer; readonly at: Address } | undefined;

function shared(): { readonly bytes: Buffer; readonly at: Address } {
  if (block === undefined) {
    const bytes = Buffer.allocUnsafeSlow(READ_BYTES);
    block = { bytes, at: addressOf(bytes) };
  }
  return block;
}

const incoming = (): Buffer => shared().bytes;
const incomingAt = (): Address => shared().at;
