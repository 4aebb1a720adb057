import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NairobiError } from '../../src/errors.ts';
import { answered, ask, complaint, wordsOf } from './broken-answers.ts';
import { brokenOf, ODD_TEXTS, wholeFiles } from './broken-files.ts';

/** All of them, also through pipes, are in broken.full.ts. */
const EACH = 7;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-broken-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a broken file', () => {
  it.each(Object.entries(wholeFiles()))(
    'of %s is named, and nothing is left behind',
    async (extension, whole) => {
      const complaints: string[] = [];
      const some = [...brokenOf(extension, whole, 4)].filter((_, at) => at % EACH === 0);
      for (const broken of some) {
        const found = complaint(await ask(folder, broken, 'file'), broken);
        if (found !== undefined) complaints.push(`${broken.name}: ${found}`);
      }
      expect(complaints.join('\n')).toBe('');
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it('that is no file is refused', async () => {
    const words = async (path: string): Promise<unknown> => {
      const found = await answered(path);
      return found instanceof NairobiError ? wordsOf(found) : found;
    };
    const odd = join(folder, 'odd');
    mkdirSync(odd);
    symlinkSync('loop.csv', join(odd, 'loop.csv'));
    symlinkSync('nowhere', join(odd, 'dangling.csv'));
    writeFileSync(join(odd, 'file'), 'a\n');
    mkdirSync(join(odd, 'bare'));
    for (const name of ['bare', 'loop.csv', 'dangling.csv', 'file/x.csv', 'no/x.csv', 'x*.csv']) {
      expect([name, await words(join(odd, name))]).toEqual([name, undefined]);
    }
    rmSync(odd, { recursive: true });
  });

  it.each(ODD_TEXTS.filter(([, text]) => text.length < 1000))(
    '%s is read right, or refused',
    async (name, text, wanted) => {
      const found = await ask(folder, { name, bytes: Buffer.from(text) }, 'file', 'from data');
      if (typeof wanted === 'string') expect(found).toBe(wanted);
      else expect(typeof found === 'string' ? found : found.message).toMatch(wanted);
      if (typeof found !== 'string') expect(wordsOf(found)).toBeUndefined();
    },
  );
});
