/**
 * How long a small call (Schema) takes over both doors: idle, and while a heavy query runs on all
 * cores. Beside them what the machine itself takes: a bare echo over a Unix socket by node:net, and
 * the ping that libsystemd answers in the daemon without asking it.
 *   node bench/serve/round-trip.ts [CALLS]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Connection } from '../../src/client/connection.ts';
import { BusClient, withBus } from './bus-client.ts';
import { type Measured, machine, measured, withDaemon } from './measure.ts';

const CALLS = Number(process.argv[2] ?? 20_000);

/** In µs; every so often the event loop has its turn, as in a program. */
async function timed(count: number, call: () => Promise<unknown> | unknown): Promise<Measured> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    const answer = call();
    if (answer instanceof Promise) await answer;
    times.push((performance.now() - start) * 1000);
    if (i % 1000 === 0) await new Promise(setImmediate);
  }
  return measured(times);
}

const ECHO =
  "const net=require('net');net.createServer(s=>s.on('data',d=>s.write(d))).listen(process.argv[1],()=>console.log('up'))";

async function echo(calls: number): Promise<Measured> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nairobi-echo-'));
  const socket = path.join(folder, 'socket');
  const child = spawn(process.execPath, ['-e', ECHO, socket], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const stream = net.connect(socket);
  await once(stream, 'connect');
  const message = Buffer.alloc(64, 32);
  const figures = await timed(calls, () => {
    const answered = once(stream, 'data');
    stream.write(message);
    return answered;
  });
  stream.destroy();
  child.kill();
  rmSync(folder, { recursive: true, force: true });
  return figures;
}

async function all(count: number, client: Connection, bus: BusClient, dataset: string) {
  const params = JSON.stringify({ dataset });
  return {
    echo: await echo(count),
    socket: await timed(count, () => client.request('Schema', { dataset })),
    ping: await timed(count, () => bus.ping()),
    dbus: await timed(count, () => bus.call('Schema', params)),
  };
}

await withBus((address) =>
  withDaemon(
    ['--bus', 'session'],
    async (socket) => {
      using client = Connection.open(socket);
      using other = Connection.open(socket);
      const bus = new BusClient(address);
      const file = path.join(path.dirname(socket), 'data.csv');
      const rows = Array.from({ length: 300_000 }, (_, i) => `${i},${(i * 7919) % 1000}`);
      writeFileSync(file, `a,b\n${rows.join('\n')}\n`);
      const id = String((await client.request('Open', { path: file })).result['dataset']);
      await all(2_000, client, bus, id);
      const idle = await all(CALLS, client, bus, id);
      // As long as the calls go on, a query that keeps every core busy.
      let busy = true;
      const heavy = (async () => {
        const sql = 'select sum(x.a * y.b) from data x join data y on x.b = y.b';
        while (busy) await other.request('Query', { dataset: id, sql });
      })();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const loaded = await all(Math.ceil(CALLS / 4), client, bus, id);
      busy = false;
      await heavy;
      const figures = { unit: 'µs', idle, loaded };
      console.log(JSON.stringify({ bench: 'serve/round-trip', machine: machine(), ...figures }));
    },
    { DBUS_SESSION_BUS_ADDRESS: address },
  ),
);
process.exit();
