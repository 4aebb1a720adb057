import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import type { JsonObject } from '../../src/client/protocol.ts';
import { Gate } from '../../src/engine/inputs/gate.ts';
import { BIN } from '../cli/nairobi.ts';
import { type Running, startDaemon } from './daemon.ts';

let daemon: Running;
let client: Connection;
let inside: string;

beforeAll(async () => {
  const first = await startDaemon();
  // The directory has to be there when the daemon starts.
  inside = path.join(first.folder, 'inside');
  mkdirSync(inside);
  await first.stop();
  mkdirSync(inside, { recursive: true });
  daemon = await startDaemon(['--allow-path', inside]);
  client = Connection.open(daemon.socket);
  writeFileSync(path.join(inside, 'good.csv'), 'a\n1\n2\n');
  const secret = daemon.file('secret.csv', 'a\n7\n');
  symlinkSync(secret, path.join(inside, 'link.csv'));
  symlinkSync(daemon.folder, path.join(inside, 'door'));
  symlinkSync('good.csv', path.join(inside, 'alias.csv'));
  symlinkSync('/no-such-directory/secret.csv', path.join(inside, 'nowhere.csv'));
});
afterAll(async () => {
  client[Symbol.dispose]();
  await daemon.stop();
});

const ask = async (...args: Parameters<Connection['request']>): Promise<JsonObject> =>
  (await client.request(...args)).result;

const hasStrace = spawnSync('strace', ['true']).status === 0;

