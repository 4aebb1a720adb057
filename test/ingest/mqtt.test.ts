import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { listenMqtt } from '../../src/ingest/sources/mqtt.ts';
import { column, start, workspace } from './binary.ts';

/** NAIROBI_MOSQUITTO names one that is unpacked rather than installed. */
const MOSQUITTO = [process.env['NAIROBI_MOSQUITTO'], 'mosquitto', '/usr/sbin/mosquitto'].find(
  (path) => path !== undefined && spawnSync(path, ['-h']).error === undefined,
);

const NO_MOSQUITTO = 'mosquitto is not installed: apt-get install mosquitto';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function until(look: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not happen within 30 seconds');
}

const listening = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.stderr?.on('data', (data: Buffer) => data.includes('listening') && resolve());
  });

/** What a broker sends before it waits for an acknowledgement; mosquitto's own default. */
const IN_FLIGHT = 20;

interface Broker extends AsyncDisposable {
  readonly url: string;
}

async function startBroker(mosquitto: string, path: string, inFlight: number): Promise<Broker> {
  const port = await freePort();
  const config = join(path, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'max_queued_messages 10000',
    `max_inflight_messages ${inFlight}`,
    'user root',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const broker = spawn(mosquitto, ['-c', config], { stdio: 'ignore' });
  const url = `mqtt://127.0.0.1:${port}`;
  await until(async () => {
    const probe = await connectAsync(url, { reconnectPeriod: 0 }).catch(() => undefined);
    await probe?.endAsync();
    return probe !== undefined;
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      broker.kill();
      await once(broker, 'exit');
    },
  };
}

const message = (id: number): readonly [string, string] => [
  `sensors/${id % 7}`,
  `{"id":${id},"value":${id / 2}}`,
];

test('messages are acknowledged after the commit: a killed process loses none', async (context) => {
  if (MOSQUITTO === undefined) return context.skip(NO_MOSQUITTO);
  using room = workspace('mqtt');
  const { path } = room;
  await using broker = await startBroker(MOSQUITTO, path, IN_FLIGHT);
  const args = ['ingest', `${broker.url}/sensors/#`, '-o', 'data/', '--flush', '100ms'];
  const first = start(path, args);
  await listening(first);
  const sender = await connectAsync(broker.url);
  const send = async (from: number, to: number): Promise<void> => {
    for (let id = from; id < to; id += 1) await sender.publishAsync(...message(id), { qos: 1 });
  };
  const sending = send(0, 300);
  const data = join(path, 'data');
  await until(async () => (await column(data, 'id').catch(() => [])).length > 20);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await sending;
  await send(300, 400);
  const second = start(path, args);
  await until(async () => new Set(await column(data, 'id').catch(() => [])).size >= 400);
  second.kill('SIGTERM');
  expect(await once(second, 'exit')).toEqual([0, null]);
  const ids = await column(data, 'id');
  expect(new Set(ids).size).toBe(400);
  // At least once: what was committed and not acknowledged when it was killed comes again.
  expect(ids.length).toBeLessThanOrEqual(400 + IN_FLIGHT);
  await sender.endAsync();
}, 90_000);

test('processes that are stopped in a flood of messages lose none and double none', async (context) => {
  if (MOSQUITTO === undefined) return context.skip(NO_MOSQUITTO);
  using room = workspace('mqtt');
  const { path } = room;
  await using broker = await startBroker(MOSQUITTO, path, 5000);
  // A condition lets messages in between taking rows and committing them.
  const wishes = ['-o', 'data/', '--flush', '50ms', '--where', 'value >= 0'];
  const args = ['ingest', `${broker.url}/sensors/#`, ...wishes];
  const data = join(path, 'data');
  const sender = await connectAsync(broker.url);
  const sent: Promise<unknown>[] = [];
  let isSending = true;
  for (let round = 0; round < 2; round += 1) {
    const child = start(path, args);
    await listening(child);
    const flood = (): void => {
      for (let more = 0; more < 5; more += 1) {
        sent.push(sender.publishAsync(...message(sent.length), { qos: 1 }));
      }
      if (isSending && sent.length < 8000) setTimeout(flood, 2);
    };
    if (round === 0) flood();
    const before = (await column(data, 'id').catch(() => [])).length;
    if (round === 1) isSending = false;
    await until(async () => (await column(data, 'id').catch(() => [])).length > before + 50);
    if (round === 1) {
      await Promise.all(sent);
      await until(
        async () => new Set(await column(data, 'id').catch(() => [])).size >= sent.length,
      );
    }
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
  const ids = await column(data, 'id');
  expect(new Set(ids).size).toBe(sent.length);
  expect(ids.length).toBe(sent.length);
  await sender.endAsync();
}, 90_000);

test('what comes during a commit is acknowledged by the next one, after a stop by nobody', async (context) => {
  if (MOSQUITTO === undefined) return context.skip(NO_MOSQUITTO);
  using room = workspace('mqtt');
  await using broker = await startBroker(MOSQUITTO, room.path, IN_FLIGHT);
  const came: string[] = [];
  const open = () =>
    listenMqtt(
      { kind: 'mqtt', url: broker.url, topic: room.path.replaceAll('/', '-') },
      {
        data: (_stream, bytes) => came.push(bytes.toString().trim()),
        end: () => undefined,
        failed: () => undefined,
        note: () => undefined,
      },
    );
  const sender = await connectAsync(broker.url);
  const send = (text: string) =>
    sender.publishAsync(room.path.replaceAll('/', '-'), text, { qos: 1 });
  const first = await open();
  await send('a');
  await until(async () => came.includes('a'));
  const committed = first.taken?.();
  await send('b');
  await until(async () => came.includes('b'));
  committed?.();
  await first.stop();
  await send('c');
  await new Promise((resolve) => setTimeout(resolve, 100));
  await first.close?.();
  const second = await open();
  await until(async () => came.length >= 4);
  expect(came).toEqual(['a', 'b', 'b', 'c']);
  second.taken?.()();
  await second.close?.();
  await sender.endAsync();
}, 60_000);
