/** Sources a client hands over as open files. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, readdirSync, readlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import type { JsonObject } from '../../src/client/protocol.ts';
import { memfdCreate } from '../../src/kernel/calls.ts';
import { OPEN } from '../../src/kernel/constants.ts';
import type { Fd } from '../../src/kernel/syscall.ts';
import { sealedBytes } from '../../src/memory/sealed.ts';
import { type Running, startDaemon, table } from './daemon.ts';

let daemon: Running;
let client: Connection;
beforeAll(async () => {
  daemon = await startDaemon();
  client = Connection.open(daemon.socket);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await daemon.stop();
});

const give = async (fd: number, params: JsonObject = {}, from = client): Promise<JsonObject> =>
  (await from.request('Open', { fd: 0, ...params }, [fd as Fd])).result;
const ask = async (...args: Parameters<Connection['request']>): Promise<JsonObject> =>
  (await client.request(...args)).result;
const memory = (text: string): Fd => sealedBytes('test', Buffer.from(text)).fd;
/** Files in memory the daemon has open. */
const descriptors = (): number =>
  readdirSync(`/proc/${daemon.pid}/fd`).filter((name) => {
    try {
      return readlinkSync(`/proc/${daemon.pid}/fd/${name}`).startsWith('/memfd:');
    } catch {
      return false;
    }
  }).length;
const fifo = (): string => {
  const place = path.join(daemon.folder, 'fifo');
  execFileSync('mkfifo', [place]);
  return place;
};
const known = async (): Promise<unknown[]> => (await ask('List'))['datasets'] as unknown[];

describe('a descriptor', () => {
  test('of memory is a source like any file, until it is closed', async () => {
    const before = descriptors();
    const fd = memory(table(5_000));
    const opened = await give(fd, { name: 'sensors.csv' });
    closeSync(fd);
    expect(opened).toMatchObject({ path: 'sensors.csv', name: 'sensors', rows: 5_000 });
    const dataset = String(opened['dataset']);
    const sql = 'select count(*) as n, max(x) as m from sensors';
    expect(await ask('Query', { dataset, sql: sql.replace('sensors', 'data') })).toMatchObject({
      rows: [{ n: 5_000, m: 4_999 }],
    });
    expect(await ask('Query', { tables: { sensors: dataset }, sql })).toMatchObject({
      rows: [{ n: 5_000, m: 4_999 }],
    });
    expect(await ask('Close', { dataset })).toEqual({ closed: true, inMemory: false });
    await expect(ask('Schema', { dataset })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });

  test('of a file is read again when that has changed', async () => {
    const file = daemon.file('given.csv', 'a\n1\n');
    const fd = openSync(file, 'r+');
    const dataset = String((await give(fd))['dataset']);
    const sql = 'select sum(a) as s from data';
    expect(await ask('Query', { dataset, sql })).toMatchObject({ rows: [{ s: 1 }] });
    writeSync(fd, 'a\n1\n41\n', 0);
    expect(await ask('Query', { dataset, sql })).toMatchObject({ rows: [{ s: 42 }] });
    ftruncateSync(fd, 0);
    closeSync(fd);
    await expect(ask('Query', { dataset, sql })).rejects.toMatchObject({ code: 'BAD_DATA' });
    await ask('Close', { dataset });
  });

  test('that was given goes with who gave it', async () => {
    const before = descriptors();
    const other = Connection.open(daemon.socket);
    await give(memory('a\n1\n'), {}, other);
    expect(await known()).toHaveLength(1);
    other[Symbol.dispose]();
    await expect.poll(known).toHaveLength(0);
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });

  test('is let go of after a mistake, and when the request is given up', async () => {
    const before = descriptors();
    const fd = memory(table(50_000));
    const wrong: JsonObject[] = [
      { data: 'yes' },
      { nonsense: 1 },
      { timeoutMs: 'long' },
      { read: { format: 'json' } },
      { read: { types: { x: 'date' } } },
      { name: '../a.csv' },
      { fd: 1 },
      { timeoutMs: 0 },
    ];
    for (const params of wrong) await expect(give(fd, params)).rejects.toThrow();
    closeSync(fd);
    await expect.poll(known, { timeout: 10_000 }).toHaveLength(0);
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });

  test.each([
    ['a pipe', () => openSync(fifo(), 'r+'), 'NOT_SUPPORTED'],
    ['a device', () => openSync('/dev/zero', 'r'), 'NOT_SUPPORTED'],
    ['a directory', () => openSync('/', 'r'), 'NOT_SUPPORTED'],
    ['a file open for writing', () => openSync('/dev/null', 'w'), 'NOT_READABLE'],
    ['a path', () => openSync('/etc/passwd', OPEN.O_PATH), 'NOT_READABLE'],
  ])('of %s is refused', async (_what, open, code) => {
    const fd = open();
    await expect(give(fd)).rejects.toMatchObject({ code });
    closeSync(fd);
    expect(await known()).toHaveLength(0);
  });

  test('closed while it is asked about is not mistaken for another', async () => {
    for (let round = 0; round < 20; round += 1) {
      const fd = memfdCreate('changing', 0) as Fd;
      writeSync(fd, 'a\n1\n');
      const dataset = String((await give(fd))['dataset']);
      writeSync(fd, '2\n');
      const sql = 'select sum(a) as s from data';
      const asked = client.request('Query', { dataset, sql });
      const closed = client.request('Close', { dataset });
      const secret = give(memory('a\n1000\n'));
      expect((await asked).result).toMatchObject({ rows: [{ s: 3 }] });
      await closed;
      await ask('Close', { dataset: String((await secret)['dataset']) });
      closeSync(fd);
    }
    expect(await known()).toHaveLength(0);
  });
});

test('with --allow-path, a file outside may be given, and no name leads there', async () => {
  const inside = path.join(daemon.folder, 'run');
  const guarded = await startDaemon(['--allow-path', inside]);
  try {
    using guest = Connection.open(guarded.socket);
    const fd = openSync(daemon.file('outside.csv', 'a\n7\n'), 'r');
    const opened = await give(fd, {}, guest);
    expect(opened).toMatchObject({ rows: 1 });
    const query = { dataset: String(opened['dataset']), sql: 'select a from data' };
    expect((await guest.request('Query', query)).result).toMatchObject({ rows: [{ a: 7 }] });
    const named = guest.request('Open', { path: path.join(daemon.folder, 'outside.csv') });
    await expect(named).rejects.toMatchObject({ code: 'NOT_READABLE' });
    closeSync(fd);
  } finally {
    await guarded.stop();
  }
});

test('--client-memory bounds what one client holds, and nobody else', async () => {
  const small = await startDaemon(['--client-memory', '2MiB']);
  try {
    using one = Connection.open(small.socket);
    using other = Connection.open(small.socket);
    const open = async (name: string, from: Connection): Promise<JsonObject> =>
      (await from.request('Open', { path: small.file(name, table(40_000)) })).result;
    const first = await open('a.csv', one);
    await expect(open('b.csv', one)).rejects.toMatchObject({ code: 'MEMORY_LIMIT' });
    expect(await open('b.csv', other)).toMatchObject({ rows: 40_000 });
    await one.request('Close', { dataset: String(first['dataset']) });
    expect(await open('b.csv', one)).toMatchObject({ rows: 40_000 });
    const large = small.file('c.csv', table(400_000));
    await expect(one.request('Open', { path: large })).rejects.toMatchObject({
      code: 'MEMORY_LIMIT',
    });
  } finally {
    await small.stop();
  }
});
