import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { column, start, workspace } from './binary.ts';

/** NAIROBI_MOSQUITTO names one that is unpacked rather than installed. */
const MOSQUITTO = [process.env['NAIROBI_MOSQUITTO'], 'mosquitto', '/usr/sbin/mosquitto'].find(
  (path) => path !== undefined && spawnSync(path, ['-h']).error === undefined,
);

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

test('messages are acknowledged after the commit: a killed process loses none', async (context) => {
  if (MOSQUITTO === undefined)
    return context.skip('mosquitto is not installed: apt-get install mosquitto');
  using room = workspace('mqtt');
  const { path } = room;
  const port = await freePort();
  const config = join(path, 'mosquitto.conf');
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 10000\nuser root\n`,
  );
  const broker = spawn(MOSQUITTO, ['-c', config], { stdio: 'ignore' });
  try {
    await until(async () => {
      const probe = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0 }).catch(
        () => undefined,
      );
      await probe?.endAsync();
      return probe !== undefined;
    });
    const args = [
      'ingest',
      `mqtt://127.0.0.1:${port}/sensors/#`,
      '-o',
      'data/',
      '--flush',
      '100ms',
    ];
    const first = start(path, args);
    await listening(first);
    const sender = await connectAsync(`mqtt://127.0.0.1:${port}`);
    const send = async (from: number, to: number): Promise<void> => {
      for (let id = from; id < to; id += 1) {
        await sender.publishAsync(`sensors/${id % 7}`, `{"id":${id},"value":${id / 2}}`, {
          qos: 1,
        });
      }
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
    // At least once: what was committed but not yet acknowledged when it was killed comes twice.
    expect(ids.length).toBeLessThanOrEqual(400 + 40);
    await sender.endAsync();
  } finally {
    broker.kill();
  }
}, 90_000);
