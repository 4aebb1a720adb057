/**
 * An MQTT subscription as a listener. A message is acknowledged (QoS 1) when its row is committed:
 * the client's PUBACKs are held back until then, so that a broker sends again what was lost with a
 * killed process. The session outlives us under a fixed client id.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { IPublishPacket } from 'mqtt';
import { messageOf, NairobiError } from '../../errors.ts';
import type { Listener, Receiver } from './listen.ts';

export interface MqttAddress {
  readonly kind: 'mqtt';
  readonly url: string;
  readonly topic: string;
}

/** mqtt://[user:password@]host[:port]/topic/filter, mqtts: over TLS; undefined for other texts. */
export function parseMqtt(text: string): MqttAddress | undefined {
  const match = /^(mqtts?:\/\/[^/]+)\/(.+)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    if (!/^mqtts?:/.test(text)) return undefined;
    throw new NairobiError('USAGE', `Cannot read "${text}" as an MQTT address`, {
      hint: 'write mqtt://HOST/TOPIC, such as mqtt://broker/sensors/#',
    });
  }
  return { kind: 'mqtt', url: match[1], topic: match[2] };
}

interface SentPacket {
  readonly cmd: string;
  readonly messageId?: number;
}

/** What of the client is used; `_sendPacket` is where it sends acknowledgements. */
interface AckingClient {
  _sendPacket(packet: SentPacket, done?: (error?: Error) => void, ...more: unknown[]): unknown;
}

const CONNECT_MS = 30_000;

/**
 * Acknowledgements that wait for a commit. A broker sends again, under the same number, what it has
 * no acknowledgement for; of that, what is taken already is not taken twice (MQTT 3.1.1, 4.4).
 */
class Acknowledgements {
  /** In the order of arrival, of this connection. */
  readonly #held: { readonly id: number; readonly send: () => void }[] = [];
  /** Taken, and the broker does not know it; also over a connection that broke. */
  readonly #unknown = new Set<number>();
  #isOpen = true;

  get waiting(): number {
    return this.#held.length;
  }

  /** False for a message that was taken before the connection broke. */
  take({ messageId, dup, qos }: IPublishPacket): boolean {
    if (qos === 0 || messageId === undefined) return true;
    if (dup && this.#unknown.has(messageId)) return false;
    this.#unknown.add(messageId);
    return true;
  }

  hold(id: number, send: () => void): void {
    if (this.#isOpen) this.#held.push({ id, send });
  }

  /** Sends, when called, those of everything taken until now. */
  release(): () => void {
    const taken = [...this.#held];
    return () => {
      for (const one of taken) {
        const at = this.#held.indexOf(one);
        // Of a connection that is gone: the broker sends that message again.
        if (at === -1) continue;
        this.#held.splice(at, 1);
        this.#unknown.delete(one.id);
        one.send();
      }
    };
  }

  /** What comes from now on is not taken. */
  stop(): void {
    this.#isOpen = false;
  }

  disconnected(): void {
    this.#held.length = 0;
  }

  /** The broker has forgotten us: its numbers begin anew. */
  forgotten(): void {
    this.#unknown.clear();
  }
}

export async function listenMqtt(address: MqttAddress, receiver: Receiver): Promise<Listener> {
  // By way of the default export: the bundle gives CommonJS modules no other.
  const { connect } = (await import('mqtt')).default;
  const place = `${hostname()} ${process.cwd()} ${address.topic}`;
  const id = createHash('sha256').update(place).digest('hex');
  const client = connect(address.url, {
    clientId: `nairobi-${id.slice(0, 12)}`,
    clean: false,
    connectTimeout: CONNECT_MS,
  });
  const acks = new Acknowledgements();
  const acking = client as unknown as AckingClient;
  const send = acking._sendPacket.bind(client);
  acking._sendPacket = (packet, done, ...more) => {
    if (packet.cmd !== 'puback') return send(packet, done, ...more);
    acks.hold(packet.messageId ?? 0, () => send(packet, undefined, ...more));
    // The client goes on with the next message; the broker waits for the acknowledgement.
    done?.();
    return client;
  };
  const name = `${address.url}/${address.topic}`;
  client.on('message', (_topic, payload, packet) => {
    if (!acks.take(packet)) return;
    const isLine = payload[payload.length - 1] === 0x0a;
    receiver.data(name, isLine ? payload : Buffer.concat([payload, Buffer.from('\n')]));
  });
  client.on('close', () => acks.disconnected());
  client.on('connect', ({ sessionPresent }) => sessionPresent || acks.forgotten());
  // Whoever listens from here on: a session that goes on delivers at once.
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
  }).catch((cause: unknown) => {
    client.end(true);
    throw new NairobiError('IO', `Cannot connect to ${address.url}: ${messageOf(cause)}`, {
      cause,
    });
  });
  client.on('error', (error) => receiver.note(`${name}: ${error.message}`));
  await client.subscribeAsync(address.topic, { qos: 1 });
  return {
    address: name,
    dropped: () => 0,
    waiting: () => acks.waiting,
    taken: () => acks.release(),
    stop: async () => {
      acks.stop();
      client.removeAllListeners('message');
    },
    close: async () => {
      await client.endAsync();
    },
  };
}
