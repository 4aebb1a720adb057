/** Talks nonsense to a daemon, from a seed. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { frameOf } from '../../src/client/frames.ts';
import { METHODS } from '../../src/client/protocol.ts';
import { authentication, marshal, NAME, OBJECT } from './private-bus.ts';

/** Mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const WORDS = [
  'dataset',
  'path',
  'sql',
  'tables',
  'params',
  'cwd',
  'as',
  'column',
  'figures',
  'x',
  'y',
  'open',
  'query',
  'plot',
  'inlineMax',
  'timeoutMs',
  'id',
  'read',
  'types',
  'argv',
  'command',
];

const STANDARD = ['Introspectable', 'Properties', 'Peer'].map((n) => `org.freedesktop.DBus.${n}`);
const MEMBERS = ['Introspect', 'Get', 'GetAll', 'Set', 'Ping', 'OpenFile', 'Opne', 'x'];
const TEXTS = ['', '{', '[]', 'null', '"', '{"path":1}', '{"id":2}', 'ä'.repeat(500)];

/** Reads what comes without looking at it; undefined where nobody listens. */
async function connected(socket: string): Promise<net.Socket | undefined> {
  const stream = net.connect(socket);
  stream.on('error', () => undefined);
  const isConnected = await once(stream, 'connect').then(
    () => true,
    () => false,
  );
  return isConnected ? stream.resume() : undefined;
}

export class Fuzzer {
  readonly #random: () => number;
  readonly #values: readonly unknown[];

  /** `known`: texts that mean something to the daemon, such as ids and paths. */
  constructor(seed: number, known: readonly string[]) {
    this.#random = seeded(seed);
    this.#values = [
      ...known,
      null,
      true,
      0,
      -1,
      1e308,
      2 ** 53,
      '',
      '\0',
      '../..',
      'select 1',
      [],
      {},
    ];
  }

  /** A connection that sends for a while and breaks off, or waits for what comes. */
  async session(socket: string): Promise<void> {
    const stream = await connected(socket);
    if (stream === undefined) return;
    const greets = this.#random() < 0.9;
    if (greets) stream.write(frameOf('{"hello":{"protocol":1,"program":"fuzz"}}'));
    const count = Math.floor(this.#random() * 8);
    for (let i = 0; i < count && stream.writable; i += 1) stream.write(this.#message());
    if (this.#random() < 0.5) await sleep(this.#random() * 20);
    stream.destroy();
  }

  /** A caller on a D-Bus: connects, calls what there is and what is not, and leaves. */
  async busSession(socket: string): Promise<void> {
    const stream = await connected(socket);
    if (stream === undefined) return;
    stream.write(authentication(process.getuid?.() ?? 0));
    const driver = 'org.freedesktop.DBus';
    const hello = { destination: driver, path: '/org/freedesktop/DBus', interface: driver };
    stream.write(marshal({ ...hello, serial: 1, member: 'Hello', args: [] }));
    const count = Math.floor(this.#random() * 8);
    for (let i = 0; i < count && stream.writable; i += 1) stream.write(this.#busCall(i + 2));
    if (this.#random() < 0.5) await sleep(this.#random() * 20);
    stream.destroy();
  }

  #busCall(serial: number): Buffer {
    const kind = this.#random();
    const path = kind < 0.9 ? OBJECT : this.#pick(['/', '/org', '/org/nairobi/Other']);
    const name = kind < 0.8 ? NAME : this.#pick(['org.example.Other', ...STANDARD]);
    const member = this.#random() < 0.9 ? this.#pick(METHODS) : this.#pick(MEMBERS);
    const text = this.#random() < 0.9 ? JSON.stringify(this.#params(2)) : this.#pick(TEXTS);
    const args = this.#random() < 0.9 ? [text] : this.#pick([[], [1], [text, text], [text, 7]]);
    return marshal({ serial, destination: NAME, path, interface: name, member, args });
  }

  #message(): Buffer {
    const kind = this.#random();
    if (kind < 0.1) return randomBytes(Math.floor(this.#random() * 200));
    if (kind < 0.2) return frameOf(randomBytes(Math.floor(this.#random() * 200)));
    const frame = frameOf(JSON.stringify(this.#request()));
    if (kind < 0.3) return frame.subarray(0, Math.floor(this.#random() * frame.length));
    if (kind < 0.4) frame[Math.floor(this.#random() * frame.length)] = this.#random() * 256;
    return frame;
  }

  #request(): object {
    const method = this.#random() < 0.9 ? this.#pick(METHODS) : this.#pick(this.#values);
    const id = this.#random() < 0.9 ? Math.floor(this.#random() * 5) : this.#pick(this.#values);
    const fds = this.#random() < 0.05 ? this.#pick([1, 300, -1, 'x']) : undefined;
    return { id, method, params: this.#params(2), fds };
  }

  #params(depth: number): object {
    const count = Math.floor(this.#random() * 4);
    const fields = Array.from({ length: count }, () => {
      const deeper = depth > 0 && this.#random() < 0.3;
      return [this.#pick(WORDS), deeper ? this.#params(depth - 1) : this.#pick(this.#values)];
    });
    // Nothing is asked for that takes long.
    return { timeoutMs: 200, ...Object.fromEntries(fields) };
  }

  #pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }
}
