import { describe, expect, test } from 'vitest';
import { datasetId, sourceKey } from '../../src/serve/identity.ts';
import { Registry } from '../../src/serve/registry.ts';

const of = (path: string, more = {}) => sourceKey({ path, cwd: '/data', read: {}, ...more });

describe('a source', () => {
  test('is the same by any name, read the same way', () => {
    expect(of('t.csv')).toBe(of('/data/./x/../t.csv'));
    expect(of('t.csv')).toBe(of('t.csv', { read: { onError: 'fail', allText: false, types: {} } }));
    expect(of('t.csv', { read: { delimiter: ';', header: true } })).toBe(
      of('t.csv', { read: { header: true, delimiter: ';' } }),
    );
  });

  test('is another one read another way', () => {
    const ways = [
      of('t.csv'),
      of('u.csv'),
      of('t.csv', { read: { delimiter: ';' } }),
      of('t.csv', { read: { allText: true } }),
      of('t.csv', { read: { header: true } }),
      of('t.csv', { read: { header: false } }),
      of('t.csv', { read: { decimalComma: false } }),
      of('t.csv', { read: { decimalComma: true } }),
      of('t.csv', { read: { nulls: [] } }),
      of('t.csv', { read: { nulls: [''] } }),
      of('t.csv', { unionByName: true }),
      of('t.csv', { filenameColumn: 'file' }),
      of('/data/t.csv', { filenameColumn: 'file' }),
    ];
    expect(new Set(ways).size).toBe(ways.length);
  });
});

describe('an id', () => {
  test('is of 48 bits and the same in every daemon', () => {
    expect(datasetId(of('t.csv'))).toMatch(/^d[0-9a-f]{12}$/);
    expect(datasetId(of('t.csv'))).toBe(datasetId(of('t.csv')));
  });

  test('tells 50,000 names apart, also those that differ in little', () => {
    const ids = new Set<string>();
    for (let i = 0; i < 50_000; i += 1) ids.add(datasetId(of(`sensor-${i}.csv`)));
    // Of 2^48 possible ones, two are equal once in 225,000 such tests.
    expect(ids.size).toBe(50_000);
  });

  test('stands for one source even where two would have the same', () => {
    const registry = new Registry({
      limit: 1e9,
      descriptors: 16,
      onDrop: () => undefined,
      isFramed: () => false,
      idOf: (key) => (key.includes(' ') ? 'd2' : 'd1'),
    });
    const [one, two] = ['a.csv', 'b.csv'].map((path) => registry.of({ path, cwd: '/', read: {} }));
    expect(one?.id).toBe('d1');
    expect(two?.id).toBe('d2');
    expect(registry.of({ path: '/b.csv', cwd: '/', read: {} })).toBe(two);
    expect(registry.find('d1', {})).toBe(one);
  });
});
