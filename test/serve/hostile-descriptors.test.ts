/** Descriptors sent to do harm: nobody waits for them, and the wrong thing is not read. */
import { closeSync, openSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import { frameOf } from '../../src/client/frames.ts';
import { SOCKET, SYS } from '../../src/kernel/constants.ts';
import { addressOf, type Fd, syscall } from '../../src/kernel/syscall.ts';
import { connectUnix, UnixStream } from '../../src/kernel/unix-socket.ts';
import { type Running, startDaemon } from './daemon.ts';

const HELLO = frameOf('{"hello":{"protocol":1,"program":"hostile"}}');
const request = (method: string, params: object, fds: number): Buffer =>
  frameOf(JSON.stringify({ id: 1, method, params, fds }));

let daemon: Running;
let client: Connection;
const sink = net.createServer((socket) => socket.pause().on('error', () => undefined));
beforeAll(async () => {
  daemon = await startDaemon(['--workers', '2']);
  client = Connection.open(daemon.socket);
  await new Promise<void>((resolve) => {
    sink.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(async () => {
  client[Symbol.dispose]();
  sink.close();
  await daemon.stop();
});

const AF_INET = 2;

/** A TCP socket whose last close waits 20 s for what its peer does not read. */
async function lingering(): Promise<Fd> {
  const { port } = sink.address() as net.AddressInfo;
  const fd = syscall(SYS.socket, AF_INET, SOCKET.SOCK_STREAM | SOCKET.SOCK_NONBLOCK, 0) as Fd;
  const name = Buffer.alloc(16);
  name.writeUInt16LE(AF_INET);
  name.writeUInt16BE(port, 2);
  name.set([127, 0, 0, 1], 4);
  syscall(SYS.connect, fd, addressOf(name), name.length);
  await sleep(30);
  const linger = Int32Array.of(1, 20);
  const { SOL_SOCKET, SO_LINGER } = SOCKET;
  expect(syscall(SYS.setsockopt, fd, SOL_SOCKET, SO_LINGER, addressOf(linger), 8)).toBe(0);
  const bytes = Buffer.alloc(1 << 20);
  let sent = 0;
  for (let more = 1; more > 0; sent += Math.max(0, more)) {
    more = syscall(SYS.sendto, fd, addressOf(bytes), bytes.length, SOCKET.MSG_DONTWAIT);
  }
  expect(sent).toBeGreaterThan(0);
  return fd;
}

const slow = "select levenshtein(repeat('a', 20000), repeat('b', 20000)) as n";

describe('closing a socket that lingers keeps nobody waiting', () => {
  const ways: readonly (readonly [string, (stream: UnixStream, fd: Fd) => void])[] = [
    [
      'when its request is over',
      (s, fd) => s.send(request('Query', { sql: slow, timeoutMs: 100 }, 1), [fd]),
    ],
    ['when no frame claims it', (s, fd) => s.send(request('Status', {}, 0), [fd])],
    ['when the frame is never whole', (s, fd) => s.send(Buffer.of(0x20), [fd])],
    ['when it is opened', (s, fd) => s.send(request('Open', { fd: 0 }, 1), [fd])],
    [
      'when more come than are taken',
      (s, fd) => s.send(Buffer.of(0x20), [...Array.from({ length: 200 }, () => 0 as Fd), fd]),
    ],
    [
      'when it waits behind what ends the connection',
      (s, fd) => {
        process.kill(daemon.pid, 'SIGSTOP');
        s.send(frameOf('nonsense'));
        for (let i = 0; i < 4; i += 1) s.send(Buffer.of(0x20), [fd]);
        setTimeout(() => process.kill(daemon.pid, 'SIGCONT'), 50);
      },
    ],
  ];

  test.each(ways)('%s', async (_what, send) => {
    const fd = await lingering();
    const stream = new UnixStream(connectUnix(daemon.socket) as Fd);
    stream.send(HELLO);
    send(stream, fd);
    // The daemon has the last one: closing it here does not wait.
    closeSync(fd);
    await sleep(150);
    stream.close();
    const start = performance.now();
    for (let i = 0; i < 5; i += 1) {
      await client.request('Status');
      await sleep(30);
    }
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('a descriptor of a file of the kernel’s', () => {
  // Opened again by the daemon it could show more than to the client, or wait for ever.
  test.each(['/proc/self/maps', '/proc/kallsyms'])('is refused: %s', async (file) => {
    const fd = openSync(file, 'r') as Fd;
    const given = client.request('Open', { fd: 0 }, [fd]);
    await expect(given).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    closeSync(fd);
  });
});
