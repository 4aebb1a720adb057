import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, folderWith, nairobi } from './nairobi.ts';

const CSV = 'id,temp\n1,20\n2,21.5\n3,\n3,9\n';

describe('ingest --exec', () => {
  test('runs a command with the rows as sealed memory', () => {
    const cwd = folderWith({ 't.csv': CSV });
    const script =
      'echo $NAIROBI_DATA $NAIROBI_DATA_FD $NAIROBI_DATA_FORMAT; head -c 6 <&3; readlink /proc/self/fd/3; : > "$NAIROBI_DATA"';
    const { stdout, stderr, code } = nairobi(['ingest', 't.csv', '--exec', 'sh', '-c', script], {
      cwd,
    });
    expect(stdout).toBe('/proc/self/fd/3 3 arrow\nARROW1/memfd:nairobi:rows (deleted)\n');
    expect(stderr).toMatch(/not permitted/i);
    expect(code).not.toBe(0);
  });

  test('transforms on the way, and gives what the command ended with', () => {
    const cwd = folderWith({ 't.csv': CSV });
    const wishes = ['--where', 'temp is not null', '--rename', 'temp=t', '--dedupe', 'id'];
    const command = ['/bin/sh', BIN, 'query', "select * from '/proc/self/fd/3'", '--format', 'csv'];
    const { stdout, code } = nairobi(
      ['ingest', 't.csv', ...wishes, '--sort', '-id', '--exec', ...command],
      { cwd },
    );
    expect([code, stdout]).toEqual([0, 'id,t\n3,9.0\n2,21.5\n1,20.0\n']);
    const failed = nairobi(['ingest', 't.csv', '--exec', 'sh', '-c', 'exit 7'], { cwd });
    expect(failed.code).toBe(7);
    const killed = nairobi(['ingest', 't.csv', '--exec', 'sh', '-c', 'kill -9 $$'], { cwd });
    expect(killed.code).toBe(137);
  });

  test('several files are handed over as one; the command may draw them', () => {
    const cwd = folderWith({ 'a.csv': CSV, 'b.csv': CSV });
    const draw = [
      '/bin/sh',
      BIN,
      'plot',
      '/proc/self/fd/3',
      '-x',
      'id',
      '-y',
      'temp',
      '-o',
      'o.png',
    ];
    const { code } = nairobi(['ingest', 'a.csv', 'b.csv', '--exec', ...draw], { cwd });
    expect(code).toBe(0);
    expect(readFileSync(path.join(cwd, 'o.png')).subarray(1, 4).toString()).toBe('PNG');
  });

  test('takes what a pipe brings, and leaves the words of the command alone', () => {
    const cwd = folderWith();
    const words = [
      'ingest',
      '-',
      '--exec',
      'sh',
      '-c',
      'wc -c <&3; echo "$@"',
      'sh',
      '-h',
      '--json',
    ];
    const { stdout, stderr, code } = nairobi(words, { cwd, input: CSV });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d{3,}\n-h --json\n$/);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1'] as const)(
    'passes %s on, and waits for what the command makes of it',
    async (signal) => {
      const cwd = folderWith({ 't.csv': CSV });
      const script = `trap 'echo heard; kill $! ; exit 9' ${signal.slice(3)}; echo on; sleep 30 & wait`;
      const words = [BIN, 'ingest', 't.csv', '--exec', 'sh', '-c', script];
      const child = spawn('/bin/sh', words, { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
      let said = '';
      child.stdout.on('data', (bytes) => {
        said += String(bytes);
      });
      await expect.poll(() => said, { timeout: 20_000 }).toBe('on\n');
      child.kill(signal);
      expect(await once(child, 'close')).toEqual([9, null]);
      expect(said).toBe('on\nheard\n');
    },
  );

  test('--timeout ends the command too', () => {
    const cwd = folderWith({ 't.csv': CSV });
    const script = `trap 'kill $!; echo ended > e; exit' TERM; sleep 30 & wait`;
    const words = ['ingest', 't.csv', '--timeout', '2s', '--exec', 'sh', '-c', script];
    expect(nairobi(words, { cwd }).code).toBe(124);
    expect(existsSync(path.join(cwd, 'e'))).toBe(true);
  });

  test.each([
    ['a target beside it', ['-o', 'x.csv', '--exec', 'true'], /--output/],
    ['what only a target has', ['--max-errors', '1', '--exec', 'true'], /--max-errors/],
    ['no command', ['--exec'], /--exec expects a value/],
    ['a command that is not there', ['--exec', '/none'], /Cannot run "\/none"/],
  ])('refuses %s', (_, words, message) => {
    const cwd = folderWith({ 't.csv': CSV });
    const { code, stderr } = nairobi(['ingest', 't.csv', ...words], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
