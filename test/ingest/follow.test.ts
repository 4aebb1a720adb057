import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { column, start, workspace } from './binary.ts';

/** Stops it as systemd does, and gives its exit code and what it said. */
async function stop(
  child: ChildProcess,
  said: () => string,
): Promise<{ code: unknown; said: string }> {
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  return { code, said: said() };
}

function listenTo(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (data: Buffer) => {
    text += data.toString();
  });
  return () => text;
}

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not happen within 20 seconds');
}

const until1 = async (root: string, count: number): Promise<string[]> =>
  until(async () => {
    const ids = await column(root, 'id').catch(() => []);
    return ids.length >= count ? ids : undefined;
  });

const rows = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => `${from + i},v${from + i}\n`).join('');
const ids = (to: number): string[] => Array.from({ length: to }, (_, id) => String(id));

test('a followed log is committed as it grows, over a rotation, and ends well on SIGTERM', async () => {
  using room = workspace('follow');
  const { path } = room;
  const log = join(path, 'log.csv');
  const data = join(path, 'data');
  writeFileSync(log, `id,v\n${rows(0, 50)}`);
  const child = start(path, [
    ...['ingest', 'log.csv', '-o', 'data/', '--follow', '--flush', '200ms', '--state', 's'],
  ]);
  const said = listenTo(child);
  await until1(data, 50);
  appendFileSync(log, rows(50, 80));
  await until1(data, 80);
  appendFileSync(log, rows(80, 90));
  renameSync(log, `${log}.1`);
  writeFileSync(log, `id,v\n${rows(90, 120)}`);
  await until1(data, 120);
  appendFileSync(log, rows(120, 130));
  expect(await stop(child, said)).toMatchObject({ code: 0 });
  expect(await column(data, 'id')).toEqual(ids(130));
}, 60_000);

test('lines sent over TCP, UDP and a Unix socket end in the dataset, bad ones counted', async () => {
  using room = workspace('listen');
  const { path } = room;
  const data = join(path, 'data');
  const child = start(path, [
    ...['ingest', 'tcp://127.0.0.1:0', 'udp://127.0.0.1:0', 'unix:in.sock', '-o', 'data/'],
    ...['--flush', '200ms', '--on-error', 'quarantine', '--rejects', 'bad.ndjson'],
  ]);
  const said = listenTo(child);
  const port = (kind: string): Promise<number> =>
    until(() => {
      const found = new RegExp(`${kind}://127.0.0.1:(\\d+)`).exec(said())?.[1];
      return found === undefined ? undefined : Number(found);
    });
  const lines = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => `{"id":${from + i},"v":"x"}`);
  const tcp = connect(await port('tcp'), '127.0.0.1');
  tcp.end(`${lines(0, 100).join('\n')}\nno json\n`);
  const udp = createSocket('udp4');
  const udpPort = await port('udp');
  for (const line of lines(100, 150)) udp.send(line, udpPort, '127.0.0.1');
  const unix = connect(join(path, 'in.sock'));
  unix.end(lines(150, 170).join('\n'));
  const seen = await until1(data, 170);
  udp.close();
  expect(
    seen
      .map(Number)
      .sort((a, b) => a - b)
      .map(String),
  ).toEqual(ids(170));
  const ended = await stop(child, said);
  expect(ended.code).toBe(5);
  expect(ended.said).toContain('1 rejected');
}, 60_000);
