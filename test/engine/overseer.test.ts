import { spawn, spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { nairobiCommand, workspace } from '../ingest/binary.ts';

const child = fileURLToPath(new URL('overseer-child.ts', import.meta.url));

/** How a process ends that takes more than its memory limit while a file it maps is `how`. */
function ending(how: 'cut' | 'whole') {
  using room = workspace('overseer');
  const file = join(room.path, 'data.csv');
  writeFileSync(file, 'a\n');
  truncateSync(file, 2 ** 20);
  const { status, stderr } = spawnSync(process.execPath, [child, file, how], { encoding: 'utf8' });
  return { status, stderr };
}

test('memory that ran out is told from a file that was cut while it was read', ({ skip }) => {
  const whole = ending('whole');
  if (whole.status === 77) skip('this host has no fault guard');
  expect(whole.stderr).toMatch(/more than 1 MiB of memory, which is the limit/);
  expect(whole.status).toBe(4);
  const cut = ending('cut');
  expect(cut.stderr).toMatch(/A file became shorter while it was read/);
  expect(cut.stderr).toMatch(/read it again when nothing writes to it/);
  expect(cut.status).toBe(1);
});

test('runs that end while the thread is starting end as they should', async () => {
  // koffi, loaded by the thread of a process that was ending, called abort(3).
  const [node = '', program = ''] = nairobiCommand;
  const args = [program, 'query', 'select count(*) n from data', '-', '--format', 'csv'];
  const run = () =>
    new Promise((resolve) => {
      const started = spawn(node, args, { stdio: ['pipe', 'ignore', 'ignore'] });
      started.once('exit', (code, signal) => resolve(code ?? signal));
      started.stdin?.end('a,b\n1,2\n');
    });
  const ends = await Promise.all(Array.from({ length: 24 }, run));
  expect(ends).toEqual(ends.map(() => 0));
}, 60_000);
