/** Clients that mean harm, or do it: what one of them does must not reach the others. */
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { frameOf } from '../../src/client/frames.ts';
import type { JsonObject } from '../../src/client/protocol.ts';
import type { Fd } from '../../src/kernel/syscall.ts';
import { connectUnix, UnixStream } from '../../src/kernel/unix-socket.ts';
import { sealedBytes } from '../../src/memory/sealed.ts';
import { BIN } from '../cli/nairobi.ts';
import { type Running, startDaemon, table } from './daemon.ts';

let daemon: Running;
let client: Connection;
beforeAll(async () => {
  daemon = await startDaemon(['--workers', '2']);
  client = Connection.open(daemon.socket);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await daemon.stop();
});

const ask = async (...args: Parameters<Connection['request']>): Promise<JsonObject> =>
  (await client.request(...args)).result;
const descriptors = (): number => readdirSync(`/proc/${daemon.pid}/fd`).length;
const HELLO = frameOf('{"hello":{"protocol":1,"program":"hostile"}}');
const request = (id: number, method: string, params: object, fds = 0): Buffer =>
  frameOf(JSON.stringify({ id, method, params, fds }));
/** For minutes, in JavaScript, where nobody can interrupt it. */
const LONG = "select levenshtein(repeat('a', 200000), repeat('b', 200000)) as n";

describe('a source that keeps its reader waiting', () => {
  test.each(['a FIFO', '/proc/kmsg', '/dev/tty', '/dev/zero'])('is refused: %s', async (name) => {
    let file = name;
    if (name === 'a FIFO') {
      file = path.join(daemon.folder, 'fifo.csv');
      execFileSync('mkfifo', [file]);
    }
    const refused = { code: 'NOT_SUPPORTED' };
    await expect(ask('Open', { path: file })).rejects.toMatchObject(refused);
    const sql = `select * from '${file}'`;
    await expect(ask('Query', { sql, cwd: '/' })).rejects.toMatchObject(refused);
    const said = await ask('Command', { command: 'query', argv: [sql], cwd: '/' });
    expect(said).toHaveProperty('instead');
    expect(await ask('Status')).toMatchObject({ workers: { ended: 0 } });
  });

  test('is read by the program itself, daemon or not', async () => {
    const file = path.join(daemon.folder, 'written.csv');
    execFileSync('mkfifo', [file]);
    const argv = [
      BIN,
      'query',
      '--via',
      daemon.socket,
      '--format=csv',
      `select sum(a) as s from '${file}'`,
    ];
    const answer = promisify(execFile)('/bin/sh', argv);
    const writer = promisify(execFile)('/bin/sh', ['-c', `printf 'a\\n1\\n41\\n' > '${file}'`]);
    expect((await answer).stdout).toBe('s\n42\n');
    await writer;
  });
});

test('a file that becomes a FIFO between look and open keeps nobody waiting', async () => {
  const [plain, fifo, place] = ['plain', 'swapped-fifo', 'swapped.csv'].map((name) =>
    path.join(daemon.folder, name),
  ) as [string, string, string];
  daemon.file('plain', 'a\n1\n');
  execFileSync('mkfifo', [fifo]);
  const swap = `const fs = require('fs');
    const [plain, fifo, place] = process.argv.slice(1);
    for (;;) for (const from of [plain, fifo]) {
      fs.rmSync(place + '.new', { force: true });
      fs.linkSync(from, place + '.new');
      fs.renameSync(place + '.new', place);
    }`;
  const swapper = execFile(process.execPath, ['-e', swap, plain, fifo, place]);
  await expect.poll(() => existsSync(place), { timeout: 10_000 }).toBe(true);
  const before = ((await ask('Status')) as { workers: { ended: number } }).workers.ended;
  const end = performance.now() + (process.env['NAIROBI_TEST_FULL'] === '1' ? 10_000 : 1000);
  while (performance.now() < end) {
    const asked = ask('Query', { sql: `select * from '${place}'`, timeoutMs: 10_000 });
    const code = await asked.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );
    expect(code).not.toBe('TIMEOUT');
  }
  swapper.kill('SIGKILL');
  expect(await ask('Status')).toMatchObject({ workers: { ended: before } });
});

test('a pattern of a megabyte is refused', async () => {
  const place = `/tmp/{${'a,'.repeat(500_000)}}`;
  await expect(ask('Open', { path: place })).rejects.toMatchObject({ code: 'USAGE' });
});

test('what cannot be read is not remembered', async () => {
  for (let i = 0; i < 20; i += 1) {
    await expect(ask('Open', { path: `/nowhere/${i}.csv` })).rejects.toThrow();
  }
  const { datasets } = await ask('List');
  expect(JSON.stringify(datasets)).not.toContain('/nowhere');
});

test('what one client handed over is not another’s', async () => {
  const { fd } = sealedBytes('test', Buffer.from('secret\n7\n'));
  const dataset = String((await client.request('Open', { fd: 0 }, [fd])).result['dataset']);
  closeSync(fd);
  using other = Connection.open(daemon.socket);
  const sql = 'select * from data';
  const none = { code: 'NOT_FOUND' };
  await expect(other.request('Query', { dataset, sql })).rejects.toMatchObject(none);
  await expect(other.request('Query', { tables: { data: dataset }, sql })).rejects.toMatchObject(
    none,
  );
  await expect(other.request('Schema', { dataset })).rejects.toMatchObject(none);
  await expect(other.request('Close', { dataset })).rejects.toMatchObject(none);
  expect(await ask('Query', { dataset, sql })).toMatchObject({ rows: [{ secret: 7 }] });
  await ask('Close', { dataset });
});

