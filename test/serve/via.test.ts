import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Connection } from '../../src/client/connection.ts';
import type { JsonObject } from '../../src/client/protocol.ts';
import { BIN } from '../cli/nairobi.ts';
import { FILES, MORE, QUICK } from './command-lines.ts';
import { type Running, startDaemon } from './daemon.ts';

const full = process.env['NAIROBI_TEST_FULL'] === '1';

let daemon: Running;
let client: Connection;
const folder = (): string => path.join(daemon.folder, 'data');

beforeAll(async () => {
  daemon = await startDaemon();
  client = Connection.open(daemon.socket);
  mkdirSync(folder());
  for (const [name, text] of Object.entries(FILES)) writeFileSync(path.join(folder(), name), text);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await daemon.stop();
});

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  /** Digest of the file that -o names, if it was written. */
  readonly file: string | undefined;
}

function run(words: readonly string[], via: string, env: NodeJS.ProcessEnv = {}): Outcome {
  const output = words[words.indexOf('-o') + 1] ?? '';
  const file = path.join(folder(), output);
  if (words.includes('-o')) rmSync(file, { force: true });
  const [command = '', ...rest] = words;
  const { stdout, stderr, status } = spawnSync('/bin/sh', [BIN, command, '--via', via, ...rest], {
    cwd: folder(),
    env: { ...process.env, ...env },
    encoding: 'latin1',
  });
  const written = words.includes('-o') && existsSync(file);
  return {
    stdout,
    // A file is written under a name drawn at random first.
    stderr: stderr.replace(/\.[0-9a-f]{12}\.tmp/g, '.tmp'),
    code: status,
    file: written ? createHash('sha256').update(readFileSync(file)).digest('hex') : undefined,
  };
}

/**
 * Without what differs from run to run of the program alone: the report of --json, and the last
 * digits of sums that Polars' threads make in whatever order they come (1 of 14 runs, measured).
 */
const comparable = (outcome: Outcome): Outcome => ({
  ...outcome,
  stdout: outcome.stdout
    .replace(/"report":\{.*?\},"rows"/s, '"rows"')
    .replace(/\d+\.\d+/g, (digits) => String(Number(Number(digits).toPrecision(12)))),
});

const commands = async (): Promise<number> => {
  const { requests } = (await client.request('Status')).result;
  return requests as number;
};

describe('a command line through the daemon', () => {
  test.each(full ? [...QUICK, ...MORE] : QUICK)(
    'gives the same to the byte: %s %s %s',
    async (...line) => {
      const words = line.filter((word) => typeof word === 'string');
      const alone = comparable(run(words, 'never'));
      const before = await commands();
      expect(comparable(run(words, daemon.socket))).toEqual(alone);
      expect(await commands()).toBeGreaterThanOrEqual(before + 2);
      // Read into memory by now, where that can be; and surely the third time.
      for (const name of Object.keys(FILES)) {
        await client.request('Open', { path: path.join(folder(), name) }).catch(() => undefined);
      }
      expect(comparable(run(words, daemon.socket))).toEqual(alone);
    },
  );

  test('finds what is in memory', async () => {
    const place = path.join(folder(), 'plain.csv');
    const { dataset } = (await client.request('Open', { path: place })).result;
    const asked = async (): Promise<number> => {
      const { datasets } = (await client.request('List')).result;
      const found = (datasets as JsonObject[]).find((one) => one['dataset'] === dataset);
      return found?.['requests'] as number;
    };
    const before = await asked();
    run(['query', "select count(*) from 'plain.csv'"], daemon.socket);
    run(['stats', 'plain.csv'], daemon.socket);
    expect(await asked()).toBe(before + 2);
  });

  test('is brought into memory the second time it is asked', async () => {
    const place = path.join(folder(), 'again.csv');
    writeFileSync(place, 'a\n1\n2\n');
    for (let i = 0; i < 2; i += 1) run(['stats', 'again.csv'], daemon.socket);
    await expect
      .poll(async () => JSON.stringify((await client.request('List')).result))
      .toMatch(/again\.csv","cwd":"[^"]*","version":1,"inMemory":true/);
  });

  test('reads what changed', () => {
    const place = path.join(folder(), 'changing.csv');
    for (const rows of ['1\n2\n', '1\n2\n', '3\n4\n', '1\n2\n3\n']) {
      writeFileSync(place, `a\n${rows}`);
      const words = ['query', 'select sum(a) as s from data', 'changing.csv'];
      expect(run(words, daemon.socket).stdout).toBe(run(words, 'never').stdout);
    }
  });
});

describe('without a daemon', () => {
  test('--via auto does the work in the program', () => {
    const env = { NAIROBI_SOCKET: path.join(daemon.folder, 'none') };
    expect(run(['stats', 'part-1.csv'], 'auto', env).code).toBe(0);
  });

  test('--via SOCKET says that nobody listens, with 3', () => {
    const outcome = run(['stats', 'part-1.csv'], path.join(daemon.folder, 'none'));
    expect(outcome).toMatchObject({ code: 3, stdout: '' });
    expect(outcome.stderr).toContain('No daemon listens');
  });

  test('what a daemon cannot do is done in the program', () => {
    const outcome = run(['stats', 'part-1.csv', '--report'], daemon.socket);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('read');
  });
});
