/** Rows that contradict what the first ones said, when they come in from outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { column, duck, nairobi, nairobiCommand, workspace } from './binary.ts';

interface Listening {
  readonly child: ChildProcess;
  readonly port: number;
  readonly output: () => string;
}

/** A port from what it says; the result is what it prints at its end. */
async function listen(path: string, args: readonly string[]): Promise<Listening> {
  const [command = '', ...rest] = nairobiCommand;
  const target = args.includes('-o') ? [] : ['-o', 'data/'];
  const wishes = [...target, '--flush', '100ms', '--metrics', 'm.prom', ...args];
  const child = spawn(command, [...rest, 'ingest', ...wishes], { cwd: path });
  let output = '';
  child.stderr.on('data', (data: Buffer) => {
    output += data.toString();
  });
  const from = Date.now();
  while (!/listening on .*:(\d+)/.test(output)) {
    if (Date.now() - from > 60_000) throw new Error(`it does not listen: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const port = Number(/listening on .*:(\d+)/.exec(output)?.[1]);
  return { child, port, output: () => output };
}

async function sendTcp(port: number, text: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.end(text);
  await once(socket.resume(), 'close');
}

async function sendUdp(port: number, text: string): Promise<void> {
  const socket = createSocket('udp4');
  for (const line of text.trimEnd().split('\n')) {
    await new Promise((resolve) => socket.send(line, port, '127.0.0.1', resolve));
  }
  socket.close();
}

/** What --metrics says so far: also while it goes on listening. */
function figure(path: string, name: string): number {
  const file = join(path, 'm.prom');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return Number(new RegExp(`^nairobi_ingest_${name}\\{.*\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

async function untilRead(path: string, rows: number, name = 'rows_read'): Promise<void> {
  for (let tries = 0; tries < 600 && figure(path, name) < rows; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(figure(path, name)).toBe(rows);
}

interface Case {
  readonly kind: 'tcp' | 'udp';
  readonly format: 'csv' | 'ndjson' | 'influx';
  readonly first: readonly string[];
  readonly later: readonly string[];
  /** Of the second lot. */
  readonly good: number;
  readonly reasons: readonly RegExp[];
  readonly values: readonly string[];
}

const CASES: readonly Case[] = [
  {
    kind: 'tcp',
    format: 'csv',
    first: ['id,v', '1,10', '2,20'],
    later: ['id,v', '3,0.5', '4,40', '5,9007199254740993', '6,007', '7,x', '8'],
    good: 2,
    reasons: [
      /"0.5" is not Int64/,
      /"007" is not Int64/,
      /"x" is not Int64/,
      /1 field where the header has 2/,
    ],
    values: ['10', '20', '40', '9007199254740993'],
  },
  {
    kind: 'udp',
    format: 'influx',
    first: ['m,h=a v=1i 1000000000', 'm,h=a v=2i 2000000000'],
    later: [
      'm,h=b v=0.5 3000000000',
      'm,h=c v=4i,w=2 4000000000',
      'broken',
      'm,h=c v=5i 5000000000',
    ],
    good: 1,
    reasons: [/"0.5" is not Int64/, /"w" is none of the columns/, /./],
    values: ['1', '2', '5'],
  },
  {
    kind: 'udp',
    format: 'ndjson',
    first: ['{"v":1}', '{"v":2}'],
    later: [
      '{"v":0.5}',
      '{"v":9223372036854775808}',
      '{"v":1e400}',
      '[1]',
      '{"v":3}',
      '{"v":null}',
    ],
    good: 2,
    reasons: [/0.5/, /9223372036854775808/, /1e400/, /no JSON object/],
    values: ['1', '2', '3', 'null'],
  },
];

for (const { kind, format, first, later, good, reasons, values } of CASES) {
  test(`rows that contradict the first ones are rejected with their reason: ${kind}, ${format}`, async () => {
    using room = workspace('listener-types');
    const { path } = room;
    const wishes = ['--on-error', 'quarantine', '--rejects', 'bad.ndjson'];
    const address = `${kind}://127.0.0.1:0`;
    const { child, port, output } = await listen(path, [
      ...[address, '--input-format', format],
      ...wishes,
    ]);
    const send = kind === 'tcp' ? sendTcp : sendUdp;
    await send(port, `${first.join('\n')}\n`);
    await untilRead(path, 2);
    await send(port, `${later.join('\n')}\n`);
    await untilRead(path, 2 + good + reasons.length);
    child.kill('SIGTERM');
    expect(await once(child, 'exit'), output()).toEqual([5, null]);
    const rejects = readFileSync(join(path, 'bad.ndjson'), 'utf8').trimEnd().split('\n');
    const said = rejects.map((line) => (JSON.parse(line) as { reason: string }).reason);
    expect(said).toHaveLength(reasons.length);
    for (const [index, reason] of reasons.entries()) expect(said[index]).toMatch(reason);
    const glob = join(path, 'data', '**', '*.parquet');
    const found = await duck(`select v from read_parquet('${glob}') order by v nulls last`);
    expect(found.flat()).toEqual(values);
    expect(figure(path, 'rows_read')).toBe(
      figure(path, 'rows_written') + figure(path, 'rows_rejected'),
    );
  });
}

test('what cannot be understood at all is counted, and ends nothing', async () => {
  using room = workspace('listener-types');
  const { path } = room;
  const { child, port, output } = await listen(path, [
    'tcp://127.0.0.1:0',
    ...['--on-error', 'quarantine', '--rejects', 'bad.ndjson'],
  ]);
  await sendTcp(port, 'GET / HTTP/1.1\r\n\r\n');
  await untilRead(path, 2);
  await sendTcp(port, '{"v":1}\n');
  await sendTcp(port, 'x'.repeat(17 << 20));
  await sendTcp(port, '{"v":2}\n');
  await untilRead(path, 2, 'rows_written');
  child.kill('SIGTERM');
  expect(await once(child, 'exit'), output()).toEqual([5, null]);
  expect(await column(join(path, 'data'), 'v')).toEqual(['1', '2']);
  expect(readFileSync(join(path, 'bad.ndjson'), 'utf8')).toMatch(/"raw":"GET \/ HTTP\/1\.1"/);
});

test.each(['csv', 'arrow', 'parquet'])(
  'a .%s file keeps what every flush brought',
  async (ending) => {
    using room = workspace('listener-types');
    const { path } = room;
    const rejects = ['--on-error', 'quarantine', '--rejects', 'bad.ndjson'];
    const { child, port } = await listen(path, [
      ...['tcp://127.0.0.1:0', ...rejects, '-o', `out.${ending}`],
    ]);
    for (const [flush, bad] of ['', '{"v":"bad1"}\n', '{"v":"bad2"}\n'].entries()) {
      await sendTcp(port, `{"v":1}\n${bad}`);
      await untilRead(path, 2 * flush + 1);
    }
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([5, null]);
    const { stdout } = nairobi(path, [
      'query',
      `select sum(v) as s, count(*) as n from 'out.${ending}'`,
    ]);
    expect(stdout).toBe('s,n\n3,3\n');
    expect(readFileSync(join(path, 'bad.ndjson'), 'utf8').match(/"raw":"[^}]*bad\d/g)).toHaveLength(
      2,
    );
  },
);

test('with --on-error null the row stays, the value is null and counted', async () => {
  using room = workspace('listener-types');
  const { path } = room;
  const { child, port } = await listen(path, ['tcp://127.0.0.1:0', '--on-error', 'null']);
  await sendTcp(port, '{"v":1}\n{"v":2}\n');
  await untilRead(path, 2);
  await sendTcp(port, '{"v":0.5}\n{"v":3}\n');
  await untilRead(path, 4);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([5, null]);
  expect((await column(join(path, 'data'), 'v')).sort()).toEqual(['1', '2', '3', 'null']);
});

test('with --on-error fail it ends with the place, and what was committed stays', async () => {
  using room = workspace('listener-types');
  const { path } = room;
  const { child, port, output } = await listen(path, ['tcp://127.0.0.1:0', '--on-error', 'fail']);
  await sendTcp(port, '{"v":1}\n{"v":2}\n');
  await untilRead(path, 2);
  await sendTcp(port, '{"v":3}\n{"v":0.5}\n');
  expect(await once(child, 'exit')).toEqual([1, null]);
  expect(output()).toMatch(/"0.5" is not Int64 in column "v"\n {2}at tcp:.*#2:2:v \(byte/);
  expect(await column(join(path, 'data'), 'v')).toEqual(['1', '2']);
});
