/**
 * An MQTT subscription as a listener. A message is acknowledged (QoS 1) when its row is committed:
 * the client's PUBACKs are held back until then, so that a broker sends again what was lost with a
 * killed process. The session outlives us under a fixed client id.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
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

/** What of the client is used; `_sendPacket` is where it sends acknowledgements. */
interface AckingClient {
  _sendPacket(packet: { cmd: string }, done?: (error?: Error) => void, ...more: unknown[]): unknown;
}

const CONNECT_MS = 30_000;

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
  const held: (() => void)[] = [];
  const acking = client as unknown as AckingClient;
  const send = acking._sendPacket.bind(client);
  acking._sendPacket = (packet, done, ...more) => {
    if (packet.cmd !== 'puback') return send(packet, done, ...more);
    held.push(() => send(packet, undefined, ...more));
    // The client goes on with the next message; the broker waits for the acknowledgement.
    done?.();
    return client;
  };
  const name = `${address.url}/${address.topic}`;
  client.on('message', (_topic, payload) => {
    const isLine = payload[payload.length - 1] === 0x0a;
    receiver.data(name, isLine ? payload : Buffer.concat([payload, Buffer.from('\n')]));
  });
  // What is held belongs to a connection that is gone: the broker sends those messages again.
  client.on('close', () => held.splice(0));
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
    waiting: () => held.length,
    acknowledge: () => {
      for (const release of held.splice(0)) release();
    },
    stop: async () => {
      client.removeAllListeners('message');
    },
    close: async () => {
      await client.endAsync();
    },
  };
}
