import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { type Running, startDaemon, table } from './daemon.ts';
import { Fuzzer } from './fuzz.ts';
import { startBus } from './private-bus.ts';

const full = process.env['NAIROBI_TEST_FULL'] === '1';
const DURATION_MS = full ? Number(process.env['NAIROBI_FUZZ_MS'] ?? 600_000) : 3_000;

const hasBus = spawnSync('dbus-daemon', ['--version']).status === 0;
if (!hasBus) console.warn('skipped: nonsense over D-Bus, for want of dbus-daemon');

let daemon: Running;
let bus: { readonly folder: string; readonly pid: number } | undefined;
beforeAll(async () => {
  if (!hasBus) {
    daemon = await startDaemon();
    return;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-fuzz-bus-'));
  const { address, pid } = startBus(folder);
  bus = { folder, pid };
  daemon = await startDaemon(['--bus', 'session'], { DBUS_SESSION_BUS_ADDRESS: address });
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
  if (bus === undefined) return;
  process.kill(bus.pid);
  rmSync(bus.folder, { recursive: true, force: true });
});

interface Status {
  readonly datasets: { readonly inMemory: number };
}

const descriptors = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length;

describe('nonsense, over both doors', () => {
  test('neither ends the daemon nor leaves anything behind', {
    timeout: DURATION_MS + 60_000,
  }, async () => {
    const seed = Number(process.env['NAIROBI_FUZZ_SEED'] ?? Date.now() % 1_000_000);
    process.stdout.write(`fuzz seed ${seed}\n`);
    using client = Connection.open(daemon.socket);
    const place = daemon.file('data.csv', table(50));
    const { dataset } = (await client.request('Open', { path: place })).result;
    const fuzzer = new Fuzzer(seed, [String(dataset), place, 'x', 'y', 'data']);
    const status = async (): Promise<Status> =>
      (await client.request('Status')).result as unknown as Status;
    const before = descriptors();
    const end = Date.now() + DURATION_MS;
    let sessions = 0;
    while (Date.now() < end) {
      const door = bus && path.join(bus.folder, 'bus');
      const nonsense = (i: number): Promise<void> =>
        door !== undefined && i % 2 === 1 ? fuzzer.busSession(door) : fuzzer.session(daemon.socket);
      await Promise.all(Array.from({ length: 8 }, (_, i) => nonsense(i)));
      sessions += 8;
      if (sessions % 400 === 0) await client.request('Status');
    }
    const sql = 'select count(*) as n from data';
    const answer = await client.request('Query', { dataset: String(dataset), sql });
    expect(answer.result).toMatchObject({ rows: [{ n: 50 }] });
    // Each way of reading the file is a dataset of its own, which stays in memory.
    const unexplained = async (): Promise<number> => {
      const { datasets } = await status();
      return descriptors() - before - (datasets.inMemory - 1);
    };
    await expect.poll(unexplained, { timeout: 20_000 }).toBeLessThanOrEqual(2);
    await expect
      .poll(status, { timeout: 20_000 })
      .toMatchObject({ clients: 1, workers: { busy: 0, queued: 0 } });
  });
});
