/** Addresses to listen on: tcp://HOST:PORT, udp://HOST:PORT, unix:PATH. */
import { lookup } from 'node:dns/promises';
import { existsSync, lstatSync, rmSync } from 'node:fs';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { messageOf, NairobiError } from '../../errors.ts';
import { threadEntry } from '../../thread-entry.ts';
import { listenMqtt, type MqttAddress, parseMqtt } from './mqtt.ts';
import { BACKLOG, STOP, type UdpMessage, type UdpTask } from './udp-protocol.ts';

export type Address =
  | MqttAddress
  | { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** What a listener tells; a stream is one connection, or all datagrams of a socket. */
export interface Receiver {
  data(stream: string, bytes: Buffer): void;
  /** A connection ended: what it left without a line end is a record. */
  end(stream: string): void;
  failed(error: NairobiError): void;
  note(text: string): void;
}

export interface Listener {
  /** Where it listens, as an address; the port is known although 0 was asked for. */
  readonly address: string;
  /** Datagrams that the kernel dropped; 0 for streams. */
  readonly dropped: () => number;
  /** Messages whose sender waits for the commit; it may send no more before. */
  readonly waiting?: () => number;
  /** Everything told until now: what this returns acknowledges it, once it is committed. */
  readonly taken?: () => () => void;
  /** After the last commit. */
  readonly close?: () => Promise<void>;
  /** Takes nothing more; resolves when everything that had come was told. */
  stop(): Promise<void>;
}

/** Undefined for what is no address. */
export function parseAddress(text: string): Address | undefined {
  const mqtt = parseMqtt(text);
  if (mqtt !== undefined) return mqtt;
  const unix = /^unix:(?:\/\/)?(.+)$/.exec(text);
  if (unix?.[1] !== undefined) return { kind: 'unix', path: unix[1] };
  const match = /^(tcp|udp):\/\/(\[[0-9a-f:]+\]|[^:/]*):(\d{1,5})\/?$/i.exec(text);
  if (match === null) {
    if (!/^(tcp|udp):/i.test(text)) return undefined;
    throw new NairobiError('USAGE', `Cannot read "${text}" as an address`, {
      hint: 'write tcp://HOST:PORT, udp://HOST:PORT or unix:PATH',
    });
  }
  const host = (match[2] ?? '').replace(/^\[|\]$/g, '');
  const kind = match[1]?.toLowerCase() === 'udp' ? 'udp' : 'tcp';
  return { kind, host: host === '' ? '0.0.0.0' : host, port: Number(match[3]) };
}

type SocketAddress = Exclude<Address, MqttAddress>;
type UnixAddress = Extract<Address, { kind: 'unix' }>;

export async function listen(address: Address, receiver: Receiver): Promise<Listener> {
  if (address.kind === 'mqtt') return await listenMqtt(address, receiver);
  return address.kind === 'udp' ? listenUdp(address, receiver) : listenStream(address, receiver);
}

async function listenStream(address: SocketAddress, receiver: Receiver): Promise<Listener> {
  if (address.kind === 'unix') await removeStale(address);
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    const stream = `${named(server, address)}#${count}`;
    sockets.add(socket);
    socket.on('data', (bytes: Buffer) => receiver.data(stream, bytes));
    socket.on('error', (error) => receiver.note(`${stream}: ${error.message}`));
    socket.on('close', () => {
      sockets.delete(socket);
      receiver.end(stream);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(address, cause)));
    if (address.kind === 'unix') server.listen(address.path, resolve);
    else server.listen(address.port, address.host, resolve);
  });
  return {
    address: named(server, address),
    dropped: () => 0,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        // Bytes that are here already are still told: destroySoon waits for them.
        for (const socket of sockets) socket.destroySoon();
      }),
  };
}

function named(server: Server, address: SocketAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return `${address.kind}://${address.host}:${port}`;
}

/** A socket file that nobody listens on any more stays behind when its owner was killed. */
async function removeStale(address: UnixAddress): Promise<void> {
  const { path } = address;
  if (!existsSync(path) || !lstatSync(path).isSocket()) return;
  const isTaken = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => resolve(true)).on('error', () => resolve(false));
    probe.unref().destroySoon();
  });
  if (isTaken) throw cannotListen(address, new Error('another program listens there'));
  rmSync(path);
}

async function listenUdp(
  address: { readonly host: string; readonly port: number },
  receiver: Receiver,
): Promise<Listener> {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const task: UdpTask = { address: await packed(address.host), port: address.port, shared };
  const entry = threadEntry('udp', './udp-worker.ts', import.meta.url);
  const worker = new Worker(entry, { workerData: task });
  let dropped = 0;
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('error', (cause) => reject(cannotListen({ kind: 'udp', ...address }, cause)));
    worker.on('message', (message: UdpMessage) => {
      if (message.kind === 'listening') resolve(message.port);
      else if (message.kind === 'failed') receiver.failed(new NairobiError('IO', message.message));
      else {
        dropped = message.dropped;
        if (message.kind === 'lines') {
          const { buffer, byteOffset, byteLength } = message.data;
          Atomics.sub(shared, BACKLOG, byteLength);
          receiver.data(
            `udp://${address.host}:${address.port}`,
            Buffer.from(buffer, byteOffset, byteLength),
          );
        }
      }
    });
  });
  return {
    address: `udp://${address.host}:${port}`,
    dropped: () => dropped,
    stop: async () => {
      Atomics.store(shared, STOP, 1);
      Atomics.notify(shared, STOP);
      await ended;
    },
  };
}

/** The bytes of an address, in network order. */
async function packed(host: string): Promise<Uint8Array> {
  const { address } = await lookup(host).catch((cause: unknown) => {
    throw new NairobiError('NOT_FOUND', `Cannot find the host ${host}: ${messageOf(cause)}`, {
      cause,
    });
  });
  if (!isIPv6(address)) return Uint8Array.from(address.split('.').map(Number));
  const [before = '', after] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const head = groups(before);
  const tail = groups(after ?? '');
  const zeros = after === undefined ? 0 : 8 - head.length - tail.length;
  const all = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return Uint8Array.from(
    all.flatMap((one) => [Number.parseInt(one, 16) >> 8, Number.parseInt(one, 16) & 255]),
  );
}

function cannotListen(address: SocketAddress, cause: unknown): NairobiError {
  const where = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`;
  return new NairobiError('IO', `Cannot listen on ${address.kind} ${where}: ${messageOf(cause)}`, {
    cause,
    hint: 'another program may listen there; "ss -lntupx" shows which',
  });
}
