/** Changes one number of the whole machine for the length of a function. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { HOST_LOCK } from './launch.ts';

/** Runs `body` with `value` in the sysctl, alone on the host, and puts the old value back. */
export async function withSysctl<T>(
  path: string,
  value: number,
  body: () => T,
): Promise<Awaited<T>> {
  const holder = spawn('flock', [HOST_LOCK, 'sh', '-c', 'echo held; read line'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, String(value));
  try {
    return await body();
  } finally {
    writeFileSync(path, before);
    holder.stdin.end();
  }
}
