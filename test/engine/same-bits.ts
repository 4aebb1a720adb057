/** The whole program over one table, with any threads, limits and forms of the file. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { nairobi } from '../cli/nairobi.ts';

/** Skewed doubles, exact decimals, integers beyond 2^53, texts too many to count, nulls, times. */
function tableOf(rows: number): string {
  const lines = ['key,i,f,cents,s,b,t'];
  const start = Date.UTC(2024, 0, 1);
  for (let i = 0; i < rows; i += 1) {
    const hash = (i * 2_654_435_761) % 4_294_967_296;
    const wide = (BigInt(hash) * 4_611_686_018n - 2n ** 62n).toString();
    const f = i % 97 === 0 ? '' : Math.sin(hash) * 10 ** (hash % 30);
    const text = hash % 5 === 0 ? 'often' : `a name of some length ${hash % 90_001}`;
    const time = new Date(start + i * 1000).toISOString().slice(0, 19);
    lines.push(`${hash % 7},${wide},${f},${(hash % 9999) / 100},${text},${hash % 2 === 0},${time}`);
  }
  return `${lines.join('\n')}\n`;
}

export const QUESTIONS: readonly (readonly string[])[] = [
  [],
  ['--all'],
  ['--all', '--approx'],
  ['--by', 'key'],
  ['--by', 'key', '--all', '--approx'],
  ['--corr'],
  ['--hist', 'f'],
  ['--freq', 'cents'],
  ['--schema'],
];

/** Runs every question with every set of options; all must print the same. */
export function expectSameBits(
  rows: number,
  ways: readonly (readonly string[])[],
  questions = QUESTIONS,
): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'nairobi-same-'));
  try {
    const file = path.join(folder, 'table.csv');
    writeFileSync(file, tableOf(rows));
    spawnSync('gzip', ['-k1', file]);
    for (const question of questions) {
      let first: string | undefined;
      for (const way of ways) {
        const args = ['stats', ...way.map((one) => one.replace('FILE', file)), ...question];
        const { stdout, stderr, code } = nairobi([
          ...args,
          ...(question.includes('--schema') ? [] : ['--csv']),
        ]);
        expect(code, stderr).toBe(0);
        expect(stdout.length).toBeGreaterThan(100);
        first ??= stdout;
        expect(stdout === first, `${args.join(' ')} differs`).toBe(true);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
