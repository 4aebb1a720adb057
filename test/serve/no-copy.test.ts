/** What a client maps are the daemon's own pages. */
import { closeSync, fstatSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import type { Fd } from '../../src/kernel/syscall.ts';
import { mapFile } from '../../src/memory/file-map.ts';
import { isSealed } from '../../src/memory/sealed.ts';
import { type Running, startDaemon, table } from './daemon.ts';

let daemon: Running;
beforeAll(async () => {
  daemon = await startDaemon();
});
afterAll(async () => {
  await daemon.stop();
});

test('the descriptor of Open is the file the daemon computes on, mapped and sealed', async () => {
  using client = Connection.open(daemon.socket);
  const path = daemon.file('pages.csv', table(50_000));
  const { fds, result } = await client.request('Open', { path, data: true });
  const fd = fds[0] as Fd;
  const { dev, ino } = fstatSync(fd);
  const held = memfdsOf(daemon.pid).filter((one) => one.dev === dev && one.ino === ino);
  // Two while the one that was sent is not closed yet.
  expect(held.length).toBeGreaterThanOrEqual(1);
  expect(isSealed(fd)).toBe(true);
  const bytes = mapFile(fd);
  expect(bytes.length).toBe((result['data'] as { bytes: number }).bytes);
  expect(bytes.subarray(0, 6).toString()).toBe('ARROW1');
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4096) sum += bytes[at] ?? 0;
  expect(sum).toBeGreaterThan(0);
  // Touched pages are resident and belong to nobody alone: not one was copied.
  const mapping = mappingOf(ino);
  expect(mapping['Rss']).toBeGreaterThanOrEqual(Math.floor(bytes.length / 1024) - 4);
  expect(mapping['Anonymous']).toBe(0);
  closeSync(fd);
});

function memfdsOf(pid: number): { dev: number; ino: number }[] {
  return readdir(`/proc/${pid}/fd`).flatMap((place) => {
    try {
      return [statSync(place)];
    } catch {
      return [];
    }
  });
}

const readdir = (folder: string): string[] =>
  process
    .getBuiltinModule('fs')
    .readdirSync(folder)
    .map((name) => `${folder}/${name}`);

/** Kilobytes by name, of our mapping of this inode. */
function mappingOf(ino: number): Record<string, number> {
  const lines = readFileSync('/proc/self/smaps', 'utf8').split('\n');
  const start = lines.findIndex(
    (line) => / \/memfd:nairobi/.test(line) && line.includes(` ${ino} `),
  );
  const fields = lines.slice(start + 1, start + 24).map((line) => /^(\w+):\s+(\d+) kB/.exec(line));
  return Object.fromEntries(fields.flatMap((one) => (one ? [[one[1], Number(one[2])]] : [])));
}
