/**
 * Datagram sockets as the kernel has them: many datagrams a call, the count of those it dropped.
 * Node's dgram takes one a call and lost 16-20 % of 200,000 a second (measured); recvmmsg none.
 */

import { SYS } from './constants.ts';
import { checked } from './errno.ts';
import { type Address, type Fd, lend, syscall } from './syscall.ts';

const AF = { UNIX: 1, INET: 2, INET6: 10 } as const;
const SOCK = { DGRAM: 2, CLOEXEC: 0o2000000 } as const;
const SOL_SOCKET = 1;
const SO = { RCVBUF: 8, RCVTIMEO: 20, RCVBUFFORCE: 33, MEMINFO: 55 } as const;
/** linux/sock_diag.h: the index of the drop counter in what SO_MEMINFO gives. */
const SK_MEMINFO = { RCVBUF: 1, DROPS: 8, VARS: 9 } as const;
const MSG_WAITFORONE = 0x10000;
const MSG_TRUNC = 0x20;

/** struct mmsghdr: a msghdr of 56 bytes, the length received, padding. */
const MMSGHDR = { size: 64, iov: 16, iovlen: 24, flags: 48, length: 56 } as const;
const IOVEC = { size: 16, length: 8 } as const;

export interface BoundSocket {
  readonly fd: Fd;
  readonly port: number;
  /** Bytes the kernel keeps for us, as it counts them. */
  readonly bufferBytes: number;
}

/** A UDP socket on an IPv4 or IPv6 address, with as large a buffer as we may have. */
export function bindUdp(address: Uint8Array, port: number, bufferBytes: number): BoundSocket {
  const isV6 = address.length === 16;
  const family = isV6 ? AF.INET6 : AF.INET;
  const fd = checked(
    syscall(SYS.socket, family, SOCK.DGRAM | SOCK.CLOEXEC, 0),
    'open a socket',
  ) as Fd;
  const wanted = int32(bufferBytes);
  // Without CAP_NET_ADMIN the limit is net.core.rmem_max.
  if (setOption(fd, SO.RCVBUFFORCE, wanted) < 0) setOption(fd, SO.RCVBUF, wanted);
  const timeout = Buffer.alloc(16);
  timeout.writeBigInt64LE(100_000n, 8);
  setOption(fd, SO.RCVTIMEO, timeout);
  const name = socketName(family, address, port);
  const bound = lend(name, (at) => syscall(SYS.bind, fd, at, name.length));
  if (bound < 0) syscall(SYS.close, fd);
  checked(bound, `listen on UDP port ${port}`);
  const length = int32(name.length);
  lend(name, (at) => lend(length, (size) => syscall(SYS.getsockname, fd, at, size)));
  return { fd, port: name.readUInt16BE(2), bufferBytes: memInfo(fd)[SK_MEMINFO.RCVBUF] ?? 0 };
}

function socketName(family: number, address: Uint8Array, port: number): Buffer {
  const name = Buffer.alloc(family === AF.INET6 ? 28 : 16);
  name.writeUInt16LE(family, 0);
  name.writeUInt16BE(port, 2);
  name.set(address, family === AF.INET6 ? 8 : 4);
  return name;
}

function int32(value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeInt32LE(value);
  return data;
}

const setOption = (fd: Fd, option: number, value: Buffer): number =>
  lend(value, (at) => syscall(SYS.setsockopt, fd, SOL_SOCKET, option, at, value.length));

function memInfo(fd: Fd): Uint32Array {
  const info = new Uint32Array(SK_MEMINFO.VARS);
  const length = int32(info.byteLength);
  lend(info, (at) =>
    lend(length, (size) => syscall(SYS.getsockopt, fd, SOL_SOCKET, SO.MEMINFO, at, size)),
  );
  return info;
}

/** Datagrams the kernel dropped because nobody took them in time. */
export const droppedDatagrams = (fd: Fd): number => memInfo(fd)[SK_MEMINFO.DROPS] ?? 0;

/** Receives up to `count` datagrams a call into one block, `size` bytes apart. */
export class DatagramVector {
  readonly #headers: Buffer;
  readonly #vectors: Buffer;
  readonly #data: Buffer;
  readonly #size: number;
  readonly #count: number;

  constructor(count: number, size: number, addressOf: (view: Uint8Array) => Address) {
    this.#count = count;
    this.#size = size;
    this.#headers = Buffer.alloc(count * MMSGHDR.size);
    this.#vectors = Buffer.alloc(count * IOVEC.size);
    this.#data = Buffer.allocUnsafeSlow(count * size);
    const vectors = addressOf(this.#vectors);
    const data = addressOf(this.#data);
    for (let index = 0; index < count; index += 1) {
      this.#vectors.writeBigUInt64LE(data + BigInt(index * size), index * IOVEC.size);
      this.#vectors.writeBigUInt64LE(BigInt(size), index * IOVEC.size + IOVEC.length);
      const header = index * MMSGHDR.size;
      this.#headers.writeBigUInt64LE(vectors + BigInt(index * IOVEC.size), header + MMSGHDR.iov);
      this.#headers.writeBigUInt64LE(1n, header + MMSGHDR.iovlen);
    }
  }

  /** Waits for one datagram and takes what is there; the number, or -errno (EAGAIN: none came). */
  receive(fd: Fd): number {
    return lend(this.#headers, (at) =>
      syscall(SYS.recvmmsg, fd, at, this.#count, MSG_WAITFORONE, 0),
    );
  }

  /** The bytes of the datagram at `index`, until the next receive. */
  datagram(index: number): Buffer {
    const length = this.#headers.readUInt32LE(index * MMSGHDR.size + MMSGHDR.length);
    return this.#data.subarray(index * this.#size, index * this.#size + length);
  }

  /** True when the datagram was longer than its place. */
  isCut(index: number): boolean {
    return (this.#headers.readInt32LE(index * MMSGHDR.size + MMSGHDR.flags) & MSG_TRUNC) !== 0;
  }
}

/** Sends one datagram to a Unix socket; a name that begins with "@" is abstract. */
export function sendToUnix(path: string, text: string): void {
  const fd = checked(
    syscall(SYS.socket, AF.UNIX, SOCK.DGRAM | SOCK.CLOEXEC, 0),
    'open a socket',
  ) as Fd;
  const name = Buffer.concat([
    Buffer.from([AF.UNIX, 0]),
    Buffer.from(path.replace(/^@/, '\0')),
    Buffer.from(path.startsWith('@') ? '' : '\0'),
  ]);
  const data = Buffer.from(text);
  const sent = lend(name, (to) =>
    lend(data, (at) => syscall(SYS.sendto, fd, at, data.length, 0, to, name.length)),
  );
  syscall(SYS.close, fd);
  checked(sent, `notify ${path}`);
}
