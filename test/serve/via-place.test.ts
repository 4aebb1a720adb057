/** Command lines whose answer depends on where they run: a daemon must not change it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { frameOf } from '../../src/client/frames.ts';
import { BIN } from '../cli/nairobi.ts';
import { type Running, startDaemon, table } from './daemon.ts';

let daemon: Running;

/** Its variables are not those of its clients; the rows are in its memory. */
beforeAll(async () => {
  daemon = await startDaemon([], { NO_COLOR: '1', TERM: 'dumb' });
  daemon.file('t.csv', table(2_000));
  const fraction = (i: number): string => (((i * 2_654_435_761) % 1_000_003) / 997).toFixed(6);
  const rows = Array.from({ length: 2_000 }, (_, i) => `${i % 13},${fraction(i)}`);
  daemon.file('doubles.csv', `g,v\n${rows.join('\n')}\n`);
  using client = Connection.open(daemon.socket);
  for (const name of ['t.csv', 'doubles.csv']) {
    await client.request('Open', { path: path.join(daemon.folder, name) });
  }
  symlinkSync('/dev/stdin', path.join(daemon.folder, 'link'));
});
afterAll(async () => {
  await daemon.stop();
});

interface Given {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** The line in a shell, where VIA is --via and where to. */
function shell(line: string, via: string, { input = '', env, cwd = daemon.folder }: Given = {}) {
  const script = line.replaceAll('nairobi', BIN).replaceAll('VIA', `--via ${via}`);
  const { stdout, stderr, status } = spawnSync('/bin/bash', ['-c', script], {
    cwd,
    input,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { stdout, stderr, status };
}

describe('with a daemon and without it, the same comes of', () => {
  const hasScript = spawnSync('script', ['--version']).status === 0;

  test.each([
    ['"-" in quotes', `nairobi query VIA "select sum(a) from '-'"`],
    ['a link to standard input', 'nairobi query VIA "select a from data" link'],
    ['a pipe in the folder', `mkfifo p; cat > p & nairobi query VIA "select a from 'p'"; rm p`],
    [
      'a reader that goes away',
      `nairobi query VIA "select t.* from 't.csv' t, 't.csv' u where u.x < 60" | head -1; echo \${PIPESTATUS[0]}`,
    ],
    ['a full disk', 'nairobi query VIA "select 1" > /dev/full; echo $?'],
    ['a working directory that is gone', 'mkdir g; cd g; rmdir ../g; nairobi query VIA "select 1"'],
    [
      'progress for programs',
      'nairobi query VIA "select x from data limit 1" t.csv --progress json',
    ],
    [
      'adding up doubles',
      'nairobi query VIA "select sum(v), avg(v), corr(v, g) from \'doubles.csv\'"',
    ],
    [
      'doubles by groups',
      'nairobi query VIA "select g, sum(v), stddev(v) from \'doubles.csv\' group by g order by g"',
    ],
  ])('%s', (_what, line) => {
    const given = { input: 'a\n7\n8\n' };
    const alone = shell(line, 'never', given);
    expect(shell(line, daemon.socket, given)).toEqual(alone);
  });

  test.skipIf(!hasScript).each([{}, { NO_COLOR: '1' }, { TERM: 'dumb' }])(
    'a terminal with %j',
    (env) => {
      const line = `script -qec "nairobi query VIA \\"select x, s from 't.csv' limit 2\\"" /dev/null`;
      const wishes = { env: { TERM: 'xterm', NO_COLOR: '', ...env } };
      const alone = shell(line, 'never', wishes);
      expect(alone.stdout).toContain('k0');
      expect(shell(line, daemon.socket, wishes)).toEqual(alone);
    },
  );

  test('a directory that was made again under its name', () => {
    const cwd = path.join(daemon.folder, 'again');
    for (const value of [1, 22]) {
      rmSync(cwd, { recursive: true, force: true });
      mkdirSync(cwd);
      writeFileSync(path.join(cwd, 'x.csv'), `a\n${value}\n`);
      const line = `nairobi query VIA "select a from 'x.csv'"`;
      expect(shell(line, daemon.socket, { cwd }).stdout).toBe(`a\n${value}\n`);
    }
  });
});

describe('what the daemon cannot do is done by the program', () => {
  test('where the daemon may not read', async () => {
    const inside = path.join(daemon.folder, 'inside');
    mkdirSync(inside);
    const confined = await startDaemon(['--allow-path', inside]);
    const line = `nairobi query VIA "select count(*) as n from 't.csv'"`;
    const outcome = shell(line, confined.socket);
    expect(await confined.stop()).toBe(0);
    expect(outcome).toEqual({ stdout: 'n\n2000\n', stderr: '', status: 0 });
  });

  test('where the name of its directory means another one to the daemon', async () => {
    using client = Connection.open(daemon.socket);
    const params = { command: 'stats', argv: ['t.csv'], cwd: daemon.folder, place: '0:0' };
    expect((await client.request('Command', params)).result).toHaveProperty('instead');
  });

  test('and no variable but a few is the client’s to set', async () => {
    using client = Connection.open(daemon.socket);
    const env = { XDG_CACHE_HOME: daemon.folder };
    const params = { command: 'stats', argv: ['t.csv'], cwd: daemon.folder, env };
    await expect(client.request('Command', params)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('when the daemon was killed, or does not answer', async () => {
    const dead = await startDaemon();
    const env = { NAIROBI_SOCKET: dead.socket };
    const line = `nairobi query VIA "select max(x) as m from 't.csv'"`;
    const expected = { stdout: 'm\n1999\n', stderr: '', status: 0 };
    dead.process.kill('SIGSTOP');
    expect(shell(line, 'auto', { env })).toEqual(expected);
    dead.process.kill('SIGKILL');
    await once(dead.process, 'exit');
    expect(existsSync(dead.socket)).toBe(true);
    expect(shell(line, 'auto', { env })).toEqual(expected);
    expect(shell(line, dead.socket)).toMatchObject({ stdout: '', status: 3 });
    rmSync(dead.folder, { recursive: true });
  });

  test.each([
    ['is of another version', { hello: { protocol: 1, program: 'nairobi/0.0.1' } }],
    [
      'speaks another protocol',
      { id: 0, error: { code: 'NOT_SUPPORTED', message: 'no', exit: 1 } },
    ],
    ['ends in the middle', undefined],
  ])('when it %s', async (_what, first) => {
    const socket = path.join(daemon.folder, 'other');
    const server = net.createServer((stream) => {
      stream.on('error', () => undefined).resume();
      if (first === undefined) stream.end();
      else stream.write(frameOf(JSON.stringify(first)));
    });
    await once(server.listen(socket), 'listening');
    const words = ['query', '--via', socket, "select max(x) as m from 't.csv'"];
    const child = spawn('/bin/sh', [BIN, ...words], { cwd: daemon.folder });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => {
        said += String(bytes);
      });
    }
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(said).toBe('m\n1999\n');
    await new Promise((resolve) => server.close(resolve));
  });
});
