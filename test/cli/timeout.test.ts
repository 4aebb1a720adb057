import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BIN, folderWith, nairobi, namesIn, shell } from './nairobi.ts';

/** A source that gives some rows and then nothing for a while, without an end. */
const STALLED = `(printf 'a,b\\n1,2\\n3,4\\n'; sleep 4)`;

describe('--timeout', () => {
  it('ends the run with 124, says so, and leaves no file behind', () => {
    const folder = folderWith();
    const { code, stderr } = shell(
      `${STALLED} | nairobi ingest - -o out.parquet --timeout 500ms; exit \${PIPESTATUS[1]}`,
      { cwd: folder },
    );
    expect(stderr).toContain('Gave up after 500 ms');
    expect(code).toBe(124);
    expect(namesIn(folder)).toEqual([]);
  });

  it('does nothing to a run that is quick enough', () => {
    const folder = folderWith({ 't.csv': 'a,b\n1,2\n' });
    const { code, stderr } = nairobi(['stats', 't.csv', '--timeout', '5m'], { cwd: folder });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends the run with %i and leaves no file behind', async (signal, expected) => {
    const folder = folderWith();
    const run = spawn(BIN, ['ingest', '-', '-o', 'out.parquet'], {
      cwd: folder,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = once(run, 'exit');
    run.stdin.write('a,b\n1,2\n3,4\n');
    await sleep(1500);
    run.kill(signal);
    const [code, by] = await ended;
    // The signal itself ends it, which a shell reports as 128 and its number.
    expect([code, by]).toEqual([null, signal]);
    expect(128 + constants.signals[signal]).toBe(expected);
    expect(namesIn(folder)).toEqual([]);
  });
});
