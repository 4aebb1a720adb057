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

describe('datasets that are known', () => {
  const wish = (i: number): SourceWish => ({ path: `/many/${i}.csv`, cwd: '/', read: {} });

  test('are bounded: what nobody holds is forgotten, the oldest first', () => {
    const all = registry();
    const first = all.of(wish(0));
    const kept = all.of(wish(1));
    kept.holders.add({});
    for (let i = 2; i < 8192; i += 1) all.touch(all.of(wish(i)));
    expect(all.counts.known).toBe(8192);
    all.of(wish(8192));
    expect(all.counts.known).toBe(8192);
    expect(() => all.find(first.id, {})).toThrow('There is no dataset');
    expect(all.find(kept.id, {})).toBe(kept);
  });

  test('are one client’s up to half of them', () => {
    const all = registry();
    const [one, other] = [{}, {}];
    for (let i = 0; i < 4096; i += 1) all.hold(all.of(wish(i)), one, 1e9);
    expect(() => all.hold(all.of(wish(4096)), one, 1e9)).toThrow('4096 datasets open');
    all.hold(all.of(wish(4096)), other, 1e9);
    all.hold(all.of(wish(0)), one, 1e9);
  });
});