describe('descriptors of one client are bounded', () => {
  test('where it does not read the answers that bring them', async () => {
    const place = daemon.file('hot.csv', table(100));
    await ask('Open', { path: place });
    const before = descriptors();
    const stream = net.connect(daemon.socket).pause();
    stream.on('error', () => undefined);
    stream.write(HELLO);
    for (let i = 1; i <= 3000; i += 1)
      stream.write(request(i, 'Open', { path: place, data: true }));
    await sleep(1000);
    // Those in flight, at most 256, may still add theirs.
    expect(descriptors() - before).toBeLessThan(400);
    stream.destroy();
    await expect.poll(descriptors, { timeout: 20_000 }).toBeLessThanOrEqual(before + 2);
  });

  test('where its requests bring them and wait', async () => {
    const before = descriptors();
    const stream = new UnixStream(connectUnix(daemon.socket) as Fd);
    const file = openSync('/dev/null', 'r') as Fd;
    stream.send(HELLO);
    const fds = Array.from({ length: 16 }, () => file);
    const params = { sql: LONG, timeoutMs: 300 };
    for (let i = 1; i <= 60; i += 1) stream.send(request(i, 'Query', params, 16), fds);
    await sleep(200);
    expect(descriptors() - before).toBeLessThan(120);
    stream.close();
    closeSync(file);
    await expect.poll(descriptors, { timeout: 20_000 }).toBeLessThanOrEqual(before + 30);
  });
});

test('who gives up on what cannot be stopped waits for a new process; another does not', async () => {
  const limited = await startDaemon(['--workers', '2']);
  try {
    using patient = Connection.open(limited.socket);
    const wishes = Array.from({ length: 4 }, () => ({ sql: LONG, timeoutMs: 300 }));
    const given = wishes.map((wish) =>
      expect(patient.request('Query', wish)).rejects.toMatchObject({ code: 'TIMEOUT' }),
    );
    const argv = [BIN, 'query', '--via', limited.socket, '--format=csv', 'select 41 + 1 as a'];
    expect(String(execFileSync('/bin/sh', argv, { timeout: 20_000 }))).toBe('a\n42\n');
    await Promise.all(given);
    const short = { sql: 'select 1 as a' };
    expect((await patient.request('Query', short)).result).toMatchObject({ rows: [{ a: 1 }] });
    const { result } = await patient.request('Status');
    expect(result).toMatchObject({ workers: { all: 2 } });
    expect((result['workers'] as { ended: number }).ended).toBeGreaterThan(0);
  } finally {
    await limited.stop();
  }
});

test('who connects and says nothing makes room for who comes', async () => {
  const silent = Array.from({ length: 512 }, () => net.connect(daemon.socket));
  for (const one of silent) one.on('error', () => undefined);
  await sleep(1500);
  using late = Connection.open(daemon.socket);
  expect((await late.request('Status')).result).toHaveProperty('pid', daemon.pid);
  for (const one of silent) one.destroy();
});

test('a process that takes all connections it may have locks nobody else out', async () => {
  const greedy = Array.from({ length: 300 }, () => Connection.open(daemon.socket));
  try {
    const asked = await Promise.allSettled(greedy.map((one) => one.request('Status')));
    const refusals = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(refusals.length).toBeGreaterThanOrEqual(300 - 256);
    expect(refusals[0]).toMatchObject({ code: 'LOCKED' });
    const status = execFileSync(BIN, ['serve', '--status', '--socket', daemon.socket], {
      encoding: 'utf8',
    });
    expect(status).toContain(String(daemon.pid));
  } finally {
    for (const one of greedy) one[Symbol.dispose]();
  }
});

const hasPrlimit = ((): boolean => {
  try {
    execFileSync('prlimit', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!hasPrlimit)('a daemon without descriptors left waits, and does not spin', async () => {
  const poor = await startDaemon();
  try {
    using watch = Connection.open(poor.socket);
    await expect
      .poll(async () => (await watch.request('Status')).result, { timeout: 20_000 })
      .toMatchObject({ workers: { warm: 2 } });
    const open = readdirSync(`/proc/${poor.pid}/fd`).length;
    execFileSync('prlimit', ['--pid', String(poor.pid), `--nofile=${open + 8}:`]);
    const many = Array.from({ length: 40 }, () => net.connect(poor.socket));
    for (const one of many) one.on('error', () => undefined);
    await sleep(300);
    const before = cpuTicks(poor.pid);
    await sleep(700);
    expect(cpuTicks(poor.pid) - before).toBeLessThan(20);
    for (const one of many) one.destroy();
    using next = Connection.open(poor.socket);
    expect((await next.request('Status')).result).toHaveProperty('pid', poor.pid);
    // No descriptor is left for another process either: it is started when there is one.
    const limit = (files: number): void =>
      void execFileSync('prlimit', ['--pid', String(poor.pid), `--nofile=${files}:`]);
    limit(20);
    const [first = 0] = childrenOf(poor.pid);
    process.kill(first, 'SIGKILL');
    const workers = async (): Promise<unknown> => (await next.request('Status')).result['workers'];
    await expect.poll(workers, { timeout: 20_000 }).toMatchObject({ all: 1 });
    await sleep(300);
    limit(1024);
    await expect.poll(workers, { timeout: 20_000 }).toMatchObject({ warm: 2 });
  } finally {
    await poor.stop();
  }
});

/** Hundredths of a second it computed, in all. */
function cpuTicks(pid: number): number {
  const stat = String(execFileSync('cat', [`/proc/${pid}/stat`]));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
