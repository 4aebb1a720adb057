/** What the measurements of the daemon share: a daemon, and figures of many repetitions. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const BIN = path.join(ROOT, 'bin/nairobi');

export interface Measured {
  readonly n: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** In the unit of `values`, which is sorted here. */
export function measured(values: number[], digits = 1): Measured {
  values.sort((a, b) => a - b);
  const at = (p: number): number =>
    Number(
      (values[Math.min(values.length - 1, Math.floor(p * values.length))] ?? 0).toFixed(digits),
    );
  return { n: values.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

export async function withDaemon<T>(
  flags: readonly string[],
  work: (socket: string) => Promise<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nairobi-bench-'));
  const socket = path.join(folder, 'socket');
  const child = spawn('/bin/sh', [BIN, 'serve', '--socket', socket, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  try {
    await saysServing(child);
    return await work(socket);
  } finally {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

function saysServing(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (bytes) => String(bytes).includes('serving at') && resolve());
    child.once('exit', (code) => reject(new Error(`the daemon ended with ${code}`)));
  });
}

/** For the head of every raw run: the machine and how busy others keep it. */
export const machine = (): object => ({
  cpus: os.cpus().length,
  model: os.cpus()[0]?.model,
  kernel: os.release(),
  node: process.version,
  loadAverage: os.loadavg().map((load) => Number(load.toFixed(1))),
});
