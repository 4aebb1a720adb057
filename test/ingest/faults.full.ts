/**
 * ENOSPC and EIO at every call of every scenario that writes or opens: what is said, what is left,
 * and what a rerun makes of that. NAIROBI_SCENARIO="growing,inbox" runs those with one of these in
 * their name, NAIROBI_FAULTS=EIO one of the errors; NAIROBI_FAULT_LOG=FILE keeps a line for each
 * injection.
 */
import { appendFileSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { messageOf } from '../../src/errors.ts';
import { workspace } from './binary.ts';
import {
  type Call,
  hasStrace,
  NO_STRACE,
  OPENING_CALLS,
  recordCalls,
  strike,
  WRITING_CALLS,
} from './injection.ts';
import { NO_POSTGRES, startPostgres } from './postgres-server.ts';
import { type Ended, type Scenario, Stage } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const HALF_AN_HOUR_MS = 1_800_000;
const REASONS = {
  // SQLite has words of its own; what it may not open for writing it opens for reading.
  ENOSPC:
    /no space left on the device|database or disk is full|disk I\/O error|readonly database|unable to open database/i,
  EIO: /input\/output error|disk I\/O error|readonly database|unable to open database/i,
} as const;
type Errno = keyof typeof REASONS;

const ERRORS = (['ENOSPC', 'EIO'] as const).filter((error) =>
  (process.env['NAIROBI_FAULTS'] ?? error).split(',').includes(error),
);
const isWanted = ({ name }: Pick<Scenario, 'name'>): boolean =>
  (process.env['NAIROBI_SCENARIO'] ?? '').split(',').some((part) => name.includes(part));

/** Under strace a run waits about half of its time. */
const LANES = 2 * Math.min(4, availableParallelism());

/** At that number threads may have been woken, or another file written to. */
const MOST_ATTEMPTS = 16;

/** The injections of one scenario, in several folders at once. */
class Faults {
  readonly #scenario: Scenario;
  readonly #reset: (() => void) | undefined;
  readonly #reached = new Set<string>();
  readonly #failures: string[] = [];
  readonly #shifts = new Map<string, number>();
  #recorded: readonly Call[] = [];
  #injections = 0;

  /** `reset` restores what is not below the folder of the run. */
  constructor(scenario: Scenario, reset?: () => void) {
    this.#scenario = scenario;
    this.#reset = reset;
  }

  async all(base: string): Promise<void> {
    const started = performance.now();
    const lanes = this.#reset === undefined ? LANES : 1;
    const stages = Array.from({ length: lanes }, (_, lane) => {
      const folder = join(base, String(lane));
      mkdirSync(folder);
      return new Stage(this.#scenario, folder);
    });
    const [first] = stages;
    if (first === undefined) throw new Error('there is a processor');
    this.#reset?.();
    const calls = await recordCalls(first, `${WRITING_CALLS},${OPENING_CALLS}`);
    this.#recorded = calls;
    // Threads of others open the inputs, which is not a writing call.
    const wanted = calls.filter(({ name, isMain }) => isMain || !OPENING_CALLS.includes(name));
    // A table on a server is written by the server: there it opens its input alone.
    expect(wanted.length, 'a run makes calls about its files').toBeGreaterThan(0);
    const work = ERRORS.flatMap((error) => wanted.map((call) => ({ error, call })));
    // One try for each; what happened less often this time is not missed for that.
    const once = work.filter(({ call }) => !this.isSteady(call));
    await this.share(stages, once, 1);
    await this.share(stages, work, MOST_ATTEMPTS);
    const missedOf = (of: readonly Call[]): string[] =>
      ERRORS.flatMap((error) =>
        [...new Set(of.map((call) => `${error} at ${this.keyOf(call)}`))].filter(
          (key) => !this.#reached.has(key),
        ),
      );
    const missed = missedOf(wanted.filter(({ isMain }) => isMain));
    // An injection by number meets the main thread's call of that number first.
    const behind = missedOf(wanted.filter(({ isMain }) => !isMain));
    const seconds = Math.round((performance.now() - started) / 1000);
    const failed = this.#failures.length;
    console.log(
      `${this.#scenario.name}: ${this.#injections} injections, ${this.#injections - failed} ok, ` +
        `${failed} failed, ${missed.length} of ${wanted.length * ERRORS.length} calls never reached, ` +
        `${behind.length} of Polars' threads stood behind others, ${seconds} s`,
    );
    expect(this.#failures.join('\n'), 'failed').toBe('');
    expect(missed, 'never reached').toEqual([]);
  }

  private async share(
    stages: readonly Stage[],
    work: { readonly error: Errno; readonly call: Call }[],
    attempts: number,
  ): Promise<void> {
    const go = async (stage: Stage): Promise<void> => {
      for (let next = work.shift(); next !== undefined; next = work.shift()) {
        await this.one(stage, next.error, next.call, attempts);
      }
    };
    await Promise.all(stages.map(go));
  }

  /** By what a call is known again. */
  private keyOf(call: Call): string {
    return `${call.name} ${call.file}${this.isSteady(call) ? ` ${call.ordinal}` : ''}`;
  }

  /** False for what is followed, read in as many steps as it happens, and for Polars' threads. */
  private isSteady({ isMain }: Call): boolean {
    return isMain && this.#scenario.meanwhile === undefined;
  }

  /** Until the call itself was met. */
  private async one(stage: Stage, error: Errno, call: Call, attempts: number): Promise<void> {
    const wanted = `${error} at ${this.keyOf(call)}`;
    // Met on the way to another one.
    const isDone = (): boolean => this.#reached.has(wanted) && attempts > 1;
    for (let attempt = 0; attempt < attempts && !isDone(); attempt += 1) {
      stage.reset();
      this.#reset?.();
      const shift = this.isSteady(call) ? (this.#shifts.get(call.name) ?? 0) : 0;
      const nth = Math.max(1, call.nth + shift);
      const { ended, hit, isAlone, before } = await strike(stage, `error=${error}`, {
        ...call,
        nth,
      });
      const isOurs = hit?.file !== undefined;
      // libuv and Polars end, or hang, when a wake-up of their own fails.
      const isClean = isOurs && isAlone;
      const what = `${error} at ${hit === undefined ? 'nothing' : this.keyOf(hit)}`;
      this.#injections += 1;
      try {
        if (isClean) this.judge(ended, error, what);
        const found = await this.lookAt(stage, what, isClean ? ended : undefined);
        this.record(`${what}; exit ${ended.code}; ${found}`);
      } catch (failure) {
        this.#failures.push(`${what}: ${messageOf(failure)}`);
        this.record(`${what}; exit ${ended.code}; FAILED: ${messageOf(failure)}`);
      }
      if (isOurs) this.#reached.add(what);
      if (this.isSteady(call)) this.shiftBy(call.name, before);
    }
  }

  /**
   * How far the numbers of this run are from those of the recorded one, by the last known call; one
   * more where a wake-up has come between that and the call that was to be met.
   */
  private shiftBy(name: string, before: readonly Call[]): void {
    const last = before.findLast(({ file }) => file !== undefined);
    const known = this.#recorded.find(
      (call) => call.name === name && last !== undefined && this.keyOf(call) === this.keyOf(last),
    );
    if (last === undefined || known === undefined) return;
    const shift = last.nth - known.nth;
    const isNoise = last !== before.at(-1);
    this.#shifts.set(name, isNoise && shift === this.#shifts.get(name) ? shift + 1 : shift);
  }

  private record(line: string): void {
    const file = process.env['NAIROBI_FAULT_LOG'];
    if (file !== undefined) appendFileSync(file, `${this.#scenario.name}; ${line}\n`);
  }

  /** What failed, why, where and what to do; never a bug, never in silence. */
  private judge({ code, signal, stderr }: Ended, error: Errno, what: string): void {
    const words = `${what}: ${stderr}`;
    // What is followed may be told to stop while it ends with its error.
    if (signal === 'SIGTERM' && this.#scenario.meanwhile !== undefined) return;
    expect(signal, words).toBeNull();
    if (code !== null && this.#scenario.exitCodes.includes(code)) return;
    expect(stderr, words).not.toMatch(/this is a bug|at file:/);
    expect(code, words).toBe(1);
    expect(stderr, words).toMatch(/^nairobi: Cannot [a-z]+ .*\S/m);
    expect(stderr, words).toMatch(REASONS[error]);
    expect(stderr, words).toMatch(/^ {2}hint: /m);
  }

  /** The old rows or the new ones, as it was said, and after a rerun the new ones. */
  private async lookAt(stage: Stage, what: string, ended: Ended | undefined): Promise<string> {
    const { before, after, meanwhile, exitCodes } = this.#scenario;
    const isUntouched = this.#reset === undefined && stage.isUntouched();
    const left = isUntouched ? before : await stage.checkLeft(what);
    if (meanwhile === undefined) {
      expect([before, after], what).toContainEqual(left);
      const isNew = left.length === after.length;
      const isDone = ended?.code != null && exitCodes.includes(ended.code);
      if (isDone) expect(left, what).toEqual(after);
      if (before.length !== after.length && /nothing was committed/.test(ended?.stderr ?? ''))
        expect(isNew, `${what} says "nothing was committed": ${ended?.stderr}`).toBe(false);
      if (/the rows are committed/.test(ended?.stderr ?? '')) await stage.checkWhole(what);
    }
    if (isUntouched) return 'nothing changed';
    await stage.checkWhole(what);
    return `${left.length} rows, then whole`;
  }
}

for (const scenario of SCENARIOS.filter(isWanted)) {
  test(
    `ENOSPC and EIO anywhere are said or harmless, and a rerun is whole: ${scenario.name}`,
    async (context) => {
      if (!hasStrace) return context.skip(NO_STRACE);
      using room = workspace('faults');
      await new Faults(scenario).all(room.path);
    },
    HALF_AN_HOUR_MS,
  );
}

const POSTGRES = 'a PostgreSQL table';
if (isWanted({ name: POSTGRES })) {
  test(
    `ENOSPC and EIO anywhere are said or harmless, and a rerun is whole: ${POSTGRES}`,
    async (context) => {
      if (!hasStrace) return context.skip(NO_STRACE);
      using room = workspace('faults-postgres');
      using server = startPostgres(room.path);
      if (server === undefined) return context.skip(NO_POSTGRES);
      const base = join(room.path, 'base');
      mkdirSync(base);
      await new Faults(server.scenario, () => server.reset()).all(base);
    },
    HALF_AN_HOUR_MS,
  );
}
