/** Many clients, and many calls: what they leave behind. Slow: NAIROBI_TEST_FULL=1. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { type Running, startDaemon, table } from './daemon.ts';
import { seeded } from './fuzz.ts';

const CLIENTS = 100;
const SECONDS = Number(process.env['NAIROBI_CLIENTS_SECONDS'] ?? 60);
const ROWS = 5_000;
/** The longest a small call may take. */
const STALL_MS = 1000;

interface Warmth {
  readonly workers: { readonly all: number; readonly warm: number };
}

let daemon: Running;
let place: string;
beforeAll(async () => {
  daemon = await startDaemon();
  place = daemon.file('many.csv', table(ROWS));
  using watch = Connection.open(daemon.socket);
  // Workers open files of their own while they start.
  for (;;) {
    const { workers } = (await watch.request('Status')).result as never as Warmth;
    if (workers.warm === workers.all) break;
    await sleep(100);
  }
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

const descriptors = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length;

const residentMiB = (): number => {
  const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
};

describe('many calls', () => {
  test('leave descriptors and memory where they were', async () => {
    using client = Connection.open(daemon.socket);
    const { dataset } = (await client.request('Open', { path: place })).result;
    const id = String(dataset);
    const round = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) {
        const sql = `select x, y from data where x > ${i % 100}`;
        const { fds } = await client.request('Query', { dataset: id, sql, as: 'arrow' });
        for (const fd of fds) closeSync(fd);
      }
    };
    await round(2_000);
    const before = { fds: descriptors(), rss: residentMiB() };
    await round(10_000);
    expect(descriptors()).toBeLessThanOrEqual(before.fds + 1);
    expect(residentMiB()).toBeLessThan(before.rss + 64);
  });
});

describe(`${CLIENTS} clients for ${SECONDS} s, killed at random`, () => {
  test('get no wrong answer and leave nothing', { timeout: SECONDS * 1000 + 240_000 }, async () => {
    const random = seeded(7);
    const before = descriptors();
    const clients = new Set<ChildProcess>();
    const slowest: number[] = [];
    const ofDaemon: number[] = [];
    let wrong = 0;
    const start = (): void => {
      const entry = new URL('client-process.ts', import.meta.url).pathname;
      const child = spawn(process.execPath, [entry, daemon.socket, place, String(ROWS)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      clients.add(child);
      child.stdout.on('data', (bytes) => {
        if (String(bytes).startsWith('wrong')) wrong += 1;
        else {
          const [all, daemons] = String(bytes).split(' ').map(Number);
          slowest.push(all ?? Number.NaN);
          ofDaemon.push(daemons ?? Number.NaN);
        }
      });
      child.once('exit', () => clients.delete(child));
    };
    for (let i = 0; i < CLIENTS; i += 1) start();
    using watch = Connection.open(daemon.socket);
    const end = Date.now() + SECONDS * 1000;
    while (Date.now() < end) {
      await sleep(250);
      const victim = [...clients][Math.floor(random() * clients.size)];
      victim?.kill('SIGKILL');
      start();
      await watch.request('Status');
    }
    const last = [...clients].map((child) => once(child, 'exit'));
    for (const child of clients) child.kill('SIGTERM');
    await Promise.all(last);
    expect(wrong).toBe(0);
    const [all, daemons] = [Math.max(...slowest), Math.max(...ofDaemon)];
    process.stdout.write(
      `slowest small call of a client: ${all.toFixed(0)} ms; ${daemons.toFixed(0)} ms without ` +
        'what the client itself waited for a CPU\n',
    );
    expect(daemons).toBeLessThan(STALL_MS);
    await expect.poll(descriptors, { timeout: 30_000 }).toBeLessThanOrEqual(before + 20);
    // What a client that is gone had asked for last runs to its end.
    const status = async (): Promise<object> => (await watch.request('Status')).result;
    const quiet = { clients: 1, workers: { busy: 0, queued: 0 } };
    await expect.poll(status, { timeout: 30_000 }).toMatchObject(quiet);
  });
});
