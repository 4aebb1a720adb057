import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { nairobiCommand, workspace } from './binary.ts';

/** Node has no datagram sockets of the Unix kind: Python plays the service manager. */
const SUPERVISOR = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
name = sys.argv[1]
s.bind('\\0' + name[1:] if name.startswith('@') else name)
print("bound", flush=True)
while True:
    text = s.recv(4096).decode()
    print(text, flush=True)
    if text.startswith("STOPPING"): break
`;

const hasPython = spawnSync('python3', ['-c', 'import socket']).status === 0;

for (const kind of ['path', 'abstract'] as const) {
  test(`systemd is told READY, WATCHDOG in half its time, and STOPPING: ${kind} socket`, async (context) => {
    if (!hasPython) return context.skip('python3 is not installed: apt-get install python3');
    using room = workspace('notify');
    const name = join(room.path, 'notify.sock');
    const socket = kind === 'path' ? name : `@${name}`;
    const python = spawn('python3', ['-c', SUPERVISOR, socket], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    python.stdout.on('data', (data: Buffer) => {
      told += data.toString();
    });
    const until = async (pattern: RegExp): Promise<void> => {
      for (let tries = 0; tries < 300 && !pattern.test(told); tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(told).toMatch(pattern);
    };
    await until(/bound/);
    writeFileSync(join(room.path, 'log.csv'), 'id,v\n1,a\n');
    const [command = '', ...rest] = nairobiCommand;
    const args = ['ingest', 'log.csv', '-o', 'data/', '--follow', '--flush', '100ms'];
    const child = spawn(command, [...rest, ...args], {
      cwd: room.path,
      stdio: 'ignore',
      env: {
        ...process.env,
        NOTIFY_SOCKET: socket,
        WATCHDOG_USEC: '200000',
      },
    });
    await until(/READY=1[\s\S]*WATCHDOG=1[\s\S]*WATCHDOG=1/);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    await until(/STOPPING=1/);
  }, 60_000);
}

const units = fileURLToPath(new URL('../../contrib/systemd', import.meta.url));

test('systemd finds nothing wrong with the units', (context) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
    return context.skip('systemd is not installed');
  }
  using room = workspace('units');
  cpSync(units, room.path, { recursive: true });
  // The program is not installed here, and verify looks for what it starts.
  for (const file of readdirSync(room.path)) {
    const text = readFileSync(join(room.path, file), 'utf8');
    writeFileSync(join(room.path, file), text.replace(/^(ExecStart=)\S*nairobi /m, '$1/bin/true '));
  }
  const names = readdirSync(room.path)
    .filter((file) => /\.(service|timer)$/.test(file) && file.includes('ingest'))
    .map((file) => file.replace('@.', '@demo.'));
  for (const name of names) {
    const template = join(room.path, name.replace('@demo.', '@.'));
    const instance = join(room.path, name);
    if (!existsSync(instance)) cpSync(template, instance);
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', instance], {
      encoding: 'utf8',
    });
    const ours = verified.stderr.split('\n').filter((line) => line.includes('nairobi'));
    expect(ours, name).toEqual([]);
  }
});
