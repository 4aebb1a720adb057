/**
 * How long a small call takes: idle, and while a heavy query runs on all cores. Beside it a bare
 * echo over a Unix socket by node:net, for what the machine itself takes.
 *   node bench/serve/round-trip.ts [CALLS]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Connection } from '../../src/client/connection.ts';
import { type Measured, machine, measured, withDaemon } from './measure.ts';

const CALLS = Number(process.argv[2] ?? 20_000);

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
  const times: number[] = [];
  for (let i = 0; i < calls; i += 1) {
    const start = performance.now();
    const answered = new Promise((resolve) => {
      stream.once('data', resolve);
    });
    stream.write(message);
    await answered;
    times.push((performance.now() - start) * 1000);
  }
  stream.destroy();
  child.kill();
  rmSync(folder, { recursive: true, force: true });
  return measured(times);
}

async function calls(client: Connection, dataset: string, count: number): Promise<Measured> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const start = performance.now();
    await client.request('Schema', { dataset });
    times.push((performance.now() - start) * 1000);
  }
  return measured(times);
}

await withDaemon([], async (socket) => {
  using client = Connection.open(socket);
  using other = Connection.open(socket);
  const file = path.join(path.dirname(socket), 'data.csv');
  const rows = Array.from({ length: 300_000 }, (_, i) => `${i},${(i * 7919) % 1000}`);
  writeFileSync(file, `a,b\n${rows.join('\n')}\n`);
  const { dataset } = (await client.request('Open', { path: file })).result;
  const id = String(dataset);
  await calls(client, id, 2_000);
  const bare = await echo(CALLS);
  const idle = await calls(client, id, CALLS);
  // As long as the calls go on, a query that keeps every core busy.
  let busy = true;
  const heavy = (async () => {
    const sql = 'select sum(x.a * y.b) from data x join data y on x.b = y.b';
    while (busy) await other.request('Query', { dataset: id, sql });
  })();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const loaded = await calls(client, id, Math.ceil(CALLS / 4));
  const bareLoaded = await echo(Math.ceil(CALLS / 4));
  busy = false;
  await heavy;
  const figures = {
    unit: 'µs',
    echo: bare,
    call: idle,
    echoUnderLoad: bareLoaded,
    callUnderLoad: loaded,
  };
  console.log(JSON.stringify({ bench: 'serve/round-trip', machine: machine(), ...figures }));
});
process.exit();
