import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf } from '../../src/client/frames.ts';
import { type Running, startDaemon, table } from './daemon.ts';

let daemon: Running;
beforeAll(async () => {
  daemon = await startDaemon();
});
afterAll(() => daemon.stop());

/** Hundredths of a second of processor time so far. */
function ticks(): number {
  const fields = readFileSync(`/proc/${daemon.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

test('a client that reads its answer late costs nothing once it has it', async () => {
  const path = daemon.file('large.csv', table(200_000));
  const stream = net.connect(daemon.socket);
  stream.write(frameOf('{"hello":{"protocol":1,"program":"late"}}'));
  const query = { sql: `select * from '${path}'`, as: 'csv', inlineMax: 8_388_608 };
  stream.write(frameOf(JSON.stringify({ id: 1, method: 'Query', params: query })));
  await sleep(1500);
  let received = 0;
  const whole = new Promise<void>((resolve) => {
    stream.on('data', (bytes) => {
      received += bytes.length;
      if (received > 2_000_000) resolve();
    });
  });
  await whole;
  await sleep(300);
  const before = ticks();
  await sleep(500);
  expect(ticks() - before).toBeLessThan(25);
  stream.destroy();
});
