/**
 * A run of ingest to be disturbed: what was there before, what it does, and what has to come out.
 * strace injects a signal or an error into a chosen system call; afterwards the same command runs
 * undisturbed, and the target is compared with what a history without any fault gives.
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { nairobiCommand } from './binary.ts';

export interface Scenario {
  readonly name: string;
  /** Makes what is there before the run in an empty folder. */
  readonly prepare: (path: string) => void;
  readonly args: readonly string[];
  /** Happens beside a run that does not end by itself; it is stopped by SIGTERM afterwards. */
  readonly meanwhile?: (path: string, ended: AbortSignal) => Promise<void>;
  /** True once the process with this id listens for SIGTERM. */
  readonly hears?: (path: string, pid: number) => boolean;
  /** Done again before the rerun, in case the run died before `meanwhile` came to it. */
  readonly settle?: (path: string) => void;
  /** The ids in the target, sorted; throws where it cannot be read. */
  readonly ids: (path: string) => Promise<readonly string[]>;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** More that has to hold at the end. */
  readonly check?: (path: string) => void;
  /** Rejects may come twice: a database cannot commit a file. */
  readonly exitCodes: readonly number[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** For a host where eight others work: a run that hangs is seen by it. */
const STOP_AFTER_MS = 60_000;

/** One scenario in a folder of its own, reset before each disturbance. */
export class Stage {
  readonly scenario: Scenario;
  readonly path: string;
  readonly #snapshot: string;
  readonly #trace: string;

  constructor(scenario: Scenario, base: string) {
    this.scenario = scenario;
    this.path = join(base, 'run');
    this.#snapshot = join(base, 'before');
    this.#trace = join(base, 'trace');
    mkdirSync(this.path);
    scenario.prepare(this.path);
    cpSync(this.path, this.#snapshot, { recursive: true, preserveTimestamps: true });
  }

  reset(): void {
    for (const name of readdirSync(this.path)) {
      rmSync(join(this.path, name), { recursive: true, force: true });
    }
    cpSync(this.#snapshot, this.path, { recursive: true, preserveTimestamps: true });
  }

  /** Where strace writes, and its text once it has. */
  trace(): { readonly path: string; take(): string } {
    const path = this.#trace;
    rmSync(path, { force: true });
    return { path, take: () => (existsSync(path) ? readFileSync(path, 'utf8') : '') };
  }

  /** True when everything is as before the run: nothing is left over, and a rerun is the first. */
  isUntouched(): boolean {
    return filesBelow(this.path) === filesBelow(this.#snapshot);
  }

  /** Runs the command; `before` is put in front of it, as strace is. Killed after `killMs`. */
  async run(before: readonly string[] = [], killMs?: number): Promise<Ended> {
    const [command = '', ...rest] = [...before, ...nairobiCommand, ...this.scenario.args];
    const child = spawn(command, rest, {
      cwd: this.path,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, POLARS_MAX_THREADS: '2' },
    });
    let stderr = '';
    child.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    const over = new AbortController();
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code, signal) => {
        over.abort();
        resolve({ code, signal, stderr });
      });
    });
    const target = (): number => (before.length === 0 ? child.pid : childOf(child.pid)) ?? 0;
    const kill = (signal: NodeJS.Signals) => (): void => {
      const pid = target();
      if (pid > 0 && !over.signal.aborted) process.kill(pid, signal);
    };
    const timers = [setTimeout(kill('SIGKILL'), killMs ?? STOP_AFTER_MS)];
    if (this.scenario.meanwhile !== undefined) {
      await this.scenario.meanwhile(this.path, over.signal);
      // Before it listens for SIGTERM, that ends it as any other process.
      for (let tries = 0; tries < 250 && !over.signal.aborted; tries += 1) {
        if (this.scenario.hears?.(this.path, target()) === true) break;
        await sleep(20);
      }
      kill('SIGTERM')();
    }
    const result = await ended;
    for (const timer of timers) clearTimeout(timer);
    return result;
  }

  /** Readable as it was left, no row twice, and the old rows or the new ones. */
  async checkLeft(what: string): Promise<readonly string[]> {
    const seen = await this.scenario.ids(this.path);
    expect(new Set(seen).size, `${what}: rows twice`).toBe(seen.length);
    return seen;
  }

  /** After a rerun: exactly the rows of an undisturbed history, and nothing left over. */
  async checkWhole(what: string): Promise<void> {
    this.scenario.settle?.(this.path);
    const again = await this.run();
    expect(this.scenario.exitCodes, `${what}: ${again.signal} ${again.stderr}`).toContain(
      again.code,
    );
    expect(await this.scenario.ids(this.path), what).toEqual(this.scenario.after);
    this.scenario.check?.(this.path);
    const left = readdirSync(this.path, { recursive: true, encoding: 'utf8' });
    expect(
      left.filter((name) => /\.(part|tmp|next|spool)$/.test(name)),
      `${what}: left over`,
    ).toEqual([]);
  }
}

/** Every file with its size and time, but for locks, which stay and hold nothing. */
function filesBelow(root: string): string {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/(^|[./])lock$/.test(name))
    .sort()
    .map((name) => ({ name, stat: statSync(join(root, name)) }))
    .map(({ name, stat }) => (stat.isDirectory() ? name : `${name} ${stat.size} ${stat.mtimeMs}`))
    .join('\n');
}

/** The process that strace runs. */
function childOf(pid: number | undefined): number | undefined {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (pid === undefined || !existsSync(file)) return undefined;
  const first = readFileSync(file, 'utf8').trim().split(' ')[0];
  return first === undefined || first === '' ? undefined : Number(first);
}
