/**
 * The tour: runs the real program on real data, echoing every command before its real output.
 * Stops at the first command that fails.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = 'demo';

/** Each as a person types it, from the top of the checkout. */
const COMMANDS = ['bin/nairobi --version'];

mkdirSync(`${root}/${out}`, { recursive: true });
for (const command of COMMANDS) {
  process.stdout.write(`\n$ ${command}\n`);
  const { status } = spawnSync('/bin/sh', ['-c', command], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
