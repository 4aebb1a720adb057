/** What the daemon takes with its processes under its limit. Slow: NAIROBI_TEST_FULL=1. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { type Running, startDaemon, table } from './daemon.ts';

const MiB = 1024 * 1024;
const LIMIT_MIB = 512;
/** Node, Polars, Vega and canvas, twice, and the daemon: before the first request. */
const BASE_MIB = 192;
const DATASETS = 12;
/** Some 25 MiB of rows each: together more than the limit. */
const ROWS = 900_000;

let daemon: Running;
beforeAll(async () => {
  daemon = await startDaemon(['--memory-limit', `${LIMIT_MIB}MiB`, '--threads', '2']);
});
afterAll(async () => {
  await daemon.stop();
});

interface Taken {
  readonly own: number;
  readonly huge: number;
  readonly files: number;
}

/** What the daemon and its workers have to themselves, and sealed files, which they share. */
function taken(): Taken {
  const children = readFileSync(`/proc/${daemon.pid}/task/${daemon.pid}/children`, 'latin1');
  const pids = [daemon.pid, ...children.trim().split(' ').map(Number)];
  const field = (pid: number, name: string): number => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  };
  const sealed = new Map<number, number>();
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`;
    for (const fd of readdirSync(folder)) {
      try {
        const at = `${folder}/${fd}`;
        if (!readlinkSync(at).includes('memfd:nairobi:')) continue;
        const { ino, blocks } = statSync(at);
        sealed.set(ino, blocks * 512);
      } catch {
        // closed in the meantime
      }
    }
  }
  const sum = (of: (pid: number) => number): number => pids.reduce((all, pid) => all + of(pid), 0);
  return {
    own: sum((pid) => field(pid, 'RssAnon')),
    huge: sum((pid) => field(pid, 'HugetlbPages')),
    files: [...sealed.values()].reduce((all, one) => all + one, 0) / MiB,
  };
}

test(`${DATASETS} datasets of more than the limit leave the process within it`, async () => {
  using client = Connection.open(daemon.socket);
  const text = table(ROWS);
  let most = 0;
  let evictions = 0;
  for (let i = 0; i < DATASETS; i += 1) {
    const path = daemon.file(`${i}.csv`, text);
    const { dataset } = (await client.request('Open', { path })).result;
    const column = { dataset: String(dataset), column: 'x', figure: 'mean' };
    const { figures } = (await client.request('Column', column)).result as never as {
      figures: { mean: number };
    };
    expect(figures.mean).toBe((ROWS - 1) / 2);
    const { own, huge, files } = taken();
    most = Math.max(most, own + huge + files);
    const { datasets } = (await client.request('Status')).result as never as {
      datasets: { evictions: number };
    };
    ({ evictions } = datasets);
    process.stdout.write(
      `${i}: own ${own.toFixed(0)}, huge ${huge.toFixed(0)}, files ${files.toFixed(0)} MiB, ` +
        `${evictions} evicted\n`,
    );
  }
  expect(evictions).toBeGreaterThan(0);
  expect(most).toBeLessThan(LIMIT_MIB + BASE_MIB);
}, 600_000);
