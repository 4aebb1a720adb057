/** The Unix socket: frames of JSON, descriptors beside them. One protocol: docs/serve.md. */
import { lstatSync, rmSync } from 'node:fs';
import { FrameReader, frameOf } from '../client/frames.ts';
import { type JsonObject, PROTOCOL_VERSION } from '../client/protocol.ts';
import { prepareSocketFolder } from '../client/socket-path.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { close } from '../kernel/calls.ts';
import { ERRNO } from '../kernel/errno.ts';
import type { Fd } from '../kernel/syscall.ts';
import {
  acceptUnix,
  connectUnix,
  listenUnix,
  peerCredentials,
  peerGroups,
  UnixStream,
} from '../kernel/unix-socket.ts';
import type { Client, Dispatcher, Door, Reply } from './door.ts';
import { isBug, protocolError } from './failures.ts';
import { isObject } from './params.ts';

export interface SocketOptions {
  readonly path: string;
  readonly program: string;
  readonly log: (text: string) => void;
  /** What listens there: from claimSocket, or from systemd, which then removes it itself. */
  readonly listening: Fd;
  readonly isInherited: boolean;
}

const SOCKET_MODE = 0o600;
/** The kernel takes at most net.core.somaxconn. */
const BACKLOG = 4096;
const CONNECTIONS_MAX = 512;
const REQUEST_BYTES_MAX = 1024 * 1024;
/** Descriptors that came and that no frame has claimed yet. */
const FDS_MAX = 16;
/** What a client may leave unread before no more of its requests are taken. */
const UNREAD_BYTES_MAX = 64 * 1024 * 1024;

/** Listens at `path`, where connections wait from now on; LOCKED when another daemon does. */
export function claimSocket(path: string): Fd {
  clearAway(path);
  return listenUnix(path, SOCKET_MODE, BACKLOG);
}

export function openSocketDoor(dispatcher: Dispatcher, options: SocketOptions): Door {
  const { path, listening, isInherited, log } = options;
  const listener = new UnixStream(listening);
  const callers = new Set<Caller>();
  const welcome = (): void => {
    for (let fd = acceptUnix(listener.fd); fd >= 0; fd = acceptUnix(listener.fd)) {
      const stream = new UnixStream(fd as Fd);
      try {
        callers.add(admit(stream, dispatcher, options, callers));
      } catch (error) {
        log(`a connection was refused: ${messageOf(error)}`);
        refuse(stream, error);
      }
    }
  };
  listener.poll({ readable: true, writable: false }, welcome);
  return {
    address: path,
    close(): Promise<void> {
      listener.close();
      for (const caller of [...callers]) caller.hangUp();
      if (!isInherited) rmSync(path, { force: true });
      return Promise.resolve();
    },
  };
}

/** Removes the socket of a daemon that is gone. */
function clearAway(path: string): void {
  prepareSocketFolder(path);
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  const occupied = (what: string): NairobiError =>
    new NairobiError('LOCKED', what, {
      hint: 'stop that one, or pass another --socket',
      where: { file: path },
    });
  if (!found.isSocket()) throw occupied(`${path} is there and is no socket`);
  const answer = connectUnix(path);
  if (answer >= 0) close(answer as Fd);
  if (answer !== -ERRNO.ECONNREFUSED) throw occupied(`Another daemon listens at ${path}`);
  rmSync(path, { force: true });
}

function admit(
  stream: UnixStream,
  dispatcher: Dispatcher,
  { program }: SocketOptions,
  callers: Set<Caller>,
): Caller {
  const { uid, pid, gid } = peerCredentials(stream.fd);
  mayEnter(uid, [gid, ...(peerGroups(stream.fd) ?? [])]);
  if (callers.size >= CONNECTIONS_MAX) {
    throw new NairobiError('LOCKED', `${CONNECTIONS_MAX} clients are connected already`);
  }
  const client = dispatcher.connected({ uid, pid, door: 'socket' });
  return new Caller(stream, client, program, (caller) => callers.delete(caller));
}

/**
 * Only the user the daemon runs as, and root. A process of the same user may have fewer groups than
 * the daemon (a sandbox): it must not read through the daemon what it cannot read itself.
 */
