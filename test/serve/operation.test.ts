import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { close } from '../../src/kernel/calls.ts';
import { listenUnix } from '../../src/kernel/unix-socket.ts';
import { metricsText } from '../../src/serve/metrics.ts';
import { BIN, nairobi } from '../cli/nairobi.ts';
import { startDaemon, table } from './daemon.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-serve-op-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the daemon at work', () => {
  test('tells how it is, to people and to programs, and keeps its metrics', async () => {
    const metrics = path.join(folder, 'serve.prom');
    const daemon = await startDaemon(['--metrics', metrics]);
    const place = daemon.file('status.csv', table(10));
    using client = Connection.open(daemon.socket);
    await client.request('Open', { path: place });
    const text = nairobi(['serve', '--status', '--socket', daemon.socket]);
    expect(text.stdout).toMatch(new RegExp(`process ${daemon.pid}, up .*status\\.csv`, 's'));
    const json = JSON.parse(
      nairobi(['serve', '--status', '--socket', daemon.socket, '--json']).stdout,
    );
    expect(json).toMatchObject({ pid: daemon.pid, datasets: [{ path: place, rows: 10 }] });
    expect(readFileSync(metrics, 'utf8')).toMatch(/nairobi_serve_uptime_seconds \d+\n.*# EOF\n$/s);
    expect(await daemon.stop()).toBe(0);
    expect(existsSync(daemon.socket)).toBe(false);
    const gone = nairobi(['serve', '--status', '--socket', daemon.socket]);
    expect(gone).toMatchObject({ code: 3, stderr: expect.stringContaining('No daemon listens') });
  });

  test('takes over the socket of one that was killed', async () => {
    const first = await startDaemon();
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    expect(existsSync(first.socket)).toBe(true);
    const again = spawn('/bin/sh', [BIN, 'serve', '--socket', first.socket]);
    const [said] = (await once(again.stderr, 'data')) as [Buffer];
    expect(String(said)).toContain('serving at');
    again.kill('SIGTERM');
    expect(await once(again, 'exit')).toEqual([0, null]);
  });

  test('is started by a socket of systemd, and leaves it there', async () => {
    const socket = path.join(folder, 'activated');
    const listening = listenUnix(socket, 0o600, 8);
    // The client comes first, and waits.
    const client = Connection.open(socket);
    const answer = client.request('Status');
    const script = `LISTEN_PID=$$ LISTEN_FDS=1 exec /bin/sh ${BIN} serve`;
    const child = spawn('/bin/sh', ['-c', script], {
      stdio: ['ignore', 'ignore', 'ignore', listening],
    });
    close(listening);
    expect((await answer).result).toMatchObject({ pid: child.pid });
    client[Symbol.dispose]();
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(existsSync(socket)).toBe(true);
  });

  const python = '/usr/bin/python3';
  test.skipIf(!existsSync(python))('tells systemd when it is ready and when it stops', async () => {
    const at = path.join(folder, 'notify');
    const listener = spawn(python, [
      '-uc',
      [
        'import socket,sys',
        's=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("bound")',
        'while True:',
        '  m=s.recv(999).decode(); print(m)',
        '  if m.startswith("STOPPING"): break',
      ].join('\n'),
      at,
    ]);
    const ended = once(listener, 'exit');
    let heard = '';
    listener.stdout.on('data', (bytes) => {
      heard += String(bytes);
    });
    await once(listener.stdout, 'data');
    const daemon = await startDaemon([], { NOTIFY_SOCKET: at, WATCHDOG_USEC: '200000' });
    await expect.poll(() => heard).toContain('WATCHDOG=1');
    await daemon.stop();
    await ended;
    expect(heard).toMatch(/^bound\nREADY=1\n(WATCHDOG=1\n)+STOPPING=1\n$/);
  });
});

test('metrics are what promtool accepts', () => {
  const figures = { uptimeSeconds: 1, clients: 2, requests: 3, failures: 4 };
  const text = metricsText({ ...figures, workers: {}, memory: {}, datasets: {} });
  expect(text).toContain('# TYPE nairobi_serve_requests counter\nnairobi_serve_requests_total 3\n');
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error === undefined) expect(status, stdout + stderr).toBe(0);
});
