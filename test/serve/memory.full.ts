/** What the daemon takes as a whole process under its limit. Slow: NAIROBI_TEST_FULL=1. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { type Running, startDaemon, table } from './daemon.ts';

const MiB = 1024 * 1024;
const LIMIT_MIB = 512;
/** Node, Polars, Vega, canvas and two threads: 200 MiB before the first request. */
const BASE_MIB = 256;
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

/** Resident, huge pages, and sealed files, which nobody has mapped most of the time. */
function processMiB(): { rss: number; huge: number; files: number } {
  const status = readFileSync(`/proc/${daemon.pid}/status`, 'utf8');
  const field = (name: string): number =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
  const folder = `/proc/${daemon.pid}/fd`;
  const files = readdirSync(folder).map((fd) => {
    try {
      const at = `${folder}/${fd}`;
      return readlinkSync(at).includes('memfd:nairobi:') ? statSync(at).blocks * 512 : 0;
    } catch {
      return 0; // closed in the meantime
    }
  });
  const sum = files.reduce((total, one) => total + one, 0) / MiB;
  // A file that is mapped counts as resident too: RssAnon leaves it out.
  return { rss: field('RssAnon') + field('RssFile'), huge: field('HugetlbPages'), files: sum };
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
    const { rss, huge, files } = processMiB();
    most = Math.max(most, rss + huge + files);
    const { datasets } = (await client.request('Status')).result as never as {
      datasets: { evictions: number };
    };
    ({ evictions } = datasets);
    process.stdout.write(
      `${i}: resident ${rss.toFixed(0)}, huge ${huge.toFixed(0)}, files ${files.toFixed(0)} MiB, ` +
        `${evictions} evicted\n`,
    );
  }
  expect(evictions).toBeGreaterThan(0);
  expect(most).toBeLessThan(LIMIT_MIB + BASE_MIB);
}, 600_000);