function mayEnter(uid: number, groups: readonly number[]): void {
  const ours = process.geteuid?.() ?? -1;
  const refusal = (what: string): NairobiError =>
    new NairobiError('NOT_READABLE', what, { hint: 'run a daemon of your own: nairobi serve' });
  if (uid === 0) return;
  if (uid !== ours) throw refusal(`This daemon serves the user ${ours}, and you are ${uid}`);
  const missing = [process.getegid?.() ?? -1, ...(process.getgroups?.() ?? [])].find(
    (group) => !groups.includes(group),
  );
  if (missing !== undefined)
    throw refusal(`The daemon is in the group ${missing}, and you are not`);
}

/** Says why, if it can at once, and hangs up. */
function refuse(stream: UnixStream, error: unknown): void {
  try {
    stream.send(frameOf(JSON.stringify({ id: 0, error: protocolError(error) })));
  } catch {
    // It hung up first.
  }
  stream.close();
}

/** One connected client. */
class Caller {
  readonly #stream: UnixStream;
  readonly #client: Client;
  readonly #program: string;
  readonly #onGone: (caller: Caller) => void;
  readonly #frames = new FrameReader(REQUEST_BYTES_MAX);
  /** Descriptors that arrived, in order. */
  readonly #fds: Fd[] = [];
  readonly #unsent: { bytes: Buffer; fds: readonly Fd[] }[] = [];
  #unsentBytes = 0;
  #greeted = false;

  constructor(
    stream: UnixStream,
    client: Client,
    program: string,
    onGone: (caller: Caller) => void,
  ) {
    this.#stream = stream;
    this.#client = client;
    this.#program = program;
    this.#onGone = onGone;
    stream.poll({ readable: true, writable: false }, () => this.#turn());
  }

  hangUp(): void {
    if (!this.#stream.isOpen) return;
    this.#stream.close();
    for (const fd of this.#fds.splice(0)) close(fd);
    for (const { fds } of this.#unsent.splice(0)) closeAll(fds);
    this.#client.gone();
    this.#onGone(this);
  }

  #turn(): void {
    try {
      this.#flush();
      if (this.#unsentBytes > UNREAD_BYTES_MAX) return;
      const received = this.#stream.receive();
      if (received === undefined) return;
      if (received === null) {
        this.hangUp();
        return;
      }
      this.#fds.push(...received.fds);
      if (this.#fds.length > FDS_MAX) throw new NairobiError('USAGE', 'Too many descriptors');
      for (const body of this.#frames.take(received.bytes)) this.#hear(body);
    } catch (error) {
      this.#dismiss(error);
    }
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
    const fds = this.#fds.splice(0, count as number);
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
    const ours = { protocol: PROTOCOL_VERSION, program: this.#program };
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
    closeAll(fds);
    if (!this.#stream.isOpen) {
      closeAll(reply.fds);
      return;
    }
    try {
      this.#send(reply);
    } catch {
      this.hangUp();
    }
  }

  /** The descriptors are closed here once they are with the kernel. */
  #send({ json, fds, tail }: Reply): void {
    const bytes = frameOf(json);
    this.#unsent.push({ bytes, fds });
    this.#unsentBytes += bytes.length + (tail?.length ?? 0);
    if (tail !== undefined && tail.length > 0) {
      this.#unsent.push({ bytes: Buffer.from(tail.buffer, tail.byteOffset, tail.length), fds: [] });
    }
    this.#flush();
  }

  #flush(): void {
    const before = this.#unsent.length;
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const sent = this.#stream.send(next.bytes, next.fds);
      this.#unsentBytes -= sent;
      if (sent > 0) closeAll(next.fds);
      if (sent < next.bytes.length) {
        if (sent > 0) this.#unsent[0] = { bytes: next.bytes.subarray(sent), fds: [] };
        break;
      }
      this.#unsent.shift();
    }
    const writable = this.#unsent.length > 0;
    if (!writable && before <= 1) return;
    // Who does not read its answers is not listened to either.
    const readable = this.#unsentBytes <= UNREAD_BYTES_MAX;
    this.#stream.poll({ readable, writable }, () => this.#turn());
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
