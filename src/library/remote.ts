/** A connection to a daemon as a transport. */
import { fstatSync, readSync } from 'node:fs';
import { Connection } from '../client/connection.ts';
import type { JsonObject, Method } from '../client/protocol.ts';
import { close } from '../kernel/calls.ts';
import type { Fd } from '../kernel/syscall.ts';
import type { Answer, Transport } from './transport.ts';

/** HOST when no daemon listens there. */
export const openRemote = (socket?: string): Transport =>
  new RemoteTransport(Connection.open(socket, 'nairobi-library'));

class RemoteTransport implements Transport {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async call(method: Method, params: JsonObject): Promise<Answer> {
    const { result, fds } = await this.#connection.request(method, params);
    const contents = fds.map(contentOf);
    return { result, bytes: (index) => contents[index] ?? new Uint8Array(0) };
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }
}

/** All bytes of a sealed file, whose size cannot change, and closes it. */
function contentOf(fd: Fd): Uint8Array {
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(fd).size);
    let at = 0;
    while (at < bytes.length) at += readSync(fd, bytes, at, bytes.length - at, at);
    return bytes;
  } finally {
    close(fd);
  }
}
