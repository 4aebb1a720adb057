import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { manualPages } from '../../scripts/man.ts';
import { COMMANDS } from '../../src/commands.ts';
import { READERS } from './commands.ts';
import { folderWith, nairobi, ROOT, shell } from './nairobi.ts';

const GOLDEN = path.join(ROOT, 'test/golden');

describe('the manual pages', () => {
  test('are what the commands say: when this fails, run "npm run man"', async () => {
    const pages = await manualPages();
    const folder = path.join(ROOT, 'man');
    expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
    for (const [name, page] of pages) {
      expect(readFileSync(path.join(folder, name), 'utf8'), name).toBe(page);
    }
  });

  test('are roff that groff has nothing to say about', ({ skip }) => {
    skip(shell('command -v groff').code !== 0, 'groff is not installed');
    const { stderr } = shell('groff -man -Tutf8 -Kutf8 -ww man/*.1 > /dev/null', { cwd: ROOT });
    expect(stderr).toBe('');
  });
});

// A change of the surface is meant to show in a diff: "npm test -- -u" accepts it.
describe('what a person types and reads', () => {
  test.each(['', ...COMMANDS.keys()])('is pinned: nairobi %s --help', async (id) => {
    const { stdout } = nairobi([...(id === '' ? [] : [id]), '--help']);
    const plain = stdout.replace(/nairobi\/\S+ linux-\S+ node-\S+/, 'nairobi/VERSION');
    await expect(plain).toMatchFileSnapshot(`${GOLDEN}/help/${id === '' ? 'nairobi' : id}.txt`);
  });

  test.each(READERS)('is pinned: the shape of $name --json', async ({ name, args }) => {
    const folder = folderWith({ 't.csv': 'x,y,name\n1,2.5,a\n2,3.5,b\n3,,c\n' });
    const { stdout, stderr } = nairobi([...args('t.csv', 'x', 'y'), '--json'], { cwd: folder });
    expect(stderr).toBe('');
    const { report, ...result } = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({ version: 1, ms: {}, peakMemoryBytes: expect.any(Number) });
    const shape = JSON.stringify(shapeOf(result), undefined, 2);
    await expect(`${shape}\n`).toMatchFileSnapshot(`${GOLDEN}/json/${name}.json`);
  });
});

/** A value with every leaf replaced by its type, a list by the shape of its first element. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, shapeOf(field)]));
}
