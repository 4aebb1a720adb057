/** The Unix socket: frames of JSON, descriptors beside them. One protocol: docs/serve.md. */
import { lstatSync, rmSync } from 'node:fs';
import { frameOf } from '../client/frames.ts';
import { prepareSocketFolder } from '../client/socket-path.ts';
import { Spin } from '../client/spin.ts';
import { messageOf, NairobiError } from '../errors.ts';
import { close } from '../kernel/calls.ts';
import { ERRNO } from '../kernel/errno.ts';
import type { Fd } from '../kernel/syscall.ts';
import {
  acceptUnix,
  type Credentials,
  connectUnix,
  listenUnix,
  peerCredentials,
  peerGroups,
  UnixStream,
} from '../kernel/unix-socket.ts';
import { Caller } from './caller.ts';
import type { Dispatcher, Door } from './door.ts';
import { protocolError } from './failures.ts';

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
/** Of these, what one process may have: it locks nobody else out. */
const PROCESS_SHARE = 0.5;
/** When all are taken, who has not said within this who it is gives its place to who comes. */
const SILENT_MS_MAX = 1000;
/** Until connections are looked for again where the process has no descriptors left. */
const RETRY_MS = 100;
/** A client that asks again and again does so within this; others wait no longer for it. */
const LOOK_MS = 0.05;

/** Listens at `path`, where connections wait from now on; LOCKED when another daemon does. */
export function claimSocket(path: string): Fd {
  clearAway(path);
  return listenUnix(path, SOCKET_MODE, BACKLOG);
}

export function openSocketDoor(dispatcher: Dispatcher, options: SocketOptions): Door {
  const { path, listening, isInherited, log, program } = options;
  const listener = new UnixStream(listening);
  /** With the process each is of. */
  const callers = new Map<Caller, number>();
  const spin = new Spin(LOOK_MS);
  const shared = { program, spin, dispatcher, onGone: (caller: Caller) => callers.delete(caller) };
  const welcome = (): void => {
    let fd = acceptUnix(listener.fd);
    for (; fd >= 0; fd = acceptUnix(listener.fd)) {
      const stream = new UnixStream(fd as Fd);
      try {
        const peer = peerCredentials(stream.fd);
        mayEnter(peer, peerGroups(stream.fd) ?? []);
        makeRoom(callers, peer.pid);
        const client = dispatcher.connected({ ...peer, door: 'socket' });
        callers.set(new Caller(stream, client, shared), peer.pid);
      } catch (error) {
        log(`a connection was refused: ${messageOf(error)}`);
        refuse(stream, error);
      }
    }
    // Who waits would be told again and again.
    if (fd === -ERRNO.EMFILE || fd === -ERRNO.ENFILE) pause();
  };
  const pause = (): void => {
    listener.poll({ readable: false, writable: false }, welcome);
    setTimeout(() => {
      if (listener.isOpen) listener.poll({ readable: true, writable: false }, welcome);
    }, RETRY_MS).unref();
  };
  listener.poll({ readable: true, writable: false }, welcome);
  return {
    address: path,
    close(): Promise<void> {
      listener.close();
      for (const caller of [...callers.keys()]) caller.hangUp();
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

/** For one more client of this process. LOCKED: there is none. */
function makeRoom(callers: ReadonlyMap<Caller, number>, process: number): void {
  const [most, share] = [CONNECTIONS_MAX, CONNECTIONS_MAX * PROCESS_SHARE];
  const ofProcess = (): number => [...callers.values()].filter((pid) => pid === process).length;
  // Counted where it may matter alone.
  const isFull = (): boolean =>
    callers.size >= most || (callers.size >= share && ofProcess() >= share);
  if (!isFull()) return;
  for (const caller of [...callers.keys()]) if (caller.silentMs > SILENT_MS_MAX) caller.hangUp();
  if (callers.size >= most)
    throw new NairobiError('LOCKED', `${most} clients are connected already`);
  if (isFull()) {
    throw new NairobiError('LOCKED', `${share} clients of this process are connected already`, {
      hint: 'close connections that are not needed, or use one for many requests',
    });
  }
}

/**
 * Only the user the daemon runs as, and root. A process of the same user may have fewer groups than
 * the daemon (a sandbox): it must not read through the daemon what it cannot read itself.
 */
function mayEnter({ uid, gid }: Credentials, others: readonly number[]): void {
  const groups = [gid, ...others];
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
  stream.closeForeign();
}
