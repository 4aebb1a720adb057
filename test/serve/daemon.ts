/** A real daemon for a test: started, awaited, and ended with it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BIN } from '../cli/nairobi.ts';

export interface Running {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly socket: string;
  readonly folder: string;
  /** Writes a file into the folder and gives its path. */
  file(name: string, content: string | Uint8Array): string;
  /** SIGTERM; the status it ends with. */
  stop(): Promise<number>;
}

export async function startDaemon(
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-serve-'));
  const socket = path.join(folder, 'run/socket');
  const child = spawn('/bin/sh', [BIN, 'serve', '--socket', socket, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const ended = once(child, 'exit');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (bytes) => {
      said += String(bytes);
      if (said.includes('serving at')) resolve();
    });
    void ended.then(([code]) => reject(new Error(`the daemon ended with ${code}: ${said}`)));
  });
  return {
    process: child,
    pid: child.pid as number,
    socket,
    folder,
    file(name, content): string {
      const at = path.join(folder, name);
      writeFileSync(at, content);
      return at;
    },
    async stop(): Promise<number> {
      child.kill('SIGTERM');
      const [code, signal] = (await ended) as [number | null, string | null];
      rmSync(folder, { recursive: true, force: true });
      return code ?? (signal === null ? -1 : 128);
    },
  };
}

/** x, y and a text in `rows` lines of CSV. */
export function table(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => `${i},${(i % 100) / 4},k${i % 7}`);
  return `x,y,s\n${lines.join('\n')}\n`;
}
