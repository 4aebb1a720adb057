/** --threads and --cpus in the real program: what /proc says of its threads while it computes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listFormat } from '../../src/host/files.ts';
import { BIN, folderWith, nairobi, shell } from './nairobi.ts';

const ALLOWED = listFormat(
  /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0',
);
const LAST = String(ALLOWED.at(-1));

interface ThreadSeen {
  readonly name: string;
  readonly cpus: string;
}

/**
 * The threads of `nairobi query ARGS -` once Polars has computed, to whom FILTER is left: its pool
 * is started by then, and the pipe is still open.
 */
async function threadsOf(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ThreadSeen[]> {
  const run = spawn(
    BIN,
    [
      'query',
      'SELECT b, sum(a) FILTER (WHERE a > 0) FROM stdin GROUP BY b',
      '-',
      ...args,
      '--memory-limit',
      '256MiB',
    ],
    {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => void run.kill('SIGKILL'));
  const ended = once(run, 'exit');
  run.stdout.resume();
  run.stdin.on('error', () => {});
  run.stdin.write(`a,b\n${'1.5,x\n2.5,y\n'.repeat(1_000_000)}`);
  let threads: ThreadSeen[] = [];
  for (let i = 0; i < 300 && threads.every(({ name }) => !name.startsWith('polars-')); i += 1) {
    await sleep(50);
    threads = readThreads(run.pid ?? 0);
  }
  await sleep(200);
  threads = readThreads(run.pid ?? 0);
  run.stdin.end();
  expect((await ended)[0]).toBe(0);
  return threads;
}

function readThreads(pid: number): ThreadSeen[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((tid) => {
    try {
      const status = readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8');
      const field = (name: string): string =>
        new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
      return [{ name: field('Name'), cpus: field('Cpus_allowed_list') }];
    } catch {
      return []; // it has ended since it was listed
    }
  });
}

/** Polars calls its threads polars-0, polars-1 and so on. */
const pool = (threads: readonly ThreadSeen[]): number =>
  threads.filter(({ name }) => /^polars-\d+$/.test(name)).length;

describe('--cpus', () => {
  it('keeps every thread on them, those of Polars, V8 and io_uring too', async () => {
    const threads = await threadsOf(['--cpus', LAST, '--threads', '3']);
    expect(pool(threads)).toBe(3);
    expect(threads.filter(({ cpus }) => cpus !== LAST)).toEqual([]);
  });

  it('alone makes as many threads compute as CPUs are named', async () => {
    expect(pool(await threadsOf(['--cpus', LAST]))).toBe(1);
  });

  it.each([
    ['none', 'Cannot read --cpus "none"'],
    ['1-0', 'Cannot read --cpus "1-0"'],
    ['0-99999999999', 'Cannot read --cpus "0-99999999999"'],
    ['8191', 'None of the CPUs 8191 may be used'],
  ])('refuses %s with 2', (list, message) => {
    const { code, stderr } = nairobi(['query', 'SELECT 1', '--cpus', list]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

/** What the report says a run with `env` and `args` computes with. */
function reported(args: readonly string[], env: Readonly<Record<string, string>> = {}): number {
  const { stdout, stderr, code } = nairobi(['stats', 't.csv', '--json', '--report', ...args], {
    cwd: folderWith({ 't.csv': 'a,b\n1,x\n' }),
    env,
  });
  expect([code, stderr]).toEqual([0, '']);
  const { report } = JSON.parse(stdout) as { readonly report: { readonly threads: number } };
  return report.threads;
}

describe('--threads', () => {
  it('is the number of threads Polars starts, whatever the environment says', async () => {
    expect(pool(await threadsOf(['--threads', '2'], { POLARS_MAX_THREADS: '5' }))).toBe(2);
  });

  it('defaults to POLARS_MAX_THREADS, and to the CPUs where Polars could not read that', () => {
    expect(reported([], { POLARS_MAX_THREADS: '5' })).toBe(5);
    for (const odd of ['0', '-1', 'abc', '', '99999']) {
      const { code, stderr } = nairobi(['query', 'SELECT b, sum(1) FROM t GROUP BY b', 't.csv'], {
        cwd: folderWith({ 't.csv': 'a,b\n1,x\n' }),
        env: { POLARS_MAX_THREADS: odd },
      });
      expect([code, stderr]).toEqual([0, '']);
    }
    expect(reported([], { POLARS_MAX_THREADS: '0' })).toBeLessThanOrEqual(ALLOWED.length);
  });

  it('defaults to the affinity mask', () => {
    const cwd = folderWith({ 't.csv': 'a,b\n1,x\n' });
    const run = shell(`taskset -c ${LAST} "$NAIROBI" stats t.csv --json --report`, { cwd });
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(/"threads":1\b/);
  });

  it.each(['0', '1025', 'many'])('refuses %s with 2', (threads) => {
    expect(nairobi(['query', 'SELECT 1', '--threads', threads]).code).toBe(2);
  });
});

/** A control group of our own with a quota of one processor, where the host lets us make one. */
function quotaGroup(): string | undefined {
  const name = `nairobi-test-${process.pid}`;
  const v1 = { folder: join('/sys/fs/cgroup/cpu', name), file: 'cpu.cfs_quota_us', text: '100000' };
  const v2 = { folder: join('/sys/fs/cgroup', name), file: 'cpu.max', text: '100000 100000' };
  for (const { folder, file, text } of [v1, v2]) {
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, file), text);
      return folder;
    } catch {
      try {
        rmdirSync(folder);
      } catch {
        // It was never made.
      }
    }
  }
  return undefined;
}

describe('a quota of the control group', () => {
  const group = quotaGroup();
  if (group === undefined) console.log('skipped: no cpu control group can be made here');
  else rmdirSync(group);
  it.skipIf(group === undefined || ALLOWED.length < 2)('bounds the threads', () => {
    const folder = quotaGroup() ?? '';
    onTestFinished(() => rmdirSync(folder));
    const run = shell(`echo $$ > ${folder}/cgroup.procs && nairobi stats t.csv --json --report`, {
      cwd: folderWith({ 't.csv': 'a,b\n1,x\n' }),
    });
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(/"threads":1\b/);
  });
});
