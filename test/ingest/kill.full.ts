/** kill -9 before every writing system call of every scenario, and at random moments. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { workspace } from './binary.ts';
import { hasStrace, NO_STRACE, recordCalls, strike, WRITING_CALLS } from './injection.ts';
import { NO_POSTGRES, startPostgres } from './postgres-server.ts';
import { type Scenario, Stage } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const ONE_HOUR_MS = 3_600_000;
/** Random kills of each scenario. */
const RANDOM_KILLS = Number(process.env['NAIROBI_KILLS'] ?? 30);
const seed = Number(process.env['NAIROBI_SEED'] ?? Date.now() % 2 ** 31);

let kills = 0;
afterAll(() => console.log(`${kills} runs were killed; NAIROBI_SEED=${seed}`));

let state = seed || 1;
/** xorshift32 (Marsaglia 2003). */
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

/** One line for each run that was to be killed, where NAIROBI_KILL_LOG names a file. */
function record(line: string): void {
  const file = process.env['NAIROBI_KILL_LOG'];
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}

/** Kills, looks at what is left, runs again and compares. */
async function killAll(scenario: Scenario, base: string, reset?: () => void): Promise<void> {
  const stage = new Stage(scenario, base);
  const isAtomic = scenario.meanwhile === undefined;
  const judge = async (what: string, signal: NodeJS.Signals | null): Promise<void> => {
    if (signal === 'SIGKILL') kills += 1;
    const isUntouched = reset === undefined && stage.isUntouched();
    const left = isUntouched ? scenario.before : await stage.checkLeft(what);
    if (isAtomic) expect([scenario.before, scenario.after], what).toContainEqual(left);
    if (!isUntouched) await stage.checkWhole(what);
    const found = isUntouched ? 'nothing changed' : `${left.length} rows, then whole`;
    record(`${scenario.name}; ${what}; ${signal ?? 'not killed'}; ${found}`);
  };
  const begin = (): void => {
    stage.reset();
    reset?.();
  };
  reset?.();
  const calls = await recordCalls(stage, WRITING_CALLS);
  for (const call of calls) {
    begin();
    const { signal } = (await strike(stage, 'signal=KILL', call)).ended;
    // Threads wake each other by write, and what is followed comes in its own time.
    if (isAtomic && call.isMain && call.name !== 'write')
      expect(signal, `${call.name} ${call.nth}`).toBe('SIGKILL');
    await judge(`${call.name} ${call.nth}`, signal);
  }
  const moments = await killAtRandom(stage, begin, judge);
  console.log(`${scenario.name}: ${calls.length} system calls, ${moments} random moments`);
}

/** Until so many were killed; how long a run takes changes with what else the host does. */
async function killAtRandom(
  stage: Stage,
  begin: () => void,
  judge: (what: string, signal: NodeJS.Signals | null) => Promise<void>,
): Promise<number> {
  let wholeMs = Number.POSITIVE_INFINITY;
  let killed = 0;
  for (let round = 0; killed < RANDOM_KILLS && round < 4 * RANDOM_KILLS; round += 1) {
    begin();
    const started = performance.now();
    // The first third is the start of Node.
    const killMs = round === 0 ? undefined : wholeMs * (0.3 + 0.7 * random());
    const { signal } = await stage.run([], killMs);
    if (signal === 'SIGKILL') killed += 1;
    else wholeMs = Math.min(wholeMs, performance.now() - started);
    await judge(`random ${round}`, signal);
  }
  return killed;
}

for (const scenario of SCENARIOS) {
  test(
    `killed anywhere and run again, it is as if undisturbed: ${scenario.name}`,
    async (context) => {
      if (!hasStrace) return context.skip(NO_STRACE);
      using room = workspace('kill');
      await killAll(scenario, room.path);
    },
    ONE_HOUR_MS,
  );
}

test(
  'killed anywhere and run again, it is as if undisturbed: a PostgreSQL table',
  async (context) => {
    if (!hasStrace) return context.skip(NO_STRACE);
    using room = workspace('kill-postgres');
    using server = startPostgres(room.path);
    if (server === undefined) return context.skip(NO_POSTGRES);
    const base = join(room.path, 'base');
    mkdirSync(base);
    await killAll(server.scenario, base, () => server.reset());
  },
  ONE_HOUR_MS,
);