describe('--allow-path', () => {
  test('lets through what lies below it, by any name', async () => {
    expect(await ask('Open', { path: path.join(inside, 'good.csv') })).toMatchObject({ rows: 2 });
    expect(await ask('Open', { path: 'alias.csv', cwd: inside })).toMatchObject({ rows: 2 });
    expect(await ask('Open', { path: path.join(inside, 'g*.csv') })).toMatchObject({ rows: 2 });
    const sql = 'select sum(a) as s from "good.csv"'.replaceAll('"', "'");
    expect(await ask('Query', { sql, cwd: inside })).toMatchObject({ rows: [{ s: 3 }] });
  });

  test.each([
    ['an absolute path', '/etc/passwd'],
    ['dots', '../secret.csv'],
    ['a link to a file', 'link.csv'],
    ['a link to a directory', 'door/secret.csv'],
    ['a pattern through a link', 'door/*.csv'],
    ['a pattern that meets a link', 'l*.csv'],
    ['the directory with the links in it', '.'],
    ['a descriptor of the daemon', '/proc/self/fd/0'],
    ['a path that begins like it', `../inside-out.csv`],
  ])('keeps %s out', async (_what, place) => {
    writeFileSync(path.join(inside, '../inside-out.csv'), 'a\n9\n');
    const refused = { code: 'NOT_READABLE' };
    await expect(ask('Open', { path: place, cwd: inside })).rejects.toMatchObject(refused);
    const sql = `select * from '${place}'`;
    await expect(ask('Query', { sql, cwd: inside })).rejects.toMatchObject(refused);
    const said = await ask('Command', { command: 'query', argv: [sql], cwd: inside });
    // The client may read what the daemon may not.
    expect(said).toEqual({ instead: expect.any(String) });
  });

  test.each([
    ['a path', '/etc/passwd', '/etc/no-such-file'],
    ['a path through a link', 'door/secret.csv', 'door/no-such.csv'],
    ['a path back through a link', 'door/../secret.csv', 'door/../no-such.csv'],
    ['one of two places', '{x,../secret.csv}', '{x,../no-such.csv}'],
    ['one of two directories', '{x,..}/secret.csv', '{x,..}/no-such.csv'],
    ['one of two that is a link', '{x,door}/secret.csv', '{x,door}/no-such.csv'],
    ['a pattern that meets links', '*/secret.csv', '*/no-such.csv'],
    ['a pattern and back', 'd*/../secret.csv', 'd*/../no-such.csv'],
    ['a pattern at any depth', '**/secret.csv', '**/no-such.csv'],
    ['a link', 'link.csv', 'nowhere.csv'],
    ['an address', 'file:///etc/passwd', 'file:///etc/no-such'],
    ['a named source', 'x=/etc/passwd', 'x=/etc/no-such'],
    ['a name that is nearly right', 'door/../secret.cs', 'door/../no-such.cs'],
  ])('says nothing of what is there outside: %s', async (_what, there, notThere) => {
    const told = async (place: string): Promise<unknown> => {
      const sql = `select * from '${place}'`;
      const asked = [
        ask('Open', { path: place, cwd: inside }),
        ask('Query', { sql, cwd: inside }),
        ask('Command', { command: 'query', argv: [sql], cwd: inside }),
        ask('Command', { command: 'stats', argv: [place], cwd: inside }),
      ];
      const settled = await Promise.allSettled(asked);
      const name = place.replace(/.*\//, '');
      return JSON.stringify(settled)
        .replaceAll(place, '')
        .replaceAll(name, '')
        .replaceAll(/"column":\d+/g, '')
        .replaceAll(/ *\^/g, '');
    };
    expect(await told(there)).toBe(await told(notThere));
  });

  test('has relative names begin at any cwd, without telling whether that is there', async () => {
    const places = ['/etc', '/no-such', path.join(inside, 'door'), path.join(inside, 'door/none')];
    const told = places.map(async (cwd) => {
      const asked = [
        ask('Query', { sql: 'select 1 as a', cwd }),
        ask('Command', { command: 'query', argv: ['select 1 as a'], cwd, place: '1:1' }),
        ask('Query', { sql: "select * from 'passwd'", cwd }),
        ask('Open', { path: path.join(inside, 'good.csv'), cwd }).then(({ rows }) => rows ?? null),
        ask('Open', { path: 'passwd', cwd }),
      ];
      return JSON.stringify(await Promise.allSettled(asked)).replaceAll(cwd, '');
    });
    const [first, ...rest] = await Promise.all(told);
    expect(first).toContain('"rows":[{"a":1}]');
    for (const one of rest) expect(one).toBe(first);
  });

  test('begins relative names anywhere, without telling whether that is there', () => {
    using gate = new Gate([inside]);
    const cwd = process.cwd;
    const went: string[] = [];
    const go = (directory: string): void => gate.goTo(directory, (place) => went.push(place));
    try {
      for (const place of ['/etc', '/no-such', path.join(inside, 'door')]) {
        go(place);
        expect(process.cwd()).toBe(place);
        expect(() => gate.look('passwd')).toThrow('may not read');
      }
      go(inside);
      expect(gate.look('good.csv')?.isFile()).toBe(true);
    } finally {
      process.cwd = cwd;
    }
    expect(went).toEqual(['/', '/', '/', expect.stringMatching(/^\/proc\/self\/fd\//)]);
  });

  test.skipIf(!hasStrace)('is refused where the kernel has no openat2', () => {
    const trace = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=openat2'];
    const words = ['-e', 'inject=openat2:error=ENOSYS', '/bin/sh', BIN, 'serve', '--bus', 'none'];
    const socket = path.join(daemon.folder, 'other/socket');
    const said = spawnSync(
      'strace',
      [...trace, ...words, '--socket', socket, '--allow-path', inside],
      {
        encoding: 'utf8',
        timeout: 30_000,
      },
    );
    expect(said.stderr).toContain('openat2');
    expect(said.status).toBe(3);
  });
});

describe('a command line', () => {
  test.each([
    ['stats', ['good.csv', '--html', 'page.html']],
    ['stats', ['good.csv', '--cache']],
    ['stats', ['good.csv', '--expect', '/etc/passwd']],
    ['query', ['-f', '/etc/passwd']],
    ['query', ['-qf', '/etc/passwd']],
    ['query', ['select 1', '--types', '@/etc/passwd']],
    ['plot', ['good.csv', '--spec', '/etc/passwd']],
    ['plot', ['good.csv', '--allow-url', 'http://localhost']],
    ['plot', ['good.csv', '--open', '-o', 'x.png']],
  ])('that reads or writes elsewhere is left to the client: %s %j', async (command, argv) => {
    const said = await ask('Command', { command, argv, cwd: inside });
    expect(said).toHaveProperty('instead');
    expect(existsSync(path.join(inside, 'page.html'))).toBe(false);
  });

  test('never writes the file of -o itself', async () => {
    const argv = ['select 1 as a', '-o', 'written.csv'];
    const connection = Connection.open(daemon.socket);
    // The tail is not for this client; what matters is that nothing is written.
    const said = connection.request('Command', { command: 'query', argv, cwd: inside });
    expect((await said).result).toMatchObject({ exit: 0, files: [{ path: 'written.csv' }] });
    connection[Symbol.dispose]();
    expect(existsSync(path.join(inside, 'written.csv'))).toBe(false);
  });
});

describe('the socket', () => {
  test('is its owner’s alone', () => {
    expect(statSync(daemon.socket).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(daemon.socket)).mode & 0o777).toBe(0o700);
  });

  const isRoot = process.getuid?.() === 0;
  const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0;
  const hasPython = spawnSync('/usr/bin/python3', ['--version']).status === 0;
  const able = isRoot && hasSetpriv && hasPython;

  test.skipIf(!able)('refuses another user even where the file lets him in (as root)', () => {
    chmodSync(daemon.folder, 0o755);
    chmodSync(path.dirname(daemon.socket), 0o755);
    chmodSync(daemon.socket, 0o666);
    const script = [
      'import socket,sys',
      's=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])',
      'd=b""',
      'while True:',
      '  try: p=s.recv(4096)',
      '  except ConnectionResetError: break',
      '  if not p: break',
      '  d+=p',
      'print(d)',
    ].join('\n');
    const other = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const words = [...other, '/usr/bin/python3', '-c', script, daemon.socket];
    const { stdout, stderr } = spawnSync('setpriv', words, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain('NOT_READABLE');
    expect(stdout).not.toContain('hello');
  });
});
