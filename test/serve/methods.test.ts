import { closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pl from 'nodejs-polars';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import type { JsonObject } from '../../src/client/protocol.ts';
import { isSealed } from '../../src/memory/sealed.ts';
import { nairobi } from '../cli/nairobi.ts';
import { type Running, startDaemon, table } from './daemon.ts';

let daemon: Running;
let client: Connection;

beforeAll(async () => {
  daemon = await startDaemon();
  client = Connection.open(daemon.socket);
});
afterAll(async () => {
  client[Symbol.dispose]();
  expect(await daemon.stop()).toBe(0);
});

const ask = async (...args: Parameters<Connection['request']>): Promise<JsonObject> =>
  (await client.request(...args)).result;

const open = async (name: string, content: string): Promise<string> => {
  const { dataset } = await ask('Open', { path: daemon.file(name, content) });
  return dataset as string;
};

test('figures and charts of a query take its parameters', async () => {
  const dataset = await open('params.csv', table(100));
  const params = { least: { integer: '90' }, s: "k'; drop" };
  const where = 'x >= $least and s <> $s';
  const of = { dataset, params, where };
  expect(await ask('Stats', { ...of, columns: ['x'] })).toMatchObject({
    columns: [{ count: 10, min: 90 }],
  });
  expect(await ask('Plot', { ...of, x: 'x', y: 'y' })).toMatchObject({ rows: 10 });
  await expect(ask('Stats', { ...of, params: { least: [1] } })).rejects.toThrow('has to be a text');
});

describe('a source that is opened', () => {
  test('is read once and described, however often it is opened', async () => {
    const place = daemon.file('once.csv', table(100));
    const first = await ask('Open', { path: place });
    const again = await ask('Open', { path: path.basename(place), cwd: daemon.folder });
    expect(first).toMatchObject({ rows: 100, version: 1, inMemory: true, name: 'once' });
    expect(first['columns']).toEqual([
      { name: 'x', type: 'Int64' },
      { name: 'y', type: 'Float64' },
      { name: 's', type: 'String' },
    ]);
    expect(again).toMatchObject({ dataset: first['dataset'], version: 1 });
  });

  test('is read again when its file changed', async () => {
    const dataset = await open('change.csv', table(10));
    writeFileSync(path.join(daemon.folder, 'change.csv'), table(25));
    const sql = 'select count(*) as n, max(x) as m from data';
    expect(await ask('Query', { dataset, sql })).toMatchObject({ rows: [{ n: 25, m: 24 }] });
    expect(await ask('Schema', { dataset })).toMatchObject({ rows: 25, version: 2 });
  });

  test('is not answered from memory when its file is gone', async () => {
    const dataset = await open('gone.csv', table(10));
    rmSync(path.join(daemon.folder, 'gone.csv'));
    const asked = ask('Query', { dataset, sql: 'select count(*) from data' });
    await expect(asked).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('is handed over as a sealed Arrow file', async () => {
    const place = daemon.file('arrow.csv', table(50));
    const { result, fds } = await client.request('Open', { path: place, data: true });
    const [fd] = fds;
    if (fd === undefined) throw new Error('there is no descriptor');
    expect(isSealed(fd)).toBe(true);
    expect(() => writeFileSync(`/proc/self/fd/${fd}`, 'x')).toThrow();
    const frame = pl.readIPC(readFileSync(`/proc/self/fd/${fd}`));
    expect([frame.height, frame.columns]).toEqual([50, ['x', 'y', 's']]);
    expect(result['data']).toMatchObject({ format: 'arrow', fd: 0 });
    closeSync(fd);
  });

  test('is understood as its options say', async () => {
    const place = daemon.file('odd.txt', '1;2\n3;4\n');
    const read = { format: 'csv', header: false, types: { column_1: 'text' } };
    const opened = await ask('Open', { path: place, read });
    expect(opened['rows']).toBe(2);
    expect((opened['columns'] as JsonObject[])[0]).toMatchObject({ type: 'String' });
  });
});

describe('a dataset', () => {
  test('answers SQL, with values that are bound and other datasets beside it', async () => {
    const dataset = await open('a.csv', table(100));
    const other = await open('b.csv', 's,name\nk0,zero\nk1,one\n');
    const sql =
      'select name, count(*) as n from data join b using (s) where x < $most group by name order by name';
    const answer = await ask('Query', { dataset, tables: { b: other }, sql, params: { most: 50 } });
    expect(answer['rows']).toEqual([
      { name: 'one', n: 7 },
      { name: 'zero', n: 8 },
    ]);
  });

  test('gives what is large by descriptor, and integers to the digit', async () => {
    const dataset = await open('large.csv', table(20_000));
    const sql = 'select x + 9007199254740993 as big, y from data';
    const { result, fds } = await client.request('Query', { dataset, sql, as: 'arrow' });
    const frame = pl.readIPC(readFileSync(`/proc/self/fd/${fds[0]}`));
    expect(frame.height).toBe(20_000);
    expect(result['rowCount']).toBe(20_000);
    const json = await client.request('Query', { dataset, sql });
    expect(json.result['data']).toMatchObject({ format: 'json', fd: 0 });
    const text = readFileSync(`/proc/self/fd/${json.fds[0]}`, 'utf8');
    expect(text).toContain('9007199254740993');
    for (const fd of [...fds, ...json.fds]) closeSync(fd);
  });

  test('knows its figures, all of them or one', async () => {
    const dataset = await open('figures.csv', table(1_000));
    const { columns } = (await ask('Stats', { dataset, columns: ['x'] })) as {
      columns: JsonObject[];
    };
    expect(columns[0]).toMatchObject({ column: 'x', count: 1000, mean: 499.5 });
    const some = await ask('Column', { dataset, column: 'y', figures: ['mean', 'p95', 'max'] });
    const near = { mean: 12.375, p95: expect.closeTo(23.5125, 9), max: 24.75 };
    expect(some).toEqual({ figures: near });
    const texts = await ask('Column', { dataset, column: 's', figure: 'distinct' });
    expect(texts).toEqual({ figures: { distinct: 7 } });
    const corr = await ask('Stats', { dataset, question: { is: 'corr' } });
    expect(corr).toHaveProperty('spearman');
  });

  test('is drawn', async () => {
    const dataset = await open('draw.csv', table(300));
    const { result, fds } = await client.request('Plot', { dataset, x: 'x', y: 'y', inlineMax: 0 });
    const png = readFileSync(`/proc/self/fd/${fds[0]}`);
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(result).toMatchObject({ rows: 300, data: { format: 'png', bytes: png.length } });
    const svg = await ask('Plot', { dataset, x: 'x', format: 'svg', inlineMax: 1_000_000 });
    expect((svg['data'] as JsonObject)['text']).toMatch(/^<svg/);
    for (const fd of fds) closeSync(fd);
  });

  test('is let go by Close, and given back with evict', async () => {
    const dataset = await open('close.csv', table(10));
    expect(await ask('Close', { dataset })).toEqual({ closed: true, inMemory: true });
    expect(await ask('Close', { dataset, evict: true })).toEqual({
      closed: false,
      inMemory: false,
    });
    await expect(ask('Schema', { dataset })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('Run', () => {
  test('opens, asks, sums up and draws in one call', async () => {
    const { result, fds } = await client.request('Run', {
      open: { path: daemon.file('run.csv', table(500)) },
      query: { sql: 'select s, avg(y) as m from data group by s order by s', as: 'arrow' },
      stats: { columns: ['y'] },
      column: { column: 'x', figures: ['sd'] },
      plot: { x: 'x', y: ['y'], format: 'png' },
      inlineMax: 0,
    });
    expect(result).toMatchObject({
      dataset: { rows: 500 },
      query: { rowCount: 7, data: { format: 'arrow', fd: 0 } },
      stats: { rows: 500 },
      plot: { data: { format: 'png', fd: 1 } },
    });
    expect(Object.keys(result['ms'] as object)).toEqual([
      'open',
      'query',
      'stats',
      'column',
      'plot',
    ]);
    expect(fds.map((fd) => isSealed(fd))).toEqual([true, true]);
    for (const fd of fds) closeSync(fd);
  });
});

describe('an error', () => {
  test.each([
    ['an unknown method', 'Quary', {}, 'USAGE'],
    ['an unknown field', 'Query', { sql: 'select 1', dataste: 'd' }, 'USAGE'],
    ['an unknown dataset', 'Schema', { dataset: 'd0' }, 'NOT_FOUND'],
    ['a missing file', 'Open', { path: '/nowhere/at/all.csv' }, 'NOT_FOUND'],
    ['a relative path', 'Open', { path: 'all.csv' }, 'USAGE'],
    ['bad SQL', 'Query', { sql: 'select from where' }, 'BAD_SQL'],
  ])('has the code of the command line: %s', async (_what, method, params, code) => {
    await expect(ask(method as 'Open', params)).rejects.toMatchObject({ code });
  });

  test('says where and what to do', async () => {
    const dataset = await open('hint.csv', table(10));
    const asked = ask('Column', { dataset, column: 'yy', figure: 'mean' });
    await expect(asked).rejects.toMatchObject({
      code: 'UNKNOWN_COLUMN',
      hint: 'did you mean "y"?',
    });
  });
});

describe('requests', () => {
  test('run side by side on one connection and may be cancelled', async () => {
    const dataset = await open('slow.csv', table(3_000));
    const sql = 'select count(*) as n from data a, data b where a.y * b.y > 1';
    const { id, answer } = client.start('Query', { dataset, sql });
    const quick = ask('Schema', { dataset });
    expect(await quick).toMatchObject({ rows: 3_000 });
    const cancelled = await ask('Cancel', { id });
    if (cancelled['cancelled'] === true) {
      await expect(answer).rejects.toMatchObject({ code: 'INTERRUPTED' });
    }
    expect(await ask('Query', { dataset, sql: 'select 1 as one' })).toMatchObject({
      rows: [{ one: 1 }],
    });
  });

  test('that take too long are answered with TIMEOUT', async () => {
    const dataset = await open('late.csv', table(3_000));
    const sql = 'select count(*) as n from data a, data b where a.y * b.y > 1';
    const late = ask('Query', { dataset, sql, timeoutMs: 1 });
    await expect(late).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('a second daemon', () => {
  test('does not take the place of the first', () => {
    const second = nairobi(['serve', '--socket', daemon.socket]);
    expect(second).toMatchObject({ code: 75, stderr: expect.stringContaining('Another daemon') });
    const status = nairobi(['serve', '--status', '--socket', daemon.socket, '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ pid: daemon.pid });
  });
});
