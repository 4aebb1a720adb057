import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from '../../src/sql/parse.ts';
import { keptParser, PARSER_VERSION } from '../../src/sql/parse-cache.ts';

let folder: string;
const before = process.env['XDG_CACHE_HOME'];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nairobi-parse-cache-'));
  process.env['XDG_CACHE_HOME'] = folder;
});
afterAll(() => {
  if (before === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = before;
  rmSync(folder, { recursive: true });
});

const slots = (): string[] => {
  const directory = join(folder, 'nairobi/sql');
  return readdirSync(directory).map((name) => join(directory, name));
};

const SQL = "select a, count(*) from 'x.csv' where b > 1 group by all";

/** A long text is remembered alone. */
const forgetOthers = () => parse(`select 1 -- ${'x'.repeat(17_000)}`);

describe('what the parser answered', () => {
  it('is kept, and answers the same text the next time', async () => {
    const fresh = await parse(SQL);
    expect(await parse(SQL)).toBe(fresh);
    await forgetOthers();
    expect(keptParser(SQL)).toBeDefined();
    const again = await parse(SQL);
    expect(again).not.toBe(fresh);
    expect(JSON.stringify(again.select)).toBe(JSON.stringify(fresh.select));
    expect(again.mode).toBe(fresh.mode);
  });

  it('is passed over when the slot holds another text, another version, or rubbish', async () => {
    await parse(SQL);
    await forgetOthers();
    for (const slot of slots()) {
      const entry = JSON.parse(readFileSync(slot, 'utf8')) as Record<string, unknown>;
      if (entry['sql'] !== SQL) continue;
      for (const bad of [
        { ...entry, sql: 'select 3' },
        { ...entry, version: '0' },
      ]) {
        writeFileSync(slot, JSON.stringify(bad));
        expect(keptParser(SQL)).toBeUndefined();
      }
      writeFileSync(slot, '{"rubbish');
      expect(keptParser(SQL)).toBeUndefined();
      writeFileSync(slot, JSON.stringify({ ...entry, scans: {}, trees: {} }));
    }
    expect((await parse(SQL)).mode).toBe('query');
  });

  it('is not kept for what is wrong', async () => {
    const wrong = 'select from from';
    await expect(parse(wrong)).rejects.toThrow(/Syntax error/);
    expect(keptParser(wrong)).toBeUndefined();
  });

  it('belongs to the parser that is installed', () => {
    const file = new URL('../../package.json', import.meta.url);
    const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(dependencies['libpg-query']).toBe(PARSER_VERSION);
  });
});
