import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** How many heaps of 64 MiB beside the main one the threads of a pool have asked for. */
const COUNT = `
import { readFileSync } from 'node:fs';
import { shareHeaps } from '${new URL('../../src/kernel/arenas.ts', import.meta.url).pathname}';
if (process.argv[1] === 'shared') shareHeaps();
const { polars } = await import('${new URL('../../src/compute/polars.ts', import.meta.url).pathname}');
const pl = polars();
for (let i = 0; i < 20; i += 1)
  pl.DataFrame({ a: Array.from({ length: 20000 }, (_, n) => 't' + (n * i)) }).groupBy('a').len();
const maps = readFileSync('/proc/self/maps', 'latin1').split('\\n').filter((line) => {
  const [from = '', to = ''] = line.split(' ')[0].split('-');
  return /rw-p 00000000 00:00 0 *$/.test(line) && parseInt(from, 16) % 2 ** 26 === 0;
});
console.log(maps.length);
`;

const heaps = (how: string): number => {
  const env = { ...process.env, POLARS_MAX_THREADS: '12' };
  const args = ['--input-type=module-typescript', '-e', COUNT, how];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  expect(stderr).not.toContain('Error');
  return Number(stdout);
};

const isMusl = readFileSync('/proc/self/maps', 'utf8').includes('/ld-musl-');

test.skipIf(isMusl)('threads share heaps once they are told to (glibc)', () => {
  const [own, shared] = [heaps('own'), heaps('shared')];
  expect(own).toBeGreaterThan(0);
  expect(shared).toBeLessThan(own);
});
