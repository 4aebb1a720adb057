import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nairobi } from './nairobi.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-timeout-'));
  const rows = Array.from({ length: 400_000 }, (_, row) => `${row},${row % 7},name-${row}\n`);
  writeFileSync(join(folder, 'big.csv'), `id,v,name\n${rows.join('')}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('--timeout', () => {
  it('ends the run with 124, says so, and leaves no file behind', async () => {
    const args = ['ingest', 'big.csv', '-o', 'out.parquet', '--timeout', '30ms'];
    const { code, stderr } = await nairobi(args, { cwd: folder });
    expect(stderr).toContain('Gave up after 30 ms');
    expect(code).toBe(124);
    expect(readdirSync(folder)).toEqual(['big.csv']);
  });

  it('does nothing to a run that is quick enough', async () => {
    const { code, stderr } = await nairobi(['stats', 'big.csv', '--timeout', '5m'], {
      cwd: folder,
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});
