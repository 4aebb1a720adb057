/** What one request does to its process must reach nobody else. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { SYS } from '../../src/kernel/constants.ts';
import { syscall } from '../../src/kernel/syscall.ts';
import { type Running, startDaemon, table } from './daemon.ts';

const ROWS = 20_000;
/** Computes for minutes, where nobody can interrupt it. */
const ENDLESS = "select levenshtein(repeat('a', 200000), repeat('b', 200000)) as n";
/** 400 million rows. */
const BOMB = 'select a.x, b.y, a.s from data a, data b';
const SUM = { sql: 'select sum(x) as s from data' };

let daemon: Running;
let client: Connection;
let dataset: string;
beforeAll(async () => {
  daemon = await startDaemon(['--workers', '2', '--memory-limit', '700MiB']);
  client = Connection.open(daemon.socket);
  const opened = await client.request('Open', { path: daemon.file('data.csv', table(ROWS)) });
  dataset = String(opened.result['dataset']);
});
afterAll(async () => {
  client[Symbol.dispose]();
  expect(await daemon.stop()).toBe(0);
});

interface Workers {
  readonly all: number;
  readonly busy: number;
  readonly warm: number;
  readonly ended: number;
}

const workers = async (): Promise<Workers> =>
  (await client.request('Status')).result['workers'] as never;
const pids = (): readonly number[] =>
  readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'latin1')
    .trim()
    .split(' ')
    .map(Number);
const right = { rows: [{ s: (ROWS * (ROWS - 1)) / 2 }] };
/** Landlock is there: see test/kernel/landlock. */
const confined = syscall(SYS.landlock_create_ruleset, 0, 0, 1) > 0 ? 2 : 0;
const ready = { all: 2, warm: 2, busy: 0, confined };

/** Small queries of another client while `during` lasts: the longest of them, in ms. */
async function slowestBeside(during: Promise<unknown>): Promise<number> {
  using other = Connection.open(daemon.socket);
  let isOver = false;
  const over = (): void => {
    isOver = true;
  };
  during.then(over, over);
  let slowest = 0;
  while (!isOver) {
    const start = performance.now();
    expect((await other.request('Query', { dataset, ...SUM })).result).toMatchObject(right);
    slowest = Math.max(slowest, performance.now() - start);
    await sleep(10);
  }
  return slowest;
}

describe('a request', { timeout: 60_000 }, () => {
  test('that needs too much memory is told so, and others go on', async () => {
    await expect.poll(workers, { timeout: 20_000 }).toMatchObject(ready);
    const { ended } = await workers();
    const bomb = client.request('Query', { dataset, sql: BOMB, as: 'arrow' });
    const refused = expect(bomb).rejects.toMatchObject({
      code: 'MEMORY_LIMIT',
      message: expect.stringMatching(/needs more than .*MiB of memory/),
    });
    expect(await slowestBeside(bomb)).toBeLessThan(5_000);
    await refused;
    await expect.poll(workers, { timeout: 20_000 }).toMatchObject({ ...ready, ended: ended + 1 });
    // The rows are where they were.
    expect((await client.request('Schema', { dataset })).result).toMatchObject({ version: 1 });
    expect((await client.request('Query', { dataset, ...SUM })).result).toMatchObject(right);
  });

  test('that takes too long ends with its process, and computes no more', async () => {
    await expect.poll(workers, { timeout: 20_000 }).toMatchObject(ready);
    const endless = client.request('Query', { dataset, sql: ENDLESS, timeoutMs: 400 });
    const late = expect(endless).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await slowestBeside(endless)).toBeLessThan(5_000);
    await late;
    await expect.poll(workers, { timeout: 20_000 }).toMatchObject(ready);
    const before = ticks();
    await sleep(500);
    expect(ticks() - before).toBeLessThan(25);
  });

  test('whose process is killed fails alone', async () => {
    await expect.poll(workers, { timeout: 20_000 }).toMatchObject(ready);
    for (const signal of ['SIGKILL', 'SIGABRT', 'SIGSEGV'] as const) {
      const before = pids();
      const endless = client.request('Query', { dataset, sql: ENDLESS });
      const code = signal === 'SIGKILL' ? 'MEMORY_LIMIT' : 'IO';
      const failed = expect(endless).rejects.toMatchObject({ code });
      await expect.poll(async () => (await workers()).busy).toBe(1);
      const then = before.map(ticksOf);
      await sleep(200);
      const grown = before.map((pid, i) => ticksOf(pid) - (then[i] ?? 0));
      const busiest = before[grown.indexOf(Math.max(...grown))] ?? 0;
      process.kill(busiest, signal);
      await failed;
      expect((await client.request('Query', { dataset, ...SUM })).result).toMatchObject(right);
      await expect.poll(workers, { timeout: 20_000 }).toMatchObject(ready);
    }
  });

  test('that opens, and is given up, is read to its end for who else waits', async () => {
    await expect.poll(workers, { timeout: 20_000 }).toMatchObject(ready);
    const path = daemon.file('large.csv', table(1_500_000));
    const hasty = client.request('Open', { path, timeoutMs: 30 });
    const gaveUp = expect(hasty).rejects.toMatchObject({ code: 'TIMEOUT' });
    using other = Connection.open(daemon.socket);
    const { ended } = await workers();
    const opened = (await other.request('Open', { path })).result;
    await gaveUp;
    expect(opened).toMatchObject({ rows: 1_500_000, version: 1 });
    expect(await workers()).toMatchObject({ ended });
  });

  test('that opens and draws gives the rows to others before the picture', async () => {
    const open = { path: daemon.file('drawn.csv', table(ROWS)) };
    const plot = { x: 'x', y: 'x', mark: 'point', width: 2000, height: 1500 };
    let isDrawn = false;
    const drawn = client.request('Run', { open, plot }).finally(() => {
      isDrawn = true;
    });
    const isThere = async (): Promise<boolean> => {
      const { datasets } = (await client.request('List')).result as never as {
        datasets: readonly { readonly path: string; readonly inMemory: boolean }[];
      };
      return datasets.some((one) => one.path === open.path && one.inMemory);
    };
    let wasThereBefore = false;
    while (!isDrawn && !wasThereBefore) wasThereBefore = (await isThere()) && !isDrawn;
    expect((await drawn).result).toMatchObject({ dataset: { rows: ROWS } });
    expect(wasThereBefore).toBe(true);
  });

  test('that fails leaves what it opened', async () => {
    const path = daemon.file('kept.csv', table(10));
    const wish = { open: { path }, query: { sql: 'select nothing from data' } };
    await expect(client.request('Run', wish)).rejects.toMatchObject({ code: 'UNKNOWN_COLUMN' });
    const { result } = await client.request('Open', { path });
    expect(result).toMatchObject({ version: 1, rows: 10 });
  });
});

test('processes end with a daemon that is killed', { timeout: 30_000 }, async () => {
  const other = await startDaemon(['--workers', '2']);
  const text = readFileSync(`/proc/${other.pid}/task/${other.pid}/children`, 'latin1');
  const children = text.trim().split(' ').map(Number);
  expect(children).toHaveLength(2);
  other.process.kill('SIGKILL');
  const alive = (): number => children.filter(isAlive).length;
  await expect.poll(alive, { timeout: 10_000 }).toBe(0);
  await other.stop();
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

/** Hundredths of a second a process has computed. */
function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

const ticks = (): number => [daemon.pid, ...pids()].reduce((sum, pid) => sum + ticksOf(pid), 0);
