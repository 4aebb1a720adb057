/** ENOSPC and EIO at every call that writes or opens to write, and a disk that is full. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nairobi, parts, workspace } from './binary.ts';
import { NO_POSTGRES, startPostgres } from './postgres-server.ts';
import {
  type Call,
  type Ended,
  hasStrace,
  inject,
  NO_STRACE,
  OPENING_CALLS,
  type Scenario,
  Stage,
  WRITING_CALLS,
} from './scenario.ts';
import { HEADER, rows } from './scenario-rows.ts';
import { SCENARIOS } from './scenarios.ts';

const ONE_HOUR_MS = 3_600_000;
const REASONS = {
  // SQLite has words of its own; what it may not open for writing it opens for reading.
  ENOSPC: /no space left on the device|database or disk is full|disk I\/O error|readonly database/i,
  EIO: /input\/output error|disk I\/O error|readonly database/i,
} as const;

/** Fails each call of a run: what it says, what it leaves, what a rerun makes of that. */
async function failAll(
  scenario: Scenario,
  base: string,
  error: keyof typeof REASONS,
  reset?: () => void,
): Promise<void> {
  const stage = new Stage(scenario, base);
  reset?.();
  const calls = await stage.calls(WRITING_CALLS);
  reset?.();
  // Of what is there and what is made; nothing of Node's own files.
  const isOurs = (line: string): boolean =>
    line.includes(`"${stage.path}`) || /"[^/"][^"]*", .*O_CREAT/.test(line);
  // Other threads open the program's own files under the same numbers.
  const opens = await stage.calls(OPENING_CALLS, isOurs);
  const said = new Map<string, number>();
  const fail = async (call: Call): Promise<void> => {
    stage.reset();
    reset?.();
    const what = `${error} at ${call.name} ${call.nth}`;
    const ended = await stage.run(inject(`error=${error}`, call));
    // libuv and Polars end, or hang, when a wake-up of their own fails: it had this number this
    // time. What is followed may be told to stop before it can listen.
    const isNoise = call.name === 'write' || (ended.signal === 'SIGTERM' && scenario.meanwhile);
    if (!isNoise) expect(ended.signal, `${what}: ${ended.stderr}`).toBeNull();
    if (ended.signal === null && !scenario.exitCodes.includes(ended.code ?? -1)) {
      judge(ended, error, what);
    }
    const words = `${ended.code} ${ended.stderr.trim().replaceAll(base, '')}`;
    said.set(words, (said.get(words) ?? 0) + 1);
    if (reset === undefined && stage.isUntouched()) return;
    const left = await stage.checkLeft(what);
    if (scenario.meanwhile === undefined) {
      expect([scenario.before, scenario.after], what).toContainEqual(left);
    }
    await stage.checkWhole(what);
  };
  const ofMain = opens.filter(({ isMain }) => isMain);
  for (const call of [...calls, ...ofMain]) await fail(call);
  console.log(`${scenario.name}, ${error}: ${calls.length} writing calls, ${ofMain.length} opens`);
  if (process.env['NAIROBI_SAID'] === '1') console.log([...said].map(String).join('\n'));
}

/** What failed, why, where and what to do; never a bug, never in silence. */
function judge({ code, stderr }: Ended, error: keyof typeof REASONS, what: string): void {
  const words = `${what}: ${stderr}`;
  expect(stderr, words).not.toMatch(/this is a bug|at file:/);
  expect(code, words).toBe(1);
  expect(stderr, words).toMatch(/^nairobi: Cannot \w+/m);
  expect(stderr, words).toMatch(REASONS[error]);
  expect(stderr, words).toMatch(/^ {2}hint: /m);
}

