import { openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Registry } from '../../src/serve/registry.ts';
import type { Held, SourceWish } from '../../src/serve/tasks.ts';

const registry = (): Registry =>
  new Registry({ limit: 1e9, descriptors: 16, onDrop: () => undefined, isFramed: () => false });

const open = (): number => openSync('/dev/null', 'r');

const held = (wish: SourceWish, id: string): Held => ({
  id,
  version: 1,
  name: 't',
  fd: open(),
  bytes: 10,
  pages: 'plain',
  rows: 1,
  columns: [],
  wish,
  files: [],
  asInferred: true,
});

describe('of a daemon that may have 16 descriptors', () => {
  test('rows in memory take four: the least recently used leave', () => {
    const all = registry();
    const datasets = Array.from({ length: 6 }, (_, i) => {
      const dataset = all.of({ path: `/t${i}.csv`, cwd: '/', read: {} });
      all.touch(dataset);
      all.keep(dataset, held(dataset.wish, dataset.id));
      return dataset;
    });
    expect(datasets.map(({ resident }) => resident !== undefined)).toEqual([
      false,
      false,
      ...[true, true, true, true],
    ]);
    expect(all.counts).toEqual({ known: 6, inMemory: 4, evictions: 2 });
    all.close();
  });

  test('files handed over take four, and no client has more than two', () => {
    const all = registry();
    const [greedy, other, last] = [{}, {}, {}];
    const give = (holder: object) => {
      const dataset = all.give({ path: 'data', cwd: '/', read: {}, fd: open() }, holder);
      all.hold(dataset, holder, 1e9);
      return dataset;
    };
    const [first] = [give(greedy), give(greedy)];
    expect(() => give(greedy)).toThrow(expect.objectContaining({ code: 'LOCKED' }));
    give(other);
    give(other);
    expect(() => give(last)).toThrow(expect.objectContaining({ code: 'LOCKED' }));
    first.holders.clear();
    all.letGo(first);
    give(last);
    for (const holder of [greedy, other, last]) all.letGoAll(holder);
    expect(all.counts.known).toBe(0);
  });
});
