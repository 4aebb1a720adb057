/** Bursts of signals that are not meant to stop the program: reads take longer, nothing else. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { MiB } from '../../src/units.ts';
import { sample } from './sample.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-storm-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'content');
writeFileSync(file, sample(12 * MiB + 33));

/** Reads again and again, listening to signals as the program does while it writes. */
const PROGRAM = `
  import { spawn, spawnSync } from 'node:child_process';
  import { readFileSync, rmSync } from 'node:fs';
  import { readFile } from './src/uring/read-file.ts';
  import { openAsyncReader } from './src/uring/event-reader.ts';
  import { openInput } from './src/uring/input-file.ts';
  import { Pool } from './src/memory/pool.ts';
  let signals = 0;
  for (const name of ['SIGUSR2', 'SIGWINCH', 'SIGCONT']) process.on(name, () => { signals++; });
  process.on('SIGINT', () => undefined);
  const [file] = process.argv.slice(1);
  const content = readFileSync(file);
  const pool = new Pool();
  const check = (bytes, how) => {
    if (!bytes.equals(content)) throw new Error('other bytes ' + how);
  };
  // A new one each time: what a writer left in an old one would come first.
  const filledFifo = (name) => {
    spawnSync('mkfifo', [name]);
    spawn('sh', ['-c', 'exec cat "$1" > "$2"', 'sh', file, name], { stdio: 'ignore' });
    return name;
  };
  console.log('up');
  const until = Date.now() + 1200;
  let rounds = 0;
  do {
    const fifo = filledFifo(file + '.' + rounds);
    for (const [path, io, direct] of [
      [file, 'uring', 'always'], [file, 'uring', 'never'], [file, 'pread', 'always'], [fifo, 'auto', 'never'],
    ]) {
      const { lease, byteLength } = readFile(path, { pool, io, direct });
      check(lease.bytes(0, byteLength), path + io + direct);
      lease.release();
    }
    const lease = pool.lease(content.length + 4096);
    const open = openInput(file, 'always');
    const reader = openAsyncReader('auto');
    await reader.read(open, { address: lease.address, offset: 0, byteLength: content.length });
    check(lease.bytes(0, content.length), 'events');
    reader[Symbol.dispose](); open[Symbol.dispose](); lease.release();
    rmSync(fifo);
    rounds++;
    // A slow machine hears of signals once in a round.
  } while (Date.now() < until || (signals <= 10 && Date.now() < until + 20_000));
  console.log(JSON.stringify({ rounds, signals }));
  process.exit();`;

test('a storm of other signals neither breaks a read off nor changes its bytes', async (context) => {
  if (spawnSync(process.execPath, ['-e', "require('koffi')"]).status !== 0)
    context.skip('no koffi');
  const args = ['--input-type=module-typescript', '-e', PROGRAM, file];
  const run = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = Promise.all([text(run.stdout as Readable), text(run.stderr as Readable)]);
  const ended = once(run, 'close');
  await once(run.stdout as Readable, 'data');
  while (run.exitCode === null && run.signalCode === null) {
    for (const signal of ['SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const) run.kill(signal);
    await sleep(0);
  }
  await ended;
  const [stdout, stderr] = await output;
  expect(stderr).toBe('');
  const { rounds, signals } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<
    string,
    number
  >;
  expect(rounds).toBeGreaterThan(0);
  expect(signals).toBeGreaterThan(10);
});