for (const error of ['ENOSPC', 'EIO'] as const) {
  for (const scenario of SCENARIOS) {
    test(
      `${error} anywhere is said or harmless, and a rerun is whole: ${scenario.name}`,
      async (context) => {
        if (!hasStrace) return context.skip(NO_STRACE);
        using room = workspace('faults');
        await failAll(scenario, room.path, error);
      },
      ONE_HOUR_MS,
    );
  }

  test(
    `${error} anywhere is said or harmless, and a rerun is whole: a PostgreSQL table`,
    async (context) => {
      if (!hasStrace) return context.skip(NO_STRACE);
      using room = workspace('faults-postgres');
      using server = startPostgres(room.path);
      if (server === undefined) return context.skip(NO_POSTGRES);
      const base = join(room.path, 'base');
      mkdirSync(base);
      await failAll(server.scenario, base, error, () => server.reset());
    },
    ONE_HOUR_MS,
  );
}

/** Room that a run is given beside what is there, from hopeless to enough. */
const ROOM_KIB = [4, 8, 12, 16, 24, 40, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 8192];

test(
  'on a file system that fills up the old rows stay, and with room again nothing is lost',
  (context) => {
    using room = workspace('tiny');
    const small = join(room.path, 'small');
    mkdirSync(small);
    const mount = (size: string): number | null =>
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', small]).status;
    if (mount('8k') !== 0) return context.skip('mounting needs root');
    try {
      for (const target of ['out.parquet', 'out.csv', 'data/', 'out.arrow', 'out.sqlite#t']) {
        failOnFull(small, target);
      }
    } finally {
      spawnSync('umount', [small]);
    }
  },
  ONE_HOUR_MS,
);

test('a full disk is no reason not to drop what is old', (context) => {
  using room = workspace('tiny');
  const small = join(room.path, 'small');
  mkdirSync(small);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
  if (mounted.status !== 0) return context.skip('mounting needs root');
  try {
    writeFileSync(join(room.path, 'log.csv'), HEADER + rows(0, 40));
    const data = join(small, 'data/');
    const args = ['ingest', join(room.path, 'log.csv'), '-o', data, '--partition-by', 'day(ts)'];
    expect(nairobi(room.path, args).code).toBe(0);
    const { bavail, bsize } = statfsSync(small);
    writeFileSync(join(small, 'filler'), Buffer.alloc(bavail * bsize));
    expect(statfsSync(small).bavail).toBe(0);
    const kept = nairobi(room.path, ['ingest', '--keep', '1s', '--compact', data]);
    expect(kept, kept.stderr).toMatchObject({ code: 0 });
    expect(parts(data)).toEqual([]);
  } finally {
    spawnSync('umount', [small]);
  }
});

/** Starts small and is given more room until the run succeeds. */
function failOnFull(small: string, target: string): void {
  const input = join(small, '..', 'log.csv');
  const resize = (kib: number): void => {
    spawnSync('mount', ['-o', `remount,size=${kib}k`, small]);
  };
  for (const name of readdirSync(small))
    rmSync(join(small, name), { recursive: true, force: true });
  const state = target.startsWith('out.sqlite') ? 'me' : 'state.json';
  const run = () =>
    nairobi(small, ['ingest', input, '-o', target, '--state', state, '--json', '-q']);
  resize(8192);
  writeFileSync(input, HEADER + rows(0, 500));
  expect(run().code, target).toBe(0);
  writeFileSync(input, HEADER + rows(0, 6000));
  let fulls = 0;
  const { blocks, bfree, bsize } = statfsSync(small);
  const used = ((blocks - bfree) * bsize) / 1024;
  for (const kib of ROOM_KIB) {
    resize(used + kib);
    const { code, stdout, stderr } = run();
    if (code === 0) {
      expect(JSON.parse(stdout).rows.rowsWritten, `${target} at ${kib} KiB`).toBe(5500);
      expect(fulls, target).toBeGreaterThan(0);
      return;
    }
    fulls += 1;
    expect(code, stderr).toBe(1);
    expect(stderr, `${target} at ${kib} KiB`).toMatch(REASONS.ENOSPC);
  }
  expect.fail(`${target} did not fit ${ROOM_KIB.at(-1)} KiB`);
}
