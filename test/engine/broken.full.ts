import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, complaint, type Way, wordsOf } from './broken-answers.ts';
import { brokenOf, ODD_TEXTS, wholeFiles } from './broken-files.ts';

const SEED = Number(process.env['NAIROBI_FUZZ_SEED'] ?? 4);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-broken-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['file', 'pipe'] as const)('as a %s', (way: Way) => {
  it.each(Object.entries(wholeFiles()))(
    `%s: what is broken is named (seed ${SEED})`,
    async (extension, whole) => {
      const complaints: string[] = [];
      for (const broken of brokenOf(extension, whole, SEED)) {
        const found = complaint(await ask(folder, broken, way), broken);
        if (found !== undefined) complaints.push(`${broken.name}: ${found}`);
      }
      expect(complaints.join('\n')).toBe('');
      expect(readdirSync(folder).filter((name) => name !== 'content')).toEqual([]);
    },
    600_000,
  );

  it('odd texts are read right or refused', async () => {
    const complaints: string[] = [];
    for (const [name, text, wanted] of ODD_TEXTS) {
      const found = await ask(folder, { name, bytes: Buffer.from(text) }, way, 'from data');
      const said = typeof found === 'string' ? found : found.message;
      const isRight = typeof wanted === 'string' ? found === wanted : wanted.test(said);
      if (!isRight) complaints.push(`${name}: ${said.slice(0, 200)}`);
      const words = typeof found === 'string' ? undefined : wordsOf(found);
      if (words !== undefined) complaints.push(`${name}: ${words}`);
    }
    expect(complaints.join('\n')).toBe('');
  }, 600_000);
});
