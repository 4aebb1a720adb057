import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { type Running, startDaemon, table } from './daemon.ts';
import { Fuzzer } from './fuzz.ts';

const full = process.env['NAIROBI_TEST_FULL'] === '1';
const DURATION_MS = full ? Number(process.env['NAIROBI_FUZZ_MS'] ?? 600_000) : 3_000;

let daemon: Running;
beforeAll(async () => {
  daemon = await startDaemon();
});
afterAll(async () => {
  expect(await daemon.stop()).toBe(0);
});

interface Status {
  readonly datasets: { readonly inMemory: number };
  readonly threads: { readonly threads: number };
}

const FDS_A_THREAD = 6;

const descriptors = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length;

describe('nonsense', () => {
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
    const threadsBefore = (await status()).threads.threads;
    const end = Date.now() + DURATION_MS;
    let sessions = 0;
    while (Date.now() < end) {
      await Promise.all(Array.from({ length: 8 }, () => fuzzer.session(daemon.socket)));
      sessions += 8;
      if (sessions % 400 === 0) await client.request('Status');
    }
    const sql = 'select count(*) as n from data';
    const answer = await client.request('Query', { dataset: String(dataset), sql });
    expect(answer.result).toMatchObject({ rows: [{ n: 50 }] });
    // Each way of reading the file is a dataset of its own, which stays in memory; a thread that
    // stood in for one that nobody waited for stays, with what its event loop needs.
    const unexplained = async (): Promise<number> => {
      const { datasets, threads } = await status();
      const spares = threads.threads - threadsBefore;
      return descriptors() - before - (datasets.inMemory - 1) - spares * FDS_A_THREAD;
    };
    await expect.poll(unexplained, { timeout: 20_000 }).toBeLessThanOrEqual(2);
    await expect
      .poll(status, { timeout: 20_000 })
      .toMatchObject({ clients: 1, threads: { busy: 0, queued: 0 } });
  });
});
