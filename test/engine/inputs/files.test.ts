import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expand } from '../../../src/engine/inputs/files.ts';
import { NairobiError } from '../../../src/errors.ts';

let root: string;
const at = (name: string): string => path.join(root, name);
const names = (argument: string): string[] =>
  expand(argument).map((file) => path.relative(root, file.path));

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nairobi-files-'));
  for (const name of [
    'b.csv',
    'a.csv',
    'odd[1].csv',
    'lake/day=1/p.parquet',
    'lake/_tmp/x',
    'lake/.x',
  ]) {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), 'x\n');
  }
  mkdirSync(at('empty'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('expand', () => {
  it('sorts what a glob matches', () => {
    expect(names(at('[ab].csv'))).toEqual(['a.csv', 'b.csv']);
  });

  it('takes a name with glob characters literally when it exists', () => {
    expect(names(at('odd[1].csv'))).toEqual(['odd[1].csv']);
  });

  it('walks a directory, keeps its hive partitions and passes over hidden names', () => {
    const files = expand(at('lake'));
    expect(files.map((file) => path.relative(root, file.path))).toEqual(['lake/day=1/p.parquet']);
    expect(files[0]?.partitions).toEqual([['day', '1']]);
  });

  it('names a link that leads nowhere, in a directory and in a glob', () => {
    mkdirSync(at('links'));
    writeFileSync(at('links/a.csv'), 'x\n');
    symlinkSync('nowhere', at('links/b.csv'));
    for (const place of ['links', 'links/*.csv']) {
      expect(() => expand(at(place))).toThrow(/b\.csv": it is a link to what is not there/);
    }
  });

  it('passes over pipes, and over links back to a directory it is in', () => {
    mkdirSync(at('round/inner'), { recursive: true });
    writeFileSync(at('round/inner/a.csv'), 'x\n');
    symlinkSync('.', at('round/inner/self'));
    symlinkSync('../../round', at('round/inner/up'));
    spawnSync('mkfifo', [at('round/pipe')]);
    expect(names(at('round'))).toEqual(['round/inner/a.csv']);
  });

  it('suggests the nearest name for a missing file', () => {
    const attempt = (): unknown => expand(at('aa.csv'));
    expect(attempt).toThrowError(NairobiError);
    try {
      attempt();
    } catch (error) {
      expect((error as NairobiError).code).toBe('NOT_FOUND');
      expect((error as NairobiError).hint).toContain('a.csv');
    }
  });

  it('refuses an empty directory and an address', () => {
    expect(() => expand(at('empty'))).toThrow(/holds no files/);
    expect(() => expand('https://example.org/x.csv')).toThrow(/address/);
  });
});
