/** Runs the real program, as a shell would, in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const BIN = path.join(ROOT, 'bin/nairobi');

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** As a shell reports it: 128 + the signal when one ended it. */
  readonly code: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGINT: 2,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/** `nairobi ARGS`, its output as text. */
export function nairobi(args: readonly string[], options: RunOptions = {}): Outcome {
  return outcome('/bin/sh', [BIN, ...args], options);
}

/** A line for the shell in which "nairobi" (and $NAIROBI) is the real program. */
export function shell(line: string, options: RunOptions = {}): Outcome {
  const script = `export NAIROBI="${BIN}"\nnairobi() { "$NAIROBI" "$@"; }\n${line}`;
  return outcome('/bin/bash', ['-c', script], options);
}

function outcome(program: string, args: readonly string[], options: RunOptions): Outcome {
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    cwd: options.cwd,
    input: options.input ?? '',
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    timeout: 60_000,
  });
  if (error !== undefined) throw error;
  const code = signal === null ? (status ?? 0) : 128 + (SIGNALS[signal] ?? 0);
  return { stdout, stderr, code };
}

/** A folder with these files in it, gone when the test is. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}

/** Everything in `folder` by name, hidden files too: what a failed run must not have added to. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}
